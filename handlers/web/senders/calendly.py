"""Calendly: somebody booked a time (Webhooks: invitee.created)."""

import re
from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import (
    Delivery,
    Incoming,
    Sender,
    digest,
    equal,
    is_near,
    key_of,
    objects,
    part,
    text,
)

WINDOW_SECONDS = 180
"""Calendly's own advice."""

SIGNATURE = re.compile(r"t=(?P<at>\d{1,13}),\s?v1=(?P<hex>[0-9a-f]{64})", re.ASCII)


def _signed(incoming: Incoming, secret: str) -> bool:
    given = SIGNATURE.fullmatch(incoming.headers.get("Calendly-Webhook-Signature", ""))
    if given is None:
        return False
    expected = digest(secret.encode(), given["at"].encode(), b".", incoming.body).hex()
    return equal(given["hex"], expected.encode()) and is_near(
        given["at"], incoming.now, window=WINDOW_SECONDS
    )


def _reads(payload: Any) -> list[Delivery]:
    if text(payload, "event") != "invitee.created":
        return []
    invitee = part(payload, "payload", dict)
    booked = part(invitee, "scheduled_event", dict, otherwise={})
    what = " ".join(filter(None, [text(booked, "name"), "for" if text(booked, "start_time") else ""]))
    answers = [
        Answer("Name", invitee.get("name"), field="name"),
        Answer("E-mail", invitee.get("email"), field="email"),
        Answer("Phone", invitee.get("text_reminder_number"), field="phone"),
        Answer("Booked", f"{what} {text(booked, 'start_time')}".strip()),
        *(
            Answer(text(each, "question"), each.get("answer"), open=True)
            for each in objects(invitee, "questions_and_answers")
        ),
    ]
    tracking = part(invitee, "tracking", dict, otherwise={})
    answers += [Answer(str(name), value, hidden=True) for name, value in tracking.items()]
    return [
        Delivery(
            key=key_of(text(invitee, "uri") or None, "invitee.created"),
            answers=answers,
            about="Booked a time.",
            fields={"received_at": text(payload, "created_at")},
        )
    ]


CALENDLY = Sender(name="Calendly", signed=_signed, reads=_reads)
