"""Messages in watched channels become leads, kept before Slack gets its acknowledgement."""

import html
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from core.desk import Desk
from core.errors import InvalidLead
from handlers.slack import message_lead
from handlers.slack.directory import Directory

SPECIAL = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^|<>]+)(?:\|(?P<label>[^<>]*))?>")
"""Slack's way of writing mentions, channels and links; whatever a person types comes escaped."""


def register(app: AsyncApp, desk: Desk, directory: Directory) -> None:
    """Listen to messages; all but people's top-level ones in watched channels are left alone."""

    async def keep(
        event: dict[str, Any],
        context: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's name
    ) -> None:
        # Bolt acknowledges an event before its listener runs, but after its middleware: if this raises,
        # Slack gets no acknowledgement and delivers again.
        is_for_us = _is_from_a_person(event) and after_mention(event["text"], context["bot_user_id"]) is None
        if is_for_us and event["channel"] in await directory.named(desk.watched):
            await _submit(event, desk, (await directory.named(desk.desks.channels)).get(event["channel"]))
        await next()

    @app.event("message", middleware=[keep])
    async def kept() -> None:
        """Nothing is left to do."""


def as_typed(text: str, *, targets: bool = False) -> str:
    """What the person typed, from Slack's escaped text: ``<mailto:a@b.co|a@b.co>`` is ``a@b.co`` again.

    targets: people and channels stay as they are, ``<@U0ANA>``, ``<#C0WEST>``, and say who is meant.
    """

    def typed(special: re.Match[str]) -> str:
        kind, target = special["kind"], special["target"]
        return f"<{kind}{target}>" if targets and kind in {"@", "#"} else _typed(special)

    return html.unescape(SPECIAL.sub(typed, text))


def _typed(special: re.Match[str]) -> str:
    kind, target, label = special["kind"], special["target"], special["label"]
    if kind:  # a user, a channel or a group
        return {"@": "@", "#": "#", "!": "@"}[kind] + (label or target).lstrip("@")
    if target.startswith(("mailto:", "tel:")):
        return target.partition(":")[2]
    return f"{label} ({target})" if label and label not in target else target


def after_mention(text: str, bot_user: str) -> str | None:
    """What is asked of the bot in a message: the words after its mention; None when it is only spoken of.

    It is spoken to where the message begins with it, but for a greeting of a word or two.
    """
    found = re.match(rf"\s*(?:[^\s<]+,?\s+){{0,2}}<@{re.escape(bot_user)}(?:\|[^>]*)?>[,:]?\s*", text)
    return None if found is None else as_typed(text[found.end() :], targets=True).strip()


def _is_from_a_person(event: dict[str, Any]) -> bool:
    is_reply = event.get("thread_ts") not in {None, event.get("ts")}
    is_written = event.get("subtype") in {None, "file_share"}  # with or without a picture of it
    return not is_reply and is_written and "bot_id" not in event and bool(event.get("text"))


async def _submit(event: dict[str, Any], desk: Desk, at: str | None) -> None:
    """at: the desk in whose channel it was written."""
    text, channel, ts, user = as_typed(event["text"]), event["channel"], event["ts"], event["user"]
    try:
        await desk.submit(
            message_lead.submission(channel, ts, text),
            lambda: message_lead.draft(text, user=user, channel=channel, ts=ts, region=desk.region),
            actor=user,
            desk=at,
        )
    except InvalidLead:
        return  # kept with its reason; a delivery again would not mend it
