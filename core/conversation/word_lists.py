"""The lists of words in data/words.toml."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

WORDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(listed.split())
    for name, listed in tomllib.loads(
        (Path(__file__).parent / "data" / "words.toml").read_text(encoding="utf-8")
    ).items()
}
"""Name of the list -> its words."""
