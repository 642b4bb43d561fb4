"""Names of people and companies in a comparable form: case, accents, titles, nicknames, legal forms."""

import re
import unicodedata
from functools import cache, lru_cache

from nicknames import NickNamer
from rapidfuzz.distance import DamerauLevenshtein

NO_NAME = frozenset(
    {"na", "none", "null", "nil", "unknown", "anonymous", "test", "tester", "testing", "asdf", "qwerty"}
    | {"xxx", "abc", "name", "firstname", "lastname", "customer", "user", "guest", "admin", "info", "sales"}
    | {"no", "foo", "bar", "sir", "madam", "nobody", "someone", "private", "me", "myself", "owner"}
)
"""What people type into a name field instead of their name."""

_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "jr", "sr", "ii", "iii", "phd", "md"}
)

_LEGAL_FORMS = frozenset(
    {"inc", "llc", "ltd", "limited", "pty", "co", "corp", "corporation", "company", "plc", "gmbh", "ag", "sa"}
    | {"sas", "srl", "bv", "ab", "oy", "aps", "kg", "ug", "llp", "lp", "pllc", "the", "and"}
)
"""Words of a company's name that say nothing about which it is."""

_FOLDS = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d"})
_NOT_IN_NAMES = re.compile(r"[^\w\s-]|[\d_]")
_APART = re.compile(r"[\s-]+")

_LEAST_INITIALS = 2
_CLOSE_LENGTHS = ((8, 2), (4, 1))
"""Least length of the shorter name -> most edits (adjacent swaps count one) that are still a slip."""


@lru_cache(maxsize=4096)
def name_words(text: str) -> tuple[str, ...]:
    """The words of a person's name: folded, without titles and marks; empty for what is no name."""
    folded = fold(text[:300])
    words = tuple(
        word for word in _APART.split(_NOT_IN_NAMES.sub(" ", folded)) if word and word not in _TITLES
    )
    return () if is_placeholder(words) else words


def is_placeholder(words: tuple[str, ...]) -> bool:
    """Whether the words are typed instead of a name."""
    return all(word in NO_NAME for word in words) or "".join(words) in NO_NAME


def company_words(text: str) -> str:
    """A company's name without its legal form: ``Wynne Dental Pty Ltd`` -> ``wynne dental``."""
    words = re.sub(r"[^\w\s]", " ", fold(text[:300])).split()
    kept = [word for word in words if word not in _LEGAL_FORMS]
    return "" if all(word in NO_NAME for word in kept) else " ".join(kept)


def fold(text: str) -> str:
    """Lower case without accents; letters of other scripts stay as they are."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_FOLDS)
    parts = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in parts if not unicodedata.combining(char))


@cache
def _nicknames() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=4096)
def same_nickname(one: str, other: str) -> bool:
    """Whether two given names are forms of one: Mike and Michael, Bill and Will."""
    return bool(_canonical(one) & _canonical(other))


@lru_cache(maxsize=4096)
def is_given_name(word: str) -> bool:
    """Whether many people are called so, or so for short."""
    form, known = word.casefold(), _nicknames()
    return bool(known.canonicals_of(form) or known.nicknames_of(form))


def canonical(given: str) -> str:
    """One form for all nicknames of a given name, for look-ups: ``bob`` -> ``robert``."""
    return min(_canonical(given) - {given}, default=given)


@lru_cache(maxsize=4096)
def _canonical(given: str) -> frozenset[str]:
    return frozenset(_nicknames().canonicals_of(given)) | {given}


def close(one: str, other: str) -> bool:
    """Whether one may be the other with a slip of the finger, by the length of the shorter."""
    shorter = min(len(one), len(other))
    for length, edits in _CLOSE_LENGTHS:
        if shorter >= length:
            return DamerauLevenshtein.distance(one, other, score_cutoff=edits) <= edits
    return False


def is_initial_of(one: str, other: str) -> bool:
    """Whether the one is the other's first letter, in either direction."""
    short, long = sorted((one, other), key=len)
    return len(short) < _LEAST_INITIALS <= len(long) and long.startswith(short)
