"""A message in Slack as a lead: by itself, by a shortcut, a reaction or a mention, it is the same lead."""

from datetime import UTC, datetime

from core import intake
from core.errors import InvalidLead
from core.lead import MESSAGE_MAX, Draft, utcnow
from core.store.submissions import Submission

SOURCE = "slack_message"
"""Of the submissions of all these ways, so that a message makes one lead."""


def event_key(channel: str, ts: str) -> str:
    """What names the message among the submissions of SOURCE."""
    return f"{channel}:{ts}"


def submission(
    channel: str, ts: str, text: str, *, content_type: str = "text/plain", source: str = SOURCE
) -> Submission:
    """What is kept of the message, or of the form that was filled in from it."""
    return Submission(
        source=source,
        event_key=event_key(channel, ts),
        fingerprint=intake.fingerprint({"text": text}),
        content_type=content_type,
        body=text.encode("utf-8", "replace"),
        received_at=utcnow(),
    )


def draft(text: str, *, user: str | None, channel: str, ts: str, region: str, source: str = SOURCE) -> Draft:
    """The lead in the message; InvalidLead when it says nothing.

    Args:
        text: as typed.
        user: Slack user id of who wrote it; None: a bot.
        channel: where.
        ts: when, as Slack has it.
        region: ISO 3166 country of phone numbers without one.
        source: which way it became a lead.
    """
    if not text.strip():
        raise InvalidLead("message", "is empty", code="MESSAGE_EMPTY")
    return Draft(
        contact=intake.find_contact(text, region=region),
        message=intake.storable(text)[:MESSAGE_MAX],
        source=source,
        custom_fields=origin(user, channel),
        received_at=datetime.fromtimestamp(float(ts), UTC),
    )


def origin(user: str | None, channel: str) -> dict[str, str]:
    """Who wrote the message and where, as custom fields."""
    return {"slack_channel": channel} | ({"slack_user": user} if user else {})
