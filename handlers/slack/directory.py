"""Who and where: channel ids by name, a desk's members, and private words to one of them."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from core.actions import Action
from core.desks import Desks
from core.errors import Refused, Unavailable
from core.rights import Role
from core.store.posts import Spot
from handlers.mrkdwn import sentence
from handlers.slack.api import Slack, SlackRefused

TEAM_TTL = 60.0
"""Seconds that lists of people, and what Slack says of one, are believed."""

PAGE = 200

NOBODY = frozenset({"user_not_found", "user_not_visible"})
"""What Slack says of an id that is nobody's here."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Users (U…) and user groups (S…) that the settings name, at every desk."""

    members: Sequence[str] = ()
    admins: Sequence[str] = ()
    managers: Sequence[str] = ()
    viewers: Sequence[str] = ()


@dataclass(frozen=True)
class _Team:
    """Who is what at a desk; ``admins`` is None where nobody is named: then the workspace's own are.

    ``channel``: those who are members for being in the desk's channel only.
    """

    members: frozenset[str]
    admins: frozenset[str] | None
    managers: frozenset[str]
    viewers: frozenset[str]
    channel: frozenset[str]

    def role(self, user: str) -> Role | None:
        if self.admins is not None and user in self.admins:
            return Role.ADMIN
        if user in self.managers:
            return Role.MANAGER
        if user in self.viewers:
            return Role.VIEWER
        return Role.REP if user in self.members else None


class Directory:
    """core.parts' Members, as Slack knows them."""

    def __init__(self, slack: Slack, *, listed: Listed, desks: Desks) -> None:
        """listed: whoever the settings name; without members, a desk's are its channel's and its reps."""
        self._slack = slack
        self._listed = listed
        self._desks = desks
        self._home: str | None = None
        self._workspace: str | None = None
        self._channels: dict[str, str] = {}
        self._users: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._teams: dict[str, tuple[float, _Team]] = {}
        self._asked: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def channel_id(self, channel: str) -> str:
        """The id of ``#leads``; an id is given back as it is. Refused when there is no such channel."""
        if not channel.startswith("#"):
            return channel
        if channel not in self._channels:
            await self._read_channels(channel)
            if channel not in self._channels:
                raise Refused("Slack", f"there is no channel {channel} that the bot can see: invite it there")
        return self._channels[channel]

    async def named(self, channels: Iterable[str]) -> dict[str, str]:
        """Channel id -> the channel as it is named in settings and desks' files."""
        return {await self.channel_id(channel): channel for channel in channels}

    async def channel_names(self, channels: Sequence[str]) -> dict[str, str]:
        """What people call these channels; an id stays one where Slack does not say."""
        if any(not each.startswith("#") and each not in self._channels.values() for each in channels):
            with suppress(Unavailable, Refused):
                await self._read_channels()
        names = {channel_id: name for name, channel_id in self._channels.items()}
        return {each: names.get(each, each) for each in channels}

    async def _read_channels(self, wanted: str | None = None) -> None:
        """Learn the ids of the channels, of all or up to the one that is wanted."""
        cursor = ""
        while wanted is None or wanted not in self._channels:
            answer = await self._slack.call(
                "conversations.list",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor,
            )
            self._channels |= {f"#{found['name']}": found["id"] for found in answer["channels"]}
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                break

    async def role(self, user: str, desk: str) -> Role | None:
        """What the user is at the desk; the last lists known are used when Slack is away."""
        team = await self._team(desk, expected=user)
        role = team.role(user)
        if role not in {Role.MANAGER, Role.REP}:
            return role
        found = await self._user(user)
        if user in team.channel and role == Role.REP and await self._is_outside(found):
            return None  # a guest in the desk's channel: nobody of the team, unless somebody names them
        is_admin = team.admins is None and bool(found.get("is_admin") or found.get("is_owner"))
        return Role.ADMIN if is_admin else role

    async def leaders(self, desk: str) -> list[str]:
        """Who is told when a lead of the desk waits too long: its managers, else its admins, if named."""
        team = await self._team(desk)
        return sorted(team.managers or team.admins or ())

    async def may_own(self, user: str, desk: str) -> bool:
        """One who can answer for a lead: bots are members of channels too, and in Slack's menus."""
        if await self.role(user, desk) in {None, Role.VIEWER}:
            return False
        found = await self._user(user)
        return not (found.get("is_bot") or found.get("deleted"))

    async def check(self, desk: str) -> None:
        """Refused, with the mend, unless the bot is in the desk's channel."""
        if str((await self._slack.call("auth.test"))["user_id"]) not in await self._in_channel(desk):
            raise Refused("Slack", f"the bot is not in {desk}: invite it there with /invite")

    async def has_left(self, user: str) -> bool:
        """Whether the account is deactivated, or there never was one."""
        async with self._asked.setdefault(user, asyncio.Lock()):  # many leads at once ask Slack once
            try:
                return bool((await self._user(user)).get("deleted"))
            except SlackRefused as error:
                if error.code in NOBODY:
                    return True
                raise

    async def name_of(self, user: str) -> str | None:
        """How people call the user, for lines that must not ping; None when Slack does not say."""
        return next(iter(await self._names_of(user)), None)

    async def member_named(self, name: str, desk: str) -> str | None:
        """The id of the one member of the desk called so, by a whole name or a part of it; else None."""
        name = name.removeprefix("@").casefold()
        members = sorted((await self._team(desk)).members)
        names = [
            {each.casefold() for each in known}
            for known in await asyncio.gather(*(self._names_of(member) for member in members))
        ]
        whole = [member for member, known in zip(members, names, strict=True) if name in known]
        part = [
            member
            for member, known in zip(members, names, strict=True)
            if any(name in each.split() for each in known)
        ]
        return next((found[0] for found in (whole, part) if len(found) == 1), None)

    async def links(self, places: Mapping[str, Spot]) -> dict[str, str]:
        """Addresses of messages for mrkdwn; none while Slack does not say where it lives."""
        if self._home is None and places:
            try:
                self._home = str((await self._slack.call("auth.test"))["url"])
            except (Unavailable, Refused):
                return {}
        return {key: f"{self._home}archives/{_path(spot)}" for key, spot in places.items()}

    async def tell(self, action: Action, text: str, *, desk: str) -> None:
        """Say something that only the actor sees: where they clicked, else in the desk's channel."""
        words = sentence(text)
        if action.reply_to is None or not await self._slack.respond(action.reply_to, words):
            channel = await self.channel_id(desk)
            await self._slack.call("chat.postEphemeral", channel=channel, user=action.actor, text=words)

    async def _team(self, desk: str, *, expected: str | None = None) -> _Team:
        """Read again when the lists are old, or lack somebody who may have joined since."""
        read_at, team = self._teams.get(desk, (0.0, None))
        age = time.monotonic() - read_at
        # Not at every click of an outsider.
        lacks = team is not None and expected is not None and team.role(expected) is None and age > 1.0
        if team is None or age > TEAM_TTL or lacks:
            try:
                team = await self._read_team(desk)
                self._teams[desk] = (time.monotonic(), team)
            except Unavailable:
                if team is None:
                    raise
        return team

    async def _user(self, user: str) -> Mapping[str, Any]:
        """What Slack says of the user; what it said last while it is away."""
        read_at, found = self._users.get(user, (0.0, None))
        if found is None or time.monotonic() - read_at > TEAM_TTL:
            try:
                found = (await self._slack.call("users.info", user=user))["user"]
                self._users[user] = (time.monotonic(), found)
            except Unavailable:
                if found is None:
                    raise
        return found

    async def _is_outside(self, found: Mapping[str, Any]) -> bool:
        """Whether this is a guest, or of another organisation (Slack Connect)."""
        if found.get("is_restricted") or found.get("is_ultra_restricted"):
            return True
        if self._workspace is None:
            self._workspace = str((await self._slack.call("auth.test"))["team_id"])
        return str(found.get("team_id", self._workspace)) != self._workspace

    async def _names_of(self, user: str) -> tuple[str, ...]:
        """What the user is called, the name that people see first; none when Slack does not say."""
        try:
            found = await self._user(user)
        except (Unavailable, Refused):
            return ()
        names = (found.get("profile", {}).get("display_name"), found.get("real_name"), found["name"])
        return tuple(filter(None, names))

    async def _read_team(self, desk: str) -> _Team:
        file, listed = self._desks.of(desk), self._listed
        named = [*listed.admins, *file.admins]
        known = await self._resolved(listed.members) | set(file.reps)
        # Those whom the channel makes members: nobody where the settings name them.
        there = frozenset[str]() if listed.members else await self._in_channel(desk)
        return _Team(
            members=known | there,
            channel=there - known,
            admins=await self._resolved(named) if named else None,
            managers=await self._resolved([*listed.managers, *file.managers]),
            viewers=await self._resolved([*listed.viewers, *file.viewers]),
        )

    async def _in_channel(self, desk: str) -> frozenset[str]:
        channel, cursor, members = await self.channel_id(desk), "", set[str]()
        while True:
            answer = await self._slack.call(
                "conversations.members", channel=channel, limit=PAGE, cursor=cursor
            )
            members |= set(answer["members"])
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return frozenset(members)

    async def _resolved(self, listed: Sequence[str]) -> frozenset[str]:
        """Users, with those of user groups."""
        users = {each for each in listed if not each.startswith("S")}
        for group in (each for each in listed if each.startswith("S")):
            users |= set((await self._slack.call("usergroups.users.list", usergroup=group))["users"])
        return frozenset(users)


def _path(spot: Spot) -> str:
    """As Slack's own links have it: a reply is found through its thread."""
    path = f"{spot.channel}/p{spot.ts.replace('.', '')}"
    return path if spot.thread_ts is None else f"{path}?thread_ts={spot.thread_ts}&amp;cid={spot.channel}"
