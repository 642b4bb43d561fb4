"""What people do on the app's own surface: look at its Home, open its agent or assistant, stop it."""

from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.values import CannotAct, Channel, Json, User


def open_home(desk: Desk, who: User, tab: str) -> None:
    """Look at Home, or at the Messages tab."""
    event: Json = {
        "type": "app_home_opened",
        "user": who.id,
        "channel": desk.space.direct(who.id).id,
        "tab": tab,
        "event_ts": desk.space.next_ts(),
    }
    if tab == "home" and who.id in desk.space.homes:
        event["view"] = desk.space.homes[who.id]
    desk.emit(event)


def look_at(desk: Desk, who: User, where: Channel) -> None:
    """Look at a channel while the agent, or the legacy assistant with its newest thread, is open."""
    direct, now = desk.space.direct(who.id).id, desk.space.next_ts()
    entity = {"type": "slack#/types/channel_id", "value": where.id, "team_id": desk.space.team_id}
    desk.emit(
        {
            "type": "app_context_changed",
            "user": who.id,
            "channel": direct,
            "context": {"entities": [entity]},
            "event_ts": now,
        }
    )
    threads = [m["ts"] for m in desk.space.messages(direct) if m.get("subtype") == "assistant_app_thread"]
    if threads:
        thread = _assistant_thread(desk, who, threads[-1], where)
        desk.emit({"type": "assistant_thread_context_changed", "assistant_thread": thread, "event_ts": now})


def start_assistant(desk: Desk, who: User, beside: Channel | None) -> str:
    """Open the legacy assistant: a new thread under a message that Slack posts for the app; its ts."""
    if not desk.app.is_assistant:
        raise CannotAct("the manifest has no assistant_view")
    direct = desk.space.direct(who.id)
    root = desk.bot_message("New Assistant Thread", [], subtype="assistant_app_thread")
    ts = str(desk.space.post(direct.id, root)["ts"])
    event = {
        "type": "assistant_thread_started",
        "assistant_thread": _assistant_thread(desk, who, ts, beside),
        "event_ts": desk.space.next_ts(),
    }
    desk.emit(event)
    return ts


def stop(desk: Desk, who: User, where: Channel, thread_ts: str) -> None:
    """Press stop on a session that is processing."""
    if desk.space.sessions.get((where.id, thread_ts), {}).get("status") != "processing":
        raise CannotAct("the agent is not processing anything in this thread")
    streams = [
        m["ts"] for m in desk.space.replies(where.id, thread_ts) if m.get("streaming_state") == "in_progress"
    ]
    for ts in streams:
        desk.space.edit(where.id, ts, streaming_state="completed")
    event = {
        "type": "agent_session_stopped",
        "user": who.id,
        "channel": where.id,
        "thread_ts": thread_ts,
        "streaming_message_ts": streams,
        "event_ts": desk.space.next_ts(),
    }
    desk.emit(event, where)


def _assistant_thread(desk: Desk, who: User, ts: str, beside: Channel | None) -> Json:
    context: Json = {"team_id": desk.space.team_id, "enterprise_id": None}
    if beside is not None:
        context["channel_id"] = beside.id
    return {
        "user_id": who.id,
        "context": context,
        "channel_id": desk.space.direct(who.id).id,
        "thread_ts": ts,
    }
