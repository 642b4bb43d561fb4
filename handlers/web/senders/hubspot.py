"""HubSpot: contacts from workflows, and new ones by id from a CRM subscription (Validating requests, v3)."""

from collections.abc import Mapping
from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import (
    Delivery,
    Incoming,
    Sender,
    digest,
    equal,
    in_base64,
    key_of,
    part,
    text,
)

NEW = frozenset({"contact.creation", "object.creation"})

DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
"""What HubSpot decodes in the address before it signs."""

FIELDS = {"email": "email", "phone": "phone", "firstname": "first_name", "lastname": "last_name"} | {
    "company": "company",
    "message": "message",
    "mobilephone": "phone",
}

OWN = ("hs_", "hubspot", "lastmodified", "createdate", "lifecyclestage", "num_", "recent_")
"""How the names of properties begin that HubSpot keeps for itself."""


def _signed(incoming: Incoming, secret: str) -> bool:
    at = incoming.headers.get("X-HubSpot-Request-Timestamp", "").encode(errors="surrogateescape")
    called = f"{incoming.method}{decoded(incoming.url)}".encode(errors="surrogateescape")
    expected = in_base64(digest(secret.encode(), called, incoming.body, at))
    matches = equal(incoming.headers.get("X-HubSpot-Signature-v3", ""), expected)
    return matches and incoming.is_timely("X-HubSpot-Request-Timestamp")


def decoded(url: str) -> str:
    """The address as HubSpot signs it."""
    for code, char in DECODED.items():
        url = url.replace(code, char).replace(code.lower(), char)
    return url


def _reads(payload: Any) -> list[Delivery]:
    if isinstance(payload, list):
        return [_new(each) for each in payload if text(each, "subscriptionType") in NEW]
    properties = part(payload, "properties", dict)
    answers = [
        Answer(name, _value(value), field=FIELDS.get(name), hidden=name not in FIELDS)
        for name, value in properties.items()
        if not name.startswith(OWN)
    ]
    return [Delivery(key=None, answers=answers, about="Enrolled in a workflow of HubSpot.")]


def _new(event: Mapping[str, Any]) -> Delivery:
    contact = key_of(event.get("objectId"))
    return Delivery(
        key=key_of(event.get("eventId")),
        fetch=contact,
        fields={"hubspot_contact": contact},
    )


def _value(value: Any) -> Any:
    """Older workflows send each property with its history."""
    return value.get("value") if isinstance(value, Mapping) else value


HUBSPOT = Sender(name="HubSpot", signed=_signed, reads=_reads, status=200)
