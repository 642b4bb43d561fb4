"""Web API methods that read: auth.test, conversations.*, users.*, usergroups.users.list."""

from bot.sandbox.slack.arguments import Arguments, page_of
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.methods_chat import readable
from bot.sandbox.slack.rates import PAGE_MOST
from bot.sandbox.slack.values import Channel, Json, SlackError, User

_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}
_HISTORY = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}


def auth_test(desk: Desk, _args: Arguments) -> Json:
    """auth.test."""
    space = desk.space
    return {
        "url": desk.base,
        "team": space.team_name,
        "team_id": space.team_id,
        "user": space.users[space.bot_user].name,
        "user_id": space.bot_user,
        "bot_id": space.bot_id,
        "app_id": space.app_id,
        "is_enterprise_install": False,
    }


def api_test(_desk: Desk, args: Arguments) -> Json:
    """api.test: answers with the error it is asked for."""
    if "error" in args:
        raise SlackError(args.text("error"))
    return {"args": args.values}


def connections_open(desk: Desk, _args: Arguments) -> Json:
    """apps.connections.open."""
    link = desk.base.replace("http://", "ws://", 1)
    return {"url": f"{link}link/?ticket={desk.delivery.ticket()}&app_id={desk.space.app_id}"}


def list_conversations(desk: Desk, args: Arguments) -> Json:
    """conversations.list: public channels, and what the app is in of other types."""
    kinds = set()
    for name in (args.text("types") or "public_channel").split(","):
        if name not in _TYPES:
            raise SlackError("invalid_types")
        kinds.add(_TYPES[name])
        desk.need(_READ[_TYPES[name]])
    bot = desk.space.bot_user
    rows = [
        shown_channel(desk, c)
        for c in desk.space.channels.values()
        if c.kind in kinds
        and (c.kind == "channel" or bot in c.members)
        and not (c.archived and args.flag("exclude_archived"))
    ]
    page, metadata = page_of(rows, args.offset(), args.limit(100, 1000))
    return {"channels": page, "response_metadata": metadata}


def conversation_info(desk: Desk, args: Arguments) -> Json:
    """conversations.info."""
    channel = readable(desk, args.required("channel"))
    desk.need(_READ[channel.kind])
    shown = shown_channel(desk, channel)
    if args.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def conversation_members(desk: Desk, args: Arguments) -> Json:
    """conversations.members."""
    channel = readable(desk, args.required("channel"))
    desk.need(_READ[channel.kind])
    page, metadata = page_of(sorted(channel.members), args.offset(), args.limit(100, 1000))
    return {"members": page, "response_metadata": metadata}


def history(desk: Desk, args: Arguments) -> Json:
    """conversations.history: newest first."""
    channel = _history_of(desk, args)
    rows = _between(desk.space.messages(channel.id), args)[::-1]
    return _messages_page(desk, rows, args)


def replies(desk: Desk, args: Arguments) -> Json:
    """conversations.replies: the thread's first message, then its replies, oldest first."""
    channel = _history_of(desk, args)
    ts = args.required("ts")
    root = desk.space.message(channel.id, ts)
    if root is None:
        raise SlackError("thread_not_found")
    root = desk.space.message(channel.id, root.get("thread_ts", ts)) or root
    return _messages_page(desk, [root, *_between(desk.space.replies(channel.id, root["ts"]), args)], args)


def open_conversation(desk: Desk, args: Arguments) -> Json:
    """conversations.open: a direct message with one person."""
    users = [u for u in args.text("users").split(",") if u]
    if len(users) != 1:
        raise SlackError("users_list_not_supplied" if not users else "too_many_users")
    if users[0] not in desk.space.users:
        raise SlackError("user_not_found")
    if desk.space.users[users[0]].deleted:
        raise SlackError("user_disabled")
    return {"channel": shown_channel(desk, desk.space.direct(users[0]))}


def join(desk: Desk, args: Arguments) -> Json:
    """conversations.join: public channels only."""
    channel = readable(desk, args.required("channel"))
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    desk.space.membership(channel.id, desk.space.bot_user, member=True)
    return {"channel": shown_channel(desk, desk.space.channels[channel.id])}


def user_info(desk: Desk, args: Arguments) -> Json:
    """users.info."""
    user = desk.space.users.get(args.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": shown_user(desk, user)}


def list_users(desk: Desk, args: Arguments) -> Json:
    """users.list."""
    rows = [shown_user(desk, user) for user in desk.space.users.values()]
    page, metadata = page_of(rows, args.offset(), args.limit(200, 1000))
    return {"members": page, "response_metadata": metadata}


def look_up_email(desk: Desk, args: Arguments) -> Json:
    """users.lookupByEmail."""
    email = args.required("email").lower()
    for user in desk.space.users.values():
        if user.email == email:
            return {"user": shown_user(desk, user)}
    raise SlackError("users_not_found")


def usergroup_users(desk: Desk, args: Arguments) -> Json:
    """usergroups.users.list."""
    group = desk.space.usergroups.get(args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group[1])}


def shown_channel(desk: Desk, channel: Channel) -> Json:
    """A channel in Slack's shape."""
    shown: Json = {
        "id": channel.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": False,
        "is_private": channel.kind != "channel",
        "is_archived": channel.archived,
        "is_member": desk.space.bot_user in channel.members,
        "context_team_id": desk.space.team_id,
    }
    if channel.kind == "im":
        return {**shown, "user": next(iter(channel.members - {desk.space.bot_user}), None)}
    empty = {"value": "", "creator": "", "last_set": 0}
    return {
        **shown,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": channel.name == "general",
        "topic": {**empty, "value": channel.topic},
        "purpose": empty,
    }


def shown_user(desk: Desk, user: User) -> Json:
    """A user in Slack's shape; the e-mail only with its scope."""
    # Slack leaves out of a deactivated account what it may do.
    rank = {} if user.deleted else {"is_admin": user.is_admin, "is_owner": False, "is_primary_owner": False}
    if user.team is not None:  # of another organisation
        rank = {"is_stranger": False}
    elif not user.deleted:
        rank |= {"is_restricted": user.is_guest, "is_ultra_restricted": user.is_guest}
    team = user.team or desk.space.team_id
    profile: Json = {"real_name": user.real_name, "display_name": user.name, "team": team}
    if user.email and "users:read.email" in desk.app.scopes:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": team,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "tz": user.tz,
        "profile": profile,
        **rank,
    }


def _history_of(desk: Desk, args: Arguments) -> Channel:
    channel = readable(desk, args.required("channel"))
    desk.need(_HISTORY[channel.kind])
    if desk.space.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _between(messages: list[Json], args: Arguments) -> list[Json]:
    oldest, latest = _time(args, "oldest", 0.0), _time(args, "latest", float("inf"))
    if args.flag("inclusive"):
        return [m for m in messages if oldest <= float(m["ts"]) <= latest]
    return [m for m in messages if oldest < float(m["ts"]) < latest]


def _page_size(desk: Desk, args: Arguments) -> int:
    size = args.limit(100, 999)
    return min(size, PAGE_MOST) if desk.distributed else size


def _time(args: Arguments, name: str, default: float) -> float:
    try:
        return float(args.text(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _messages_page(desk: Desk, rows: list[Json], args: Arguments) -> Json:
    if not args.flag("include_all_metadata"):
        rows = [{key: value for key, value in row.items() if key != "metadata"} for row in rows]
    page, metadata = page_of(rows, args.offset(), _page_size(desk, args))
    answer: Json = {"messages": page, "has_more": bool(metadata["next_cursor"])}
    return {**answer, "response_metadata": metadata} if answer["has_more"] else answer
