"""What Slack sends about messages, taken apart: who wrote what where, in words as they were typed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core import intake
from core.conversation.places import NewTurn, Place
from core.errors import InvalidLead
from core.lead import MESSAGE_MAX, Draft
from handlers.slack.typed import as_typed

BOT_SOURCE = "slack_bot"

_FIELD = re.compile(r"^[*_\s]*(?P<name>[A-Za-z][\w '/?-]{0,38}?)[*_\s]*:[*_\s]*(?P<value>.*)$")
_FEWEST_FIELDS = 2


def is_reply(message: Mapping[str, Any]) -> bool:
    """Whether it stands in a thread, and does not begin one."""
    return message.get("thread_ts") not in {None, message.get("ts")}


def is_to_bot(event: Mapping[str, Any]) -> bool:
    """Whether it is written to the bot alone; edits and deletions there are what they are everywhere."""
    return event.get("channel_type") == "im" and event.get("subtype") in {None, "file_share"}


def is_from_a_person(message: Mapping[str, Any]) -> bool:
    """Whether somebody wrote it, with or without a picture."""
    is_written = message.get("subtype") in {None, "file_share", "thread_broadcast"}
    return is_written and "bot_id" not in message and bool(message.get("user"))


def is_from_one_of(bots: frozenset[str], message: Mapping[str, Any], own_bot: str | None) -> bool:
    """Whether a listed bot wrote it, by its id, its app's id or its name; never our own."""
    bot_id = message.get("bot_id")
    if bot_id is None or bot_id == own_bot or message.get("subtype") not in {None, "bot_message"}:
        return False
    profile = message.get("bot_profile") or {}
    names = {bot_id, message.get("app_id"), profile.get("name"), message.get("username")}
    return bool(bots & names)


def edit_key(event: Mapping[str, Any]) -> str:
    """Names an edit, so that a repeated delivery is one."""
    message = event["message"]
    stamp = (message.get("edited") or {}).get("ts", event["ts"])
    return f"edit:{event['channel']}:{message['ts']}:{stamp}"


def place(event: Mapping[str, Any], *, shared: bool) -> Place:
    """The thread of a message, in which its writer can be talked with.

    shared: people of other organisations read along, whoever writes.
    """
    return Place(channel=event["channel"], thread_ts=event["ts"], writer=event["user"], shared=shared)


def turn(message: Mapping[str, Any], channel: str, bot_user: str) -> NewTurn:
    """A message as a turn of a conversation: the bot's own name in it says nothing."""
    text = re.sub(rf"<@{re.escape(bot_user)}(?:\|[^>]*)?>[,:]?\s*", "", message.get("text") or "")
    edited = (message.get("edited") or {}).get("ts")
    return NewTurn(
        turn_id=":".join(filter(None, [channel, message["ts"], edited])),
        who=message["user"],
        text=intake.storable(as_typed(text, targets=True))[:MESSAGE_MAX],
        at=datetime.fromtimestamp(float(edited or message["ts"]), UTC),
    )


def posted_form(message: Mapping[str, Any], channel: str, *, region: str) -> Draft:
    """The draft in a message of a form's integration: its lines "Name: value" are the form's fields.

    InvalidLead when it says nothing, or its fields are wrong.
    """
    text = as_typed(_all_text(message))
    if not text.strip():
        raise InvalidLead("message", "is empty", code="MESSAGE_EMPTY")
    fields: dict[str, str] = {}
    other: list[str] = []
    for line in text.splitlines():
        found = _FIELD.match(line)
        if found and found["value"].strip():
            fields.setdefault(found["name"].strip(), found["value"].strip())
        elif line.strip():
            other.append(line)
    now = datetime.fromtimestamp(float(message["ts"]), UTC)
    where = {"slack_channel": channel}
    if len(fields) >= _FEWEST_FIELDS:
        says = any(intake.FIELD_OF.get(re.sub(r"[\s-]+", "_", name.lower())) == "message" for name in fields)
        rest = {} if says else {"message": "\n".join(other) or text}
        said = intake.read(
            {**fields, **rest, **where},
            source=BOT_SOURCE,
            now=now,
            business_types=frozenset(),
        )
        return said.model_copy(update={"received_at": now})
    return Draft(
        contact=intake.find_contact(text, region=region),
        message=intake.storable(text)[:MESSAGE_MAX],
        source=BOT_SOURCE,
        custom_fields=where,
        received_at=now,
    )


def _all_text(message: Mapping[str, Any]) -> str:
    """The text of a message wherever an integration puts it: itself, its blocks, its attachments."""
    parts = [message.get("text") or ""]
    for block in message.get("blocks") or []:
        texts = [block.get("text"), *(block.get("fields") or [])]
        parts += [each["text"] for each in texts if isinstance(each, dict) and "text" in each]
    for attachment in message.get("attachments") or []:
        if "from_url" in attachment:
            continue  # a page that a link shows
        parts += [str(attachment.get(name) or "") for name in ("pretext", "title", "text")]
        parts += [f"{each.get('title')}: {each.get('value')}" for each in attachment.get("fields") or []]
    return "\n".join(dict.fromkeys(part for part in parts if part.strip()))
