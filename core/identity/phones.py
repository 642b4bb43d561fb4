"""Phone numbers in one form: E.164, with what is no real number left out."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberMatcher

PHONE_DIGITS = range(7, 16)
"""E.164 allows 15 digits; shorter than 7 is nobody's number."""

_TRUNK_ZERO = re.compile(r"\(0\)")
_EXTENSION = re.compile(r"\s*(?:ext\.?|extension|x|#)\s*\d{1,6}\s*$", re.IGNORECASE)
_PLACEHOLDERS = re.compile(r"1?(\d)\1{6,}|0?1234567(?:8|89|890)?|9876543(?:210?)?|(\d\d)\2{3,}")
"""What people type instead of their number: one digit, or all in a row."""
_AS_MANY_DIGITS = re.compile(r"(?:\d[^\dA-Za-z]{0,4}){6}\d")
"""Without this many digits in a row there is no number, and looking for one takes 0.4 ms."""
_TEXT_MAX = 2_000
"""Characters of a message that are searched for numbers: senders put theirs first or last."""


@lru_cache(maxsize=8192)
def number_of(text: str, region: str) -> str | None:
    """The number as ``+14155550123``; digits alone where its country cannot be told; None if it is none.

    Args:
        text: as typed, with ``(0)``, ``00`` for +, an extension, any punctuation.
        region: ISO 3166 country of numbers without one.
    """
    plain = _EXTENSION.sub("", _TRUNK_ZERO.sub("", text.strip()))
    digits = re.sub(r"\D", "", plain)
    if len(digits) not in PHONE_DIGITS or _PLACEHOLDERS.fullmatch(digits):
        return None
    if plain.startswith("00"):
        plain = "+" + digits.lstrip("0")
    try:
        number = phonenumbers.parse(plain, region)
    except NumberParseException:
        return digits.lstrip("0")
    if not phonenumbers.is_possible_number(number):
        return digits.lstrip("0")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def numbers_in(text: str, region: str) -> list[str]:
    """The numbers in a message, as ``number_of`` writes them."""
    if not _AS_MANY_DIGITS.search(text):
        return []
    ends = text if len(text) <= 2 * _TEXT_MAX else f"{text[:_TEXT_MAX]}\n{text[-_TEXT_MAX:]}"
    found = (number_of(match.raw_string, region) for match in PhoneNumberMatcher(ends, region))
    return list(dict.fromkeys(number for number in found if number))


def tail(number: str) -> str:
    """The last 8 digits: equal for one number written with and without its country."""
    return re.sub(r"\D", "", number)[-8:]
