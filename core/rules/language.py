"""Which language a message is in, by its script and its commonest words: rules and prompts are English."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

ENGLISH = "en"

NAMES: Mapping[str, str] = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "sv": "Swedish", "da": "Danish", "tr": "Turkish", "ro": "Romanian",
    "vi": "Vietnamese", "id": "Indonesian", "ru": "Russian", "uk": "Ukrainian", "el": "Greek", "he": "Hebrew",
    "ar": "Arabic", "fa": "Persian", "hi": "Hindi", "th": "Thai", "ko": "Korean", "ja": "Japanese",
    "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1 code to the English name."""

_COMMON_WORDS = Path(__file__).parent / "data" / "common_words.toml"
_WORDS = {
    code: frozenset(listed.split())
    for code, listed in tomllib.loads(_COMMON_WORDS.read_text(encoding="utf-8")).items()
}

_WORDS |= {code: known - _WORDS[ENGLISH] for code, known in _WORDS.items() if code != ENGLISH}

_SCRIPTS = {
    "ja": "\u3040-\u30ff", "ko": "\uac00-\ud7af\u1100-\u11ff", "zh": "\u4e00-\u9fff\u3400-\u4dbf",
    "uk": "іїєґІЇЄҐ", "ru": "\u0400-\u04ff", "el": "\u0370-\u03ff", "he": "\u0590-\u05ff", "fa": "پچژگ",
    "ar": "\u0600-\u06ff", "hi": "\u0900-\u097f", "th": "\u0e00-\u0e7f",
}  # fmt: skip
_SCRIPT = {code: re.compile(f"[{signs}]") for code, signs in _SCRIPTS.items()}
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

READ = 1_000
"""Characters that are looked at."""

FEWEST_LETTERS = 0.3
"""Share of a script's letters from which a text is in a language of it: product names are often Latin."""

FEWEST_HITS = 2
"""Common words of a language that must be there, and one more than English ones."""


def language(text: str) -> str:
    """The ISO 639-1 code of the language a message is mostly in; English where nothing says otherwise."""
    read = text[:READ].lower().replace("\u2019", "'")
    letters = len(_LETTER.findall(read))
    for code, script in _SCRIPT.items():  # what tells two languages of a script apart comes first
        rare = code in {"uk", "fa", "ja"}
        if letters and len(script.findall(read)) >= (letters * 0.03 if rare else letters * FEWEST_LETTERS):
            return code
    said = set(_WORD.findall(read))
    hits = Counter({code: sum(word in known for word in said) for code, known in _WORDS.items()})
    code, most = hits.most_common(1)[0]
    return code if most >= FEWEST_HITS and most > hits[ENGLISH] else ENGLISH
