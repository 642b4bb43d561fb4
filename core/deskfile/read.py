"""Reads desks' files: strict YAML, with every mistake told at once, each with its line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from core.deskfile.values import DeskFile
from core.lead import Value

T = TypeVar("T", bound=Value)


class BadDeskFile(Exception):
    """What is wrong with a desk's file: one line a mistake, with its place and its mend."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def read_desk_file(text: str, name: str) -> DeskFile:
    """The desk's file; raises BadDeskFile with every mistake, each with its line."""
    return read_yaml(text, name, DeskFile)


def read_yaml(text: str, name: str, model: type[T]) -> T:
    """The file's content; raises BadDeskFile with every mistake, each with its line.

    Args:
        text: YAML, all scalars read as text (so that 08:30 stays a time and no a country).
        name: as people know the file.
        model: what the file describes.
    """
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadDeskFile([f"{name}{line}: {error.problem or 'is no YAML'}"]) from None
    except yaml.YAMLError:
        raise BadDeskFile([f"{name}: is no YAML"]) from None
    lines: dict[tuple[Any, ...], int] = {}
    twice: list[str] = []
    said = _plain(root, (), lines, twice, name) if root is not None else {}
    if twice:
        raise BadDeskFile(twice)
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise BadDeskFile([_mistake(each, lines, name) for each in error.errors()]) from None


def load_desk_files(folder: Path) -> tuple[DeskFile, ...]:
    """Every ``*.yaml`` and ``*.yml`` of the folder, by name; BadDeskFile with every mistake of all."""
    found, mistakes = [], []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            found.append(read_desk_file(path.read_text(encoding="utf-8"), path.name))
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path.name}: cannot be read ({type(error).__name__})")
        except BadDeskFile as error:
            mistakes.extend(error.mistakes)
    channels = [each.channel for each in found]
    mistakes += [
        f"{channel} has two files" for channel in sorted({c for c in channels if channels.count(c) > 1})
    ]
    if mistakes:
        raise BadDeskFile(mistakes)
    return tuple(found)


def _plain(
    node: yaml.Node, path: tuple[Any, ...], lines: dict[tuple[Any, ...], int], twice: list[str], name: str
) -> Any:
    """The node as plain values; ``lines`` gets where each stands, ``twice`` the keys that come twice."""
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in found:
                twice.append(f"{name}:{key.start_mark.line + 1}: {key.value} is there twice")
            found[key.value] = _plain(value, (*path, key.value), lines, twice, name)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, at), lines, twice, name) for at, each in enumerate(node.value)]
    return None if node.value in {"", "~", "null"} else node.value


def _mistake(error: Any, lines: Mapping[tuple[Any, ...], int], name: str) -> str:
    place = tuple(part for part in error["loc"] if part != "[key]")
    known = next(place[:size] for size in range(len(place), -1, -1) if place[:size] in lines or not size)
    line = f":{lines[known]}" if known in lines else ""
    where = ".".join(map(str, place))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}{line}: {where}: {message}" if where else f"{name}{line}: {message}"
