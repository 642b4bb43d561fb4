"""Builds what Slack sends to an app: events, interactions, slash commands; shapes as in Slack's docs."""

import time
from collections.abc import Mapping

from bot.sandbox.slack.values import Channel, Json, User
from bot.sandbox.slack.workspace import Workspace

_CHANNEL_TYPES = {"channel": "channel", "group": "group", "im": "im"}
VERIFICATION_TOKEN = "sandbox"  # noqa: S105 -- Slack's deprecated field; it proves nothing and opens nothing


def subscription(event: Json, channel: Channel | None) -> str:
    """The name under which an app subscribes to this event: ``message.channels``."""
    if event["type"] == "message" and channel is not None:
        return {"channel": "message.channels", "group": "message.groups", "im": "message.im"}[channel.kind]
    return str(event["type"])


def callback(space: Workspace, event: Json) -> Json:
    """An event in its outer payload."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": space.team_id,
        "context_team_id": space.team_id,
        "context_enterprise_id": None,
        "api_app_id": space.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": space.mint("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": space.team_id,
                "user_id": space.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": _is_shared(space, event.get("channel")),
        "event_context": f"4-{space.mint('')}",
    }


def _is_shared(space: Workspace, channel: object) -> bool:
    """Whether people of other organisations are in the channel an event is about."""
    where = space.channels.get(channel) if isinstance(channel, str) else None
    return where is not None and any(
        (member := space.users.get(each)) is not None and member.team is not None for each in where.members
    )


def message_event(message: Json, channel: Channel) -> Json:
    """A message that was posted."""
    return {
        **message,
        "channel": channel.id,
        "event_ts": message["ts"],
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def changed_event(space: Workspace, message: Json, previous: Json, channel: Channel) -> Json:
    """A message that was edited."""
    ts = space.next_ts()
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message,
        "previous_message": previous,
        "channel": channel.id,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def deleted_event(space: Workspace, previous: Json, channel: Channel) -> Json:
    """A message that was deleted."""
    ts = space.next_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": previous["ts"],
        "previous_message": previous,
        "channel": channel.id,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def interaction(space: Workspace, kind: str, user: User, **more: object) -> Json:
    """What every interaction has, and what this one adds."""
    return {
        "type": kind,
        "team": {"id": space.team_id, "domain": space.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": space.team_id},
        "api_app_id": space.app_id,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }


def on_message(channel: Channel, message: Json) -> Json:
    """Where in a channel something was clicked: container, channel, and the message unless ephemeral."""
    hidden = bool(message.get("is_ephemeral"))
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": hidden,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    place: Json = {"container": container, "channel": {"id": channel.id, "name": _shown_name(channel)}}
    return place if hidden else {**place, "message": message}


def on_view(view: Json, values: Mapping[str, Json]) -> Json:
    """In which modal or Home something was clicked, with what is entered there so far."""
    return {
        "container": {"type": "view", "view_id": view["id"]},
        "view": {**view, "state": {"values": values}},
    }


def slash(space: Workspace, user: User, channel: Channel, command: str, text: str, **more: str) -> Json:
    """A slash command's form fields."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": space.team_id,
        "team_domain": space.domain,
        "channel_id": channel.id,
        "channel_name": _shown_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": space.app_id,
        "is_enterprise_install": "false",
        **more,
    }


def _shown_name(channel: Channel) -> str:
    return {"channel": channel.name, "group": channel.name, "im": "directmessage"}[channel.kind]
