"""Whether a lead comes from an area: the beginning of a postcode or phone number, or the name of a place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException

from core.lead import Lead

_PLACE_FIELD = re.compile(
    r"zip|post.?(al|code)|plz|address|location|city|town|area|region|state", re.IGNORECASE
)
_ZIP_IN_TEXT = re.compile(r"\b(?:zip(?: ?code)?|post(?:al )?code|plz|[A-Z]{2}),?:? +(\d{4,5})\b")
"""A number that is plainly a postcode: after its name, or after a state's two letters."""


def lies_in(lead: Lead, area: str) -> bool:
    """Whether the lead is from there.

    Args:
        lead: its phone, its fields that name a place, and its message are looked at.
        area: ``606`` (of postcodes and of phone numbers without their country), ``+49`` or ``Chicago``.
    """
    wanted = area.strip().casefold()
    if wanted.startswith("+"):
        return _digits(lead.contact.phone or "").startswith(_digits(wanted)) and _is_foreign(lead)
    if any(char.isdigit() for char in wanted):
        begins = re.compile(rf"(?<!\w){re.escape(wanted)}", re.IGNORECASE)
        return _national(lead.contact.phone or "").startswith(wanted) or any(
            begins.search(text) for text in _postcodes(lead)
        )
    word = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)", re.IGNORECASE)
    return any(word.search(text) for text in (*_places(lead.custom_fields), lead.message))


def _is_foreign(lead: Lead) -> bool:
    return (lead.contact.phone or "").lstrip().startswith(("+", "00"))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text).lstrip("0")


def _national(phone: str) -> str:
    """The digits after the country's."""
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(phone))
    except NumberParseException:
        return _digits(phone)


def _postcodes(lead: Lead) -> Iterator[str]:
    yield from _places(lead.custom_fields)
    yield from _ZIP_IN_TEXT.findall(lead.message)


def _places(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if _PLACE_FIELD.search(name):
            yield str(value)
