"""Tally: fields in a row, choices as ids of their options (Webhooks: example event)."""

from collections.abc import Mapping
from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import (
    Delivery,
    Incoming,
    Sender,
    digest,
    equal,
    filled_in,
    in_base64,
    key_of,
    objects,
    part,
    text,
)

FIELDS = {"INPUT_EMAIL": "email", "INPUT_PHONE_NUMBER": "phone", "TEXTAREA": "message"}


def _signed(incoming: Incoming, secret: str) -> bool:
    expected = in_base64(digest(secret.encode(), incoming.body))
    return equal(incoming.headers.get("Tally-Signature", ""), expected)


def _reads(payload: Any) -> list[Delivery]:
    if text(payload, "eventType") != "FORM_RESPONSE":
        return []
    data = part(payload, "data", dict)
    fields = objects(data, "fields")
    answers = [_answer(each) for each in fields if not _is_one_box(each, fields)]
    form = text(data, "formName") or text(data, "formId")
    return [
        Delivery(
            key=key_of(data.get("responseId")) or key_of(payload.get("eventId")),
            answers=answers,
            about=filled_in(form, "Tally"),
            fields={"form": form, "received_at": text(data, "createdAt") or text(payload, "createdAt")},
        )
    ]


def _answer(field: Mapping[str, Any]) -> Answer:
    kind = text(field, "type")
    names = {text(each, "id"): text(each, "text") for each in objects(field, "options")}
    value = field.get("value")
    if isinstance(value, list):
        value = [_chosen(each, names) for each in value]
    return Answer(
        text(field, "label") or "Answer",
        names.get(value, value) if isinstance(value, str) else value,
        field=FIELDS.get(kind),
        open=kind == "INPUT_TEXT",
        hidden=kind in {"HIDDEN_FIELDS", "CALCULATED_FIELDS"},
    )


def _chosen(value: Any, names: Mapping[str, str]) -> Any:
    """A choice in words, a file by its name."""
    if isinstance(value, Mapping):
        return value.get("name") or value.get("url")
    return names.get(value, value) if isinstance(value, str) else value


def _is_one_box(field: Mapping[str, Any], fields: list[Mapping[str, Any]]) -> bool:
    """Whether this is one box of a group of check boxes, which Tally sends as a whole too."""
    group = [text(each, "key") for each in fields if each is not field and each.get("options")]
    own = text(field, "key")
    return isinstance(field.get("value"), bool) and any(own.startswith(f"{key}_") for key in group if key)


TALLY = Sender(name="Tally", signed=_signed, reads=_reads)
