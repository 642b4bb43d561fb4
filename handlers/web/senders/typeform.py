"""Typeform: answers by type, their questions in the definition (Webhooks: example payload)."""

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

FIELDS = {"email": "email", "phone_number": "phone"}


def _signed(incoming: Incoming, secret: str) -> bool:
    expected = b"sha256=" + in_base64(digest(secret.encode(), incoming.body))
    return equal(incoming.headers.get("Typeform-Signature", ""), expected)


def _reads(payload: Any) -> list[Delivery]:
    if text(payload, "event_type") not in {"", "form_response"}:
        return []
    response = part(payload, "form_response", dict)
    definition = part(response, "definition", dict, otherwise={})
    titles = {text(each, "id"): text(each, "title") for each in objects(definition, "fields")}
    answers = [_answer(each, titles) for each in objects(response, "answers")]
    answers += [
        Answer(str(name), value, hidden=True)
        for name, value in part(response, "hidden", dict, otherwise={}).items()
    ]
    form = text(definition, "title") or text(response, "form_id")
    return [
        Delivery(
            # The response's own token: a delivery that is sent again by hand has another event_id.
            key=key_of(response.get("token")) or key_of(payload.get("event_id")),
            answers=answers,
            about=filled_in(form, "Typeform"),
            fields={"form": form, "received_at": text(response, "submitted_at")},
        )
    ]


def _answer(answer: Any, titles: dict[str, str]) -> Answer:
    kind, asked = text(answer, "type"), part(answer, "field", dict, otherwise={})
    label = titles.get(text(asked, "id")) or text(asked, "ref") or "Answer"
    value = answer.get(kind)
    if kind in {"choice", "choices"}:
        chosen = part(answer, kind, dict, otherwise={})
        value = [chosen.get("label"), chosen.get("labels"), chosen.get("other")]
    field = "message" if text(asked, "type") == "long_text" else FIELDS.get(kind)
    return Answer(label, value, field=field, open=kind == "text")


TYPEFORM = Sender(name="Typeform", signed=_signed, reads=_reads)
