"""The business types: one file each, read by people; a new business is a new file here and no code.

`_everyday.toml` holds what is true of every business; a business's own file adds its trade. This package
imports nothing of ours, so intents and urgencies are plain words here; a test holds them against core.lead.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from prompts.business import BusinessType, Everyday

__all__ = ["BadBusinessFile", "BusinessType", "files", "load", "load_every", "load_file", "names"]

HERE = Path(__file__).parent
EVERYDAY = HERE / "_everyday.toml"


class BadBusinessFile(Exception):
    """A business's file cannot be used; the message lists each mistake on a line of its own."""


def files(further: Path | None = None) -> Mapping[str, Path]:
    """Business type -> its file, sorted: those that come with the product and those in a further folder.

    A further file of the same name stands in for the product's.
    """
    found = [path for folder in (HERE, further) if folder is not None for path in folder.glob("*.toml")]
    return dict(sorted((path.stem, path) for path in found if not path.name.startswith("_")))


def names(further: Path | None = None) -> tuple[str, ...]:
    """The business types that there are, sorted."""
    return tuple(files(further))


def load_every(further: Path | None = None) -> Mapping[str, BusinessType]:
    """Every business type by its name; raise BadBusinessFile with every mistake in every file."""
    loaded, mistakes = {}, []
    for name, path in files(further).items():
        try:
            loaded[name] = load_file(path)
        except BadBusinessFile as error:
            mistakes.append(str(error))
    if mistakes:
        raise BadBusinessFile("\n".join(mistakes))
    return loaded


@cache
def load(name: str) -> BusinessType:
    """The business type of that name; raise BadBusinessFile if there is none or its file is wrong."""
    if name not in names():
        raise BadBusinessFile(f"there is no business type {name!r}; known: {', '.join(names())}")
    return load_file(HERE / f"{name}.toml")


def load_file(path: Path) -> BusinessType:
    """The business type in this file, joined with what holds for every business; its name is the file's.

    Raises:
        BadBusinessFile: the file cannot be read, is no TOML or breaks a rule; every mistake is listed.
    """
    try:
        own, everyday = path.read_bytes(), EVERYDAY.read_bytes()
        facts = tomllib.loads(own.decode())
        shared = Everyday.model_validate(tomllib.loads(everyday.decode()))
    except OSError as error:
        raise BadBusinessFile(f"{path.name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadBusinessFile(f"{path.name}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise BadBusinessFile(f"{path.name}: {error}") from None
    # The version is part of the shared file's bytes, so a raised version changes every digest.
    digest = sha256(own + b"\0" + everyday).hexdigest()[:12]
    try:
        return BusinessType(name=path.stem, digest=digest, everyday=shared, **facts)
    except ValidationError as error:
        raise BadBusinessFile(_mistakes(path, error)) from None
    except TypeError:
        raise BadBusinessFile(f"{path.name}: name, digest and everyday are not for the file to set") from None


def _mistakes(path: Path, error: ValidationError) -> str:
    lines = []
    for found in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in found["loc"])
        said = str(found["msg"]).removeprefix("Value error, ")
        lines += [
            f"{path.name}: {where}: {line}" if where else f"{path.name}: {line}" for line in said.split("\n")
        ]
    return "\n".join(lines)
