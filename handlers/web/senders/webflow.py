"""Webflow: form submissions by label (Data API v2: webhooks, form_submission)."""

from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import (
    Delivery,
    Incoming,
    Sender,
    digest,
    equal,
    filled_in,
    key_of,
    objects,
    part,
    text,
)

OPEN = {"FormTextInput", "FormTextarea", ""}


def _signed(incoming: Incoming, secret: str) -> bool:
    at = incoming.headers.get("x-webflow-timestamp", "")
    expected = digest(secret.encode(), at.encode(errors="surrogateescape"), b":", incoming.body).hex()
    matches = equal(incoming.headers.get("x-webflow-signature", ""), expected.encode())
    return matches and incoming.is_timely("x-webflow-timestamp")


def _reads(payload: Any) -> list[Delivery]:
    if text(payload, "triggerType") != "form_submission":
        return []
    sent = part(payload, "payload", dict)
    kinds = {text(each, "fieldName"): text(each, "fieldType") for each in objects(sent, "schema")}
    answers = [
        _answer(str(label), value, kinds.get(str(label), ""))
        for label, value in part(sent, "data", dict).items()
    ]
    form = text(sent, "name")
    return [
        Delivery(
            key=key_of(sent.get("id")),
            answers=answers,
            about=filled_in(form, "Webflow"),
            fields={"form": form, "received_at": text(sent, "submittedAt")},
        )
    ]


def _answer(label: str, value: Any, kind: str) -> Answer:
    field = "message" if kind == "FormTextarea" else None
    return Answer(label, value, field=field, open=kind in OPEN)


WEBFLOW = Sender(name="Webflow", signed=_signed, reads=_reads)
