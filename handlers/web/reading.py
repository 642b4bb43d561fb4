"""The leads in a webhook's body, for its door and for who reads a kept one again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from core import intake
from core.errors import InvalidLead
from core.intake.answered import as_lead
from core.intake.sent import OWN_DOORS, BodyReader, Sent, actor_of
from core.store.submissions import Submission
from handlers.web.bodies import decode, json_value, media_type
from handlers.web.envelope import Rejected
from handlers.web.senders import Delivery, Sender, sender_of

JSON = "application/json"

UNREADABLE = "UNREADABLE"
"""The code of what nobody can make sense of any more."""


def body_reader(region: str) -> BodyReader:
    """What reads kept bodies; ``region``: ISO 3166 country of numbers without one."""

    async def read(submission: Submission) -> list[Sent]:
        source, body = submission.source, submission.body
        if body is None:
            raise InvalidLead("body", "was not kept", code=UNREADABLE)
        try:
            found = await _deliveries(source, submission.content_type, body, region)
        except Rejected as error:
            why = str(error).rstrip(".")
            raise InvalidLead("body", f"cannot be read ({why})", code=UNREADABLE) from None
        if not found:
            raise InvalidLead("body", "holds no lead", code=UNREADABLE)
        return [
            replace(
                sent_of(
                    each,
                    source=source,
                    content_type=submission.content_type,
                    body=body,
                    received_at=submission.received_at,
                    channel=submission.desk,
                ),
                named=source in OWN_DOORS,
            )
            for each in found
        ]

    return read


async def payload_of(content_type: str, body: bytes) -> Any:
    """What a vendor's body says: JSON of any kind, or the fields of a form; Rejected as in ``decode``."""
    return json_value(body) if media_type(content_type) == JSON else await decode(content_type, body)


def leads_in(sender: Sender, payload: Any, region: str) -> list[Delivery]:
    """Each lead in a vendor's payload, its fields as they are kept; InvalidLead for what no vendor sends."""
    return [_answered(each, region) for each in sender.reads(payload)]


def sent_of(
    delivery: Delivery,
    *,
    source: str,
    content_type: str,
    body: bytes,
    received_at: datetime,
    channel: str | None,
) -> Sent:
    """One lead of a request as it is delivered; ``channel``: of the desk in the address."""
    submission = Submission(
        source=source,
        event_key=delivery.key,
        fingerprint=intake.fingerprint(delivery.fields),
        content_type=intake.storable(content_type)[:200],
        body=body,
        received_at=received_at,
        fields=intake.storable_json(delivery.fields),
        desk=channel,
    )
    return Sent(
        submission=submission,
        actor=actor_of(source),
        form=delivery.form,
        nameless=delivery.nameless,
        fetch=delivery.fetch,
    )


async def _deliveries(source: str, content_type: str, body: bytes, region: str) -> Sequence[Delivery]:
    sender = sender_of(source)
    if sender is None:
        return [Delivery(key=None, fields=await decode(content_type, body))]
    return leads_in(sender, await payload_of(content_type, body), region)


def _answered(delivery: Delivery, region: str) -> Delivery:
    fields = {name: value for name, value in delivery.fields.items() if value not in ("", None)}
    if delivery.answers or delivery.about:
        fields = {**as_lead(delivery.answers, about=delivery.about, region=region), **fields}
    return replace(delivery, fields=fields)
