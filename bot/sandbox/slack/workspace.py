"""The workspace's state: people, channels, messages, modals, Home; messages are replaced, never changed."""

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.sandbox.slack.values import Channel, Json, SlackError, User

STACK_MOST = 3
"""Modals a person can have on top of each other (SLACK.md)."""


def made_id(prefix: str, name: str) -> str:
    """An id that looks like Slack's and can be read: ``U000000DANA``."""
    return prefix + "".join(c for c in name.upper() if c.isalnum()).rjust(10, "0")


class Changes:
    """Wakes everybody who waits for the workspace to change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        """Something changed."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        """Return at the next change."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


@dataclass(kw_only=True)
class Trigger:
    """A trigger_id: whose, until when (monotonic seconds), whether it was exchanged, and in which view."""

    user: str
    until: float
    used: bool = False
    view_id: str | None = None


@dataclass(kw_only=True)
class Answerable:
    """A response_url: where it answers, until when (monotonic seconds) and how many uses are left."""

    user: str
    channel: str
    until: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 5


@dataclass(kw_only=True)
class Workspace:
    """Everything people and the app see; changed only through these methods."""

    team_id: str = "T0LEADDESK0"
    team_name: str = "Lead Desk"
    domain: str = "leaddesk"
    app_id: str = "A0BASECAMP0"
    bot_id: str = "B0BASECAMP0"
    bot_user: str = "U0BASECAMP0"
    app_name: str = "baseCamp"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    usergroups: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    ephemerals: dict[str, list[Json]] = field(default_factory=dict)
    stacks: dict[str, list[Json]] = field(default_factory=dict)
    view_errors: dict[str, dict[str, str]] = field(default_factory=dict)
    entered: dict[str, dict[str, Json]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    answerables: dict[str, Answerable] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Json] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    _log: dict[str, dict[str, Json]] = field(default_factory=dict)
    _replies: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _last_ts: int = 0
    _minted: int = 0

    def mint(self, prefix: str) -> str:
        """A new id, unique in the workspace: ``Ev0000000012``."""
        self._minted += 1
        return f"{prefix}{self._minted:0>10X}"

    def next_ts(self) -> str:
        """A message's ts: epoch seconds with six decimals, unique and increasing."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def user(self, name: str) -> User:
        """By id or name; raise KeyError for nobody."""
        if name in self.users:
            return self.users[name]
        for user in self.users.values():
            if user.name == name:
                return user
        raise KeyError(name)

    def channel(self, name: str) -> Channel:
        """By id, name or #name; raise KeyError for none."""
        if name in self.channels:
            return self.channels[name]
        bare = name.removeprefix("#")
        for channel in self.channels.values():
            if channel.name == bare:
                return channel
        raise KeyError(name)

    def direct(self, user: str) -> Channel:
        """The direct message between the app and this user."""
        channel_id = "D" + user[1:]
        if channel_id not in self.channels:
            members = frozenset((user, self.bot_user))
            self.channels[channel_id] = Channel(id=channel_id, name=user, kind="im", members=members)
        return self.channels[channel_id]

    def membership(self, channel: str, user: str, *, member: bool) -> None:
        """Let somebody join or leave."""
        old = self.channels[channel]
        members = old.members | {user} if member else old.members - {user}
        self.channels[channel] = replace(old, members=members)
        self.changes.tell()

    def message(self, channel: str, ts: str) -> Json | None:
        """A message or a thread's reply."""
        return self._log.get(channel, {}).get(ts)

    def messages(self, channel: str) -> list[Json]:
        """The channel's own messages, oldest first, without threads' replies (but with broadcast ones)."""
        return [
            m
            for m in self._log.get(channel, {}).values()
            if m.get("thread_ts") in (None, m["ts"]) or m.get("subtype") == "thread_broadcast"
        ]

    def replies(self, channel: str, thread_ts: str) -> list[Json]:
        """A thread's replies, oldest first, without its first message."""
        log = self._log.get(channel, {})
        return [log[ts] for ts in self._replies.get((channel, thread_ts), ()) if ts in log]

    def post(self, channel: str, message: Json) -> Json:
        """Add a message (its ts is given to it here) and count it in its thread; return it as kept."""
        message = {"type": "message", **message, "ts": self.next_ts(), "team": self.team_id}
        self._log.setdefault(channel, {})[message["ts"]] = message
        thread_ts = message.get("thread_ts")
        if thread_ts:
            self._replies.setdefault((channel, thread_ts), []).append(message["ts"])
            self._count_thread(channel, thread_ts)
        self.changes.tell()
        return message

    def edit(self, channel: str, ts: str, **changed: object) -> Json:
        """Replace fields of a message, None removing one; return it as kept."""
        fields = {**self._log[channel][ts], **changed}
        message = {key: value for key, value in fields.items() if value is not None}
        self._log[channel][ts] = message
        self.changes.tell()
        return message

    def delete(self, channel: str, ts: str) -> Json:
        """Remove a message; a thread's first message leaves a tombstone. Return what it was."""
        message = self._log[channel][ts]
        thread_ts = message.get("thread_ts")
        if self._replies.get((channel, ts)):
            kept = ("type", "ts", "team", "thread_ts", "reply_count", "reply_users", "latest_reply")
            tomb = {key: message[key] for key in kept if key in message}
            text = "This message was deleted."
            self._log[channel][ts] = {**tomb, "subtype": "tombstone", "text": text, "user": "USLACKBOT"}
        else:
            del self._log[channel][ts]
            if thread_ts and thread_ts != ts:
                self._replies[channel, thread_ts].remove(ts)
                self._count_thread(channel, thread_ts)
        self.changes.tell()
        return message

    def _count_thread(self, channel: str, thread_ts: str) -> None:
        root = self._log[channel].get(thread_ts)
        if root is None:
            return
        replies = self.replies(channel, thread_ts)
        if replies:
            users = list(dict.fromkeys(r.get("user") or r["bot_id"] for r in replies))
            counted = {
                "thread_ts": thread_ts,
                "reply_count": len(replies),
                "reply_users": users,
                "reply_users_count": len(users),
                "latest_reply": replies[-1]["ts"],
            }
        else:
            counted = dict.fromkeys(
                ("thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply")
            )
        self.edit(channel, thread_ts, **counted)

    def whisper(self, user: str, message: Json) -> Json:
        """Show an ephemeral message to one person; return it as kept."""
        message = {"type": "message", "is_ephemeral": True, **message, "ts": self.next_ts()}
        self.ephemerals.setdefault(user, []).append(message)
        self.changes.tell()
        return message

    def rewhisper(self, user: str, ts: str, changed: Json | None) -> bool:
        """Replace an ephemeral message's fields, or remove it (None); False if there is none."""
        kept = self.ephemerals.get(user, [])
        for index, message in enumerate(kept):
            if message["ts"] == ts:
                kept[index : index + 1] = [] if changed is None else [{**message, **changed}]
                self.changes.tell()
                return True
        return False

    def new_trigger(self, user: str, seconds: float, view_id: str | None = None) -> str:
        """A trigger_id for this user, good once and for so many seconds."""
        trigger_id = f"{self.mint('')}.{self.team_id[1:]}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user=user, until=time.monotonic() + seconds, view_id=view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger_id up; raise SlackError when it is unknown, late or used."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() > trigger.until:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def open_view(self, user: str, view: Json, *, push: bool) -> Json:
        """Put a modal before somebody, alone or on top of what is open; raise SlackError at the fourth."""
        stack = self.stacks.get(user, []) if push else []
        if len(stack) >= STACK_MOST:
            raise SlackError("push_limit_reached")
        view_id = self.mint("V")
        root = stack[0]["id"] if stack else view_id
        previous = stack[-1]["id"] if stack else None
        shown = self._kept_view(view, id=view_id, root_view_id=root, previous_view_id=previous)
        self.stacks[user] = [*stack, shown]
        self.changes.tell()
        return shown

    def update_view(self, view_id: str, view: Json, *, seen: str | None = None) -> Json:
        """Replace an open modal; ``seen`` is the hash its writer knew. SlackError if gone or changed."""
        user, old = self.open(view_id)
        if seen is not None and seen != old["hash"]:
            raise SlackError("hash_conflict")
        kept = {key: old[key] for key in ("id", "root_view_id", "previous_view_id")}
        shown = self._kept_view(view, **kept)
        self.stacks[user] = [shown if v["id"] == view_id else v for v in self.stacks[user]]
        self.view_errors.pop(view_id, None)
        self.changes.tell()
        return shown

    def publish_home(self, user: str, view: Json, *, seen: str | None = None) -> Json:
        """Replace somebody's Home; raise SlackError on a stale hash."""
        old = self.homes.get(user)
        if seen is not None and old is not None and seen != old["hash"]:
            raise SlackError("hash_conflict")
        view_id = old["id"] if old else self.mint("V")
        shown = self._kept_view(view, id=view_id, root_view_id=view_id, previous_view_id=None)
        self.homes[user] = shown
        self.changes.tell()
        return shown

    def open(self, view_id: str) -> tuple[str, Json]:
        """Who has this modal open, and the modal; raise SlackError("not_found")."""
        for user, stack in self.stacks.items():
            for view in stack:
                if view["id"] == view_id:
                    return user, view
        raise SlackError("not_found")

    def views(self) -> Iterable[Json]:
        """Every modal that is open and every Home."""
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def set_stack(self, user: str, stack: list[Json]) -> None:
        """Close modals by keeping only these."""
        for view in self.stacks.get(user, []):
            if view not in stack:
                self.entered.pop(view["id"], None)
                self.view_errors.pop(view["id"], None)
        self.stacks[user] = stack
        self.changes.tell()

    def show_errors(self, view_id: str, errors: dict[str, str]) -> None:
        """Show sentences beside a modal's fields, by block id."""
        self.view_errors[view_id] = errors
        self.changes.tell()

    def _kept_view(self, view: Json, **places: str | None) -> Json:
        empty = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
        return {
            **empty,
            "clear_on_close": False,
            "notify_on_close": False,
            "title": None,
            **view,
            **places,
            "team_id": self.team_id,
            "app_id": self.app_id,
            "app_installed_team_id": self.team_id,
            "bot_id": self.bot_id,
            "state": {"values": {}},
            "hash": f"{time.time_ns() // 10**9}.{secrets.token_hex(4)}",
        }
