"""Messages in watched channels become leads, kept before Slack gets its acknowledgement."""

import html
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncApp

from core import intake
from core.desk import Desk
from core.errors import InvalidLead
from core.lead import MESSAGE_MAX, Draft, utcnow
from core.store.submissions import Submission
from handlers.slack.directory import Directory

SPECIAL = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^|<>]+)(?:\|(?P<label>[^<>]*))?>")
"""Slack's way of writing mentions, channels and links; whatever a person types comes escaped."""


def register(app: AsyncApp, desk: Desk, directory: Directory) -> None:
    """Listen to messages; all but people's top-level ones in watched channels are left alone."""

    async def keep(event: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002 - Bolt's name
        # Bolt acknowledges an event before its listener runs, but after its middleware: if this raises,
        # Slack gets no acknowledgement and delivers again.
        if _is_from_a_person(event) and event["channel"] in await _ids(directory, desk.watched):
            await _submit(event, desk, (await _ids(directory, desk.desks.channels)).get(event["channel"]))
        await next()

    @app.event("message", middleware=[keep])
    async def kept() -> None:
        """Nothing is left to do."""


def as_typed(text: str, *, people: bool = True) -> str:
    """What the person typed, from Slack's escaped text: ``<mailto:a@b.co|a@b.co>`` is ``a@b.co`` again.

    people: their names too; without it a mention stays as it is, ``<@U0ANA>``, and says who is meant.
    """

    def typed(special: re.Match[str]) -> str:
        is_person = special["kind"] == "@"
        return f"<@{special['target']}>" if is_person and not people else _typed(special)

    return html.unescape(SPECIAL.sub(typed, text))


def _typed(special: re.Match[str]) -> str:
    kind, target, label = special["kind"], special["target"], special["label"]
    if kind:  # a user, a channel or a group
        return {"@": "@", "#": "#", "!": "@"}[kind] + (label or target).lstrip("@")
    if target.startswith(("mailto:", "tel:")):
        return target.partition(":")[2]
    return f"{label} ({target})" if label and label not in target else target


async def _ids(directory: Directory, channels: Iterable[str]) -> dict[str, str]:
    """Channel id -> the channel as it is named in settings and desks' files."""
    return {await directory.channel_id(channel): channel for channel in channels}


def _is_from_a_person(event: dict[str, Any]) -> bool:
    is_reply = event.get("thread_ts") not in {None, event.get("ts")}
    is_written = event.get("subtype") in {None, "file_share"}  # with or without a picture of it
    return not is_reply and is_written and "bot_id" not in event and bool(event.get("text"))


async def _submit(event: dict[str, Any], desk: Desk, at: str | None) -> None:
    """at: the desk in whose channel it was written."""
    text = as_typed(event["text"])

    def read() -> Draft:
        if not text.strip():
            raise InvalidLead("message", "is empty", code="MESSAGE_EMPTY")
        return Draft(
            contact=intake.find_contact(text, region=desk.region),
            message=intake.storable(text)[:MESSAGE_MAX],
            source="slack_message",
            custom_fields={"slack_user": event["user"], "slack_channel": event["channel"]},
            received_at=datetime.fromtimestamp(float(event["ts"]), UTC),
        )

    submission = Submission(
        source="slack_message",
        event_key=f"{event['channel']}:{event['ts']}",
        fingerprint=intake.fingerprint({"text": text}),
        content_type="text/plain",
        body=text.encode("utf-8", "replace"),
        received_at=utcnow(),
    )
    try:
        await desk.submit(submission, read, actor=event["user"], desk=at)
    except InvalidLead:
        return  # kept with its reason; a delivery again would not mend it
