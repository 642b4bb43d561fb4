"""Web API methods of the agent surface: streams, session status, suggested prompts."""

from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.methods_chat import (
    MARKDOWN_MOST,
    metadata_of,
    own_message,
    readable,
    thread_of,
    writable,
)
from bot.sandbox.slack.values import Channel, Json, SlackError

STATUSES = ("active", "processing", "suspended", "closed")
PROMPTS_MOST = 4
"""SLACK.md, "Agent surface"."""


def start_stream(desk: Desk, args: Arguments) -> Json:
    """chat.startStream: always in a thread; in a channel it names who it is for."""
    channel = writable(desk, args.required("channel"))
    thread_ts = thread_of(desk, channel, args.required("thread_ts"))
    if channel.kind != "im":
        for name in ("recipient_user_id", "recipient_team_id"):
            if name not in args:
                raise SlackError(f"missing_{name}")
    text = _markdown(args)
    kept = desk.post(channel, desk.bot_message(text, [], thread_ts=thread_ts, streaming_state="in_progress"))
    return {"channel": channel.id, "ts": kept["ts"]}


def append_stream(desk: Desk, args: Arguments) -> Json:
    """chat.appendStream."""
    channel, message = _streaming(desk, args)
    kept = desk.space.edit(channel.id, message["ts"], text=message["text"] + _markdown(args))
    return {"channel": channel.id, "ts": kept["ts"]}


def stop_stream(desk: Desk, args: Arguments) -> Json:
    """chat.stopStream: the last words, and blocks under them."""
    channel, message = _streaming(desk, args)
    blocks = args.json("blocks", "invalid_blocks_format") or []
    kit.check_message(blocks)
    kept = desk.edit(
        channel,
        message["ts"],
        text=message["text"] + _markdown(args),
        blocks=kit.kept(blocks, desk.space.mint) or None,
        metadata=metadata_of(args),
        streaming_state="completed",
    )
    if "session_status" in args:
        _keep_session(desk, channel, message["thread_ts"], args.text("session_status"), None)
    return {"channel": channel.id, "ts": kept["ts"], "message": kept}


def set_session_status(desk: Desk, args: Arguments) -> Json:
    """agents.sessions.setStatus: makes the session if there is none."""
    _must_be_agent(desk)
    channel = readable(desk, args.required("channel_id"))
    thread_ts = thread_of(desk, channel, args.required("thread_ts"))
    session = _keep_session(desk, channel, str(thread_ts), args.required("status"), args.text("title"))
    answer = {"status": session["status"], "agent_status": session["status"], "title": session["title"]}
    if "agent_session_stopped" in desk.app.events:
        return answer
    return {**answer, "warning": "missing_agent_session_stopped_event_subscription"}


def set_thread_status(desk: Desk, args: Arguments) -> Json:
    """assistant.threads.setStatus: the older surface's line under the thread."""
    channel = readable(desk, args.required("channel_id"))
    thread_ts = thread_of(desk, channel, args.required("thread_ts"))
    session = desk.space.sessions.setdefault((channel.id, str(thread_ts)), {})
    session["says"] = args.text("status")
    desk.space.changes.tell()
    return {}


def set_prompts(desk: Desk, args: Arguments) -> Json:
    """assistant.threads.setSuggestedPrompts: one to four."""
    channel = readable(desk, args.required("channel_id"))
    prompts: Any = args.json("prompts", "invalid_arguments")
    good = isinstance(prompts, list) and all(
        isinstance(each, dict) and each.get("title") and each.get("message") for each in prompts
    )
    if not good or not 1 <= len(prompts) <= PROMPTS_MOST:
        raise SlackError(
            "invalid_arguments",
            ("[ERROR] must be 1 to 4 objects of title and message [json-pointer:/prompts]",),
        )
    session = desk.space.sessions.setdefault((channel.id, args.text("thread_ts")), {})
    session["prompts"] = prompts
    desk.space.changes.tell()
    return {}


def _markdown(args: Arguments) -> str:
    text = args.text("markdown_text")
    chunks: Any = args.json("chunks", "invalid_chunks") or []
    if not isinstance(chunks, list) or not all(isinstance(c, dict) and "type" in c for c in chunks):
        raise SlackError("invalid_chunks")
    text += "".join(str(c.get("text", "")) for c in chunks if c["type"] == "markdown_text")
    if len(text) > MARKDOWN_MOST:
        raise SlackError("msg_too_long")
    return text


def _streaming(desk: Desk, args: Arguments) -> tuple[Channel, Json]:
    channel = writable(desk, args.required("channel"))
    message = own_message(desk, channel, args.required("ts"), "message_not_owned_by_app")
    if message.get("streaming_state") != "in_progress":
        raise SlackError("message_not_in_streaming_state")
    return channel, message


def _keep_session(desk: Desk, channel: Channel, thread_ts: str, status: str, title: str | None) -> Json:
    if status not in STATUSES:
        raise SlackError(
            "invalid_arguments", (f"[ERROR] must be one of {', '.join(STATUSES)} [json-pointer:/status]",)
        )
    session = desk.space.sessions.setdefault((channel.id, thread_ts), {})
    session["status"] = status
    session.setdefault("title", title or "")
    desk.space.changes.tell()
    return session


def _must_be_agent(desk: Desk) -> None:
    """Only apps whose manifest declares an agent have sessions; Slack documents no code of its own for it."""
    if not desk.app.is_agent:
        raise SlackError("access_denied")
