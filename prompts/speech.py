"""What is said to those who write requests, a file a language; what no file says is said in English."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

HERE: Final = Path(__file__).parent / "languages"

ENGLISH: Final = "en"


class Speech(BaseModel):
    """The sentences of a language.

    Attributes:
        joins: what stands before the last thing that is asked for.
        says: kind of sentence -> the sentence, ``{asks}`` standing for what is asked for.
        asks: what a business's file asks for, in its English words -> in this language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    joins: str
    says: Mapping[str, str]
    asks: Mapping[str, str] = Field(default_factory=dict)


@cache
def languages() -> tuple[str, ...]:
    """The languages in which something can be said (ISO 639-1), sorted."""
    return tuple(sorted(path.stem for path in HERE.glob("*.toml")))


@cache
def speech(language: str) -> Speech:
    """The sentences of one of these languages."""
    return Speech.model_validate(tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8")))


def spoken(language: str, asks: Sequence[str]) -> tuple[Speech, list[str]]:
    """The sentences of the language, and what is asked for in its words.

    English for a language without a file, and where a business asks for something that it has no words for.
    """
    if language != ENGLISH and language in languages():
        found = speech(language)
        if all(each in found.asks for each in asks):
            return found, [found.asks[each] for each in asks]
    return speech(ENGLISH), list(asks)
