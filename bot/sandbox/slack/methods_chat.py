"""Web API methods that write messages: chat.*, reactions.add, and answers to a response_url."""

import json
import time
from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.values import Channel, Json, SlackError

TEXT_CUT = 40_000
TEXT_MOST = 4_000
MARKDOWN_MOST = 12_000
METADATA_MOST = 8_000
"""SLACK.md, "Sizes"; chat.update and ephemeral messages refuse what chat.postMessage cuts."""


def post_message(desk: Desk, args: Arguments) -> Json:
    """chat.postMessage."""
    channel = writable(desk, args.required("channel"))
    text, blocks = content(desk, args.values)
    thread_ts = thread_of(desk, channel, args.text("thread_ts"))
    broadcast = "thread_broadcast" if thread_ts and args.flag("reply_broadcast") else None
    message = desk.bot_message(
        text[:TEXT_CUT],
        blocks,
        thread_ts=thread_ts,
        subtype=broadcast,
        metadata=metadata_of(args),
        attachments=args.json("attachments", "invalid_attachments"),
    )
    kept = desk.post(channel, message)
    answer: Json = {"channel": channel.id, "ts": kept["ts"], "message": kept}
    if len(text) > TEXT_CUT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def update(desk: Desk, args: Arguments) -> Json:
    """chat.update: only the app's own messages; text without blocks removes the blocks, as in Slack."""
    channel = writable(desk, args.required("channel"), archived="is_inactive")
    old = own_message(desk, channel, args.required("ts"), "cant_update_message")
    text, blocks = content(desk, args.values)
    if len(text) > TEXT_MOST:
        raise SlackError("msg_too_long")
    changed: Json = {
        "text": text,
        "blocks": blocks or None,
        "edited": {"user": desk.space.bot_user, "ts": desk.space.next_ts()},
    }
    metadata = metadata_of(args)
    if metadata is not None:
        changed["metadata"] = metadata
    kept = desk.edit(channel, old["ts"], **changed)
    return {"channel": channel.id, "ts": kept["ts"], "text": kept["text"], "message": kept}


def delete(desk: Desk, args: Arguments) -> Json:
    """chat.delete: only the app's own messages."""
    channel = writable(desk, args.required("channel"))
    old = own_message(desk, channel, args.required("ts"), "cant_delete_message")
    desk.delete(channel, old["ts"])
    return {"channel": channel.id, "ts": old["ts"]}


def post_ephemeral(desk: Desk, args: Arguments) -> Json:
    """chat.postEphemeral: to somebody who is in the channel."""
    channel = writable(desk, args.required("channel"))
    user = args.required("user")
    if user not in desk.space.users:
        raise SlackError("user_not_found")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = content(desk, args.values)
    if len(text) > TEXT_MOST:
        raise SlackError("msg_too_long")
    thread_ts = thread_of(desk, channel, args.text("thread_ts"))
    message = desk.bot_message(text, blocks, channel=channel.id, thread_ts=thread_ts)
    return {"message_ts": desk.space.whisper(user, message)["ts"]}


def get_permalink(desk: Desk, args: Arguments) -> Json:
    """chat.getPermalink: an address on the sandbox's page."""
    channel = readable(desk, args.required("channel"))
    ts = args.required("message_ts")
    message = desk.space.message(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"{desk.base}archives/{channel.id}/p{ts.replace('.', '')}"
    thread_ts = message.get("thread_ts")
    if thread_ts and thread_ts != ts:
        link += f"?thread_ts={thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(desk: Desk, args: Arguments) -> Json:
    """reactions.add."""
    channel = writable(desk, args.required("channel"))
    react(desk, channel, args.required("timestamp"), args.required("name").strip(":"), desk.space.bot_user)
    return {}


def react(desk: Desk, channel: Channel, ts: str, name: str, user: str) -> None:
    """Put a person's or the app's reaction on a message; raise SlackError."""
    message = desk.space.message(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise SlackError("invalid_name")
    reactions = [dict(each) for each in message.get("reactions", [])]
    found = next((each for each in reactions if each["name"] == name), None)
    if found is None:
        reactions.append({"name": name, "users": [user], "count": 1})
    elif user in found["users"]:
        raise SlackError("already_reacted")
    else:
        found.update(users=[*found["users"], user], count=found["count"] + 1)
    desk.space.edit(channel.id, ts, reactions=reactions)
    event = {
        "type": "reaction_added",
        "user": user,
        "reaction": name,
        "item_user": message.get("user"),
        "item": {"type": "message", "channel": channel.id, "ts": ts},
        "event_ts": desk.space.next_ts(),
    }
    desk.emit(event, channel)


def respond(desk: Desk, key: str, body: Json) -> None:
    """Take an answer to a response_url (five uses, half an hour); raise SlackError."""
    place = desk.space.answerables.get(key)
    if place is None:
        raise SlackError("invalid_url")
    if time.monotonic() > place.until:
        raise SlackError("expired_url")
    if place.uses <= 0:
        raise SlackError("used_url")
    channel = desk.space.channels[place.channel]
    if body.get("delete_original") and place.message_ts:
        place.uses -= 1
        if not desk.space.rewhisper(place.user, place.message_ts, None):
            own_message(desk, channel, place.message_ts, "cant_delete_message")
            desk.delete(channel, place.message_ts)
        return
    text, blocks = content(desk, body)
    place.uses -= 1
    if body.get("replace_original") and place.message_ts:
        if not desk.space.rewhisper(place.user, place.message_ts, {"text": text, "blocks": blocks}):
            own_message(desk, channel, place.message_ts, "cant_update_message")
            desk.edit(channel, place.message_ts, text=text, blocks=blocks or None)
        return
    thread_ts = body.get("thread_ts") or place.thread_ts
    public = body.get("response_type") == "in_channel"
    answer_to(desk, place.user, channel, desk.bot_message(text, blocks, thread_ts=thread_ts), public=public)


def answer_to(desk: Desk, user: str, channel: Channel, message: Json, *, public: bool) -> None:
    """Show an answer to the channel, or to one person."""
    if public:
        desk.post(channel, message)
    else:
        desk.space.whisper(user, {**message, "channel": channel.id})


def content(desk: Desk, body: Json) -> tuple[str, list[Json]]:
    """A message's text and its checked blocks; raise SlackError for what Slack, or SLACK.md, refuses."""
    args = Arguments(body)
    text = args.text("text")
    if "markdown_text" in args:
        if text or "blocks" in args:
            raise SlackError("markdown_text_conflict")
        text = args.text("markdown_text")
        if len(text) > MARKDOWN_MOST:
            raise SlackError("msg_too_long")
    blocks = args.json("blocks", "invalid_blocks_format") or []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if not text.strip() and not (args.values.get("attachments") and not blocks):
        raise SlackError("no_text")
    kit.check_message(blocks)
    return text, kit.kept(blocks, desk.space.mint)


def metadata_of(args: Arguments) -> Json | None:
    """The message's metadata, checked."""
    metadata: Any = args.json("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_MOST:
        raise SlackError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def readable(desk: Desk, name: str) -> Channel:
    """A channel the app can see, by id; raise channel_not_found."""
    channel = desk.space.channels.get(name)
    if channel is None or (channel.kind != "channel" and desk.space.bot_user not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def writable(desk: Desk, name: str, *, archived: str = "is_archived") -> Channel:
    """A channel the app is in, by id, #name, or a user's id for their direct message; raise SlackError.

    archived: the method's word for a channel that takes nothing any more.
    """
    if name in desk.space.users and name != desk.space.bot_user:
        return _messages_tab(desk, desk.space.direct(name))
    try:
        channel = readable(desk, desk.space.channel(name).id)
    except KeyError:
        raise SlackError("channel_not_found") from None
    if desk.space.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    if channel.archived:
        raise SlackError(archived)
    return _messages_tab(desk, channel)


def _messages_tab(desk: Desk, channel: Channel) -> Channel:
    if channel.kind == "im" and not (desk.app.messages_tab or desk.app.is_agent):
        raise SlackError("messages_tab_disabled")
    return channel


def thread_of(desk: Desk, channel: Channel, thread_ts: str) -> str | None:
    """The thread to reply in, None for the channel itself; raise thread_not_found."""
    if not thread_ts:
        return None
    root = desk.space.message(channel.id, thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    return str(root.get("thread_ts") or root["ts"])


def own_message(desk: Desk, channel: Channel, ts: str, error: str) -> Json:
    """A message of the app's own; raise message_not_found, or this error for somebody else's."""
    message = desk.space.message(channel.id, ts)
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if message.get("bot_id") != desk.space.bot_id:
        raise SlackError(error)
    return message
