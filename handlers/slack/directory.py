"""Who and where: channel ids by name, a desk's members, and private words to one of them."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from core.actions import Action
from core.errors import Refused, Unavailable
from handlers.mrkdwn import sentence
from handlers.slack.api import Slack

MEMBERS_TTL = 60.0
"""Seconds a list of members is believed; somebody who joins may have to wait this long."""

PAGE = 200


class Directory:
    """core.pipeline's Members, as Slack knows them."""

    def __init__(self, slack: Slack, *, listed: Sequence[str]) -> None:
        """listed: user ids (U…) and user groups (S…) that may act; empty: the desk channel's members."""
        self._slack = slack
        self._listed = listed
        self._home: str | None = None
        self._channels: dict[str, str] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    async def channel_id(self, channel: str) -> str:
        """The id of ``#leads``; an id is given back as it is. Refused when there is no such channel."""
        if not channel.startswith("#"):
            return channel
        if channel not in self._channels:
            cursor = ""
            while channel not in self._channels:
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
            if channel not in self._channels:
                raise Refused("Slack", f"there is no channel {channel} that the bot can see: invite it there")
        return self._channels[channel]

    async def may_work(self, user: str, desk: str) -> bool:
        """Whether the user is a member; the last list known is used when Slack is away."""
        return user in await self._members_of(desk, expected=user)

    async def may_own(self, user: str, desk: str) -> bool:
        """A member who can answer for a lead: bots are members of channels too, and in Slack's menus."""
        if not await self.may_work(user, desk):
            return False
        found = (await self._slack.call("users.info", user=user))["user"]
        return not (found.get("is_bot") or found.get("deleted"))

    async def name_of(self, user: str) -> str | None:
        """How people call the user, for lines that must not ping; None when Slack does not say."""
        return next(iter(await self._names_of(user)), None)

    async def member_named(self, name: str, desk: str) -> str | None:
        """The id of the one member of the desk called so, by a whole name or a part of it; else None."""
        name = name.removeprefix("@").casefold()
        members = sorted(await self._members_of(desk))
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

    async def links(self, places: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Addresses of messages, given as channel and ts; none while Slack does not say where it lives."""
        if self._home is None and places:
            try:
                self._home = str((await self._slack.call("auth.test"))["url"])
            except (Unavailable, Refused):
                return {}
        return {
            key: f"{self._home}archives/{channel}/p{ts.replace('.', '')}"
            for key, (channel, ts) in places.items()
        }

    async def tell(self, action: Action, text: str) -> None:
        """Say something that only the actor sees: where they clicked, else in the desk's channel."""
        words = sentence(text)
        if action.reply_to is None or not await self._slack.respond(action.reply_to, words):
            channel = await self.channel_id(action.desk)
            await self._slack.call("chat.postEphemeral", channel=channel, user=action.actor, text=words)

    async def _members_of(self, desk: str, *, expected: str | None = None) -> frozenset[str]:
        """The members; read again when the list is old, or lacks somebody who may have joined since."""
        read_at, members = self._members.get(desk, (0.0, frozenset()))
        age = time.monotonic() - read_at
        # Not at every click of an outsider.
        lacks = expected is not None and expected not in members and age > 1.0
        if not members or age > MEMBERS_TTL or lacks:
            try:
                members = frozenset(await self._read_members(desk))
                self._members[desk] = (time.monotonic(), members)
            except Unavailable:
                if not members:
                    raise
        return members

    async def _names_of(self, user: str) -> tuple[str, ...]:
        """What the user is called, the name that people see first; none when Slack does not say."""
        if user not in self._names:
            try:
                found = (await self._slack.call("users.info", user=user))["user"]
            except (Unavailable, Refused):
                return ()
            names = (found.get("profile", {}).get("display_name"), found.get("real_name"), found["name"])
            self._names[user] = tuple(filter(None, names))
        return self._names[user]

    async def _read_members(self, desk: str) -> set[str]:
        members = {each for each in self._listed if not each.startswith("S")}
        for group in (each for each in self._listed if each.startswith("S")):
            members |= set((await self._slack.call("usergroups.users.list", usergroup=group))["users"])
        if self._listed:
            return members
        channel, cursor = await self.channel_id(desk), ""
        while True:
            answer = await self._slack.call(
                "conversations.members", channel=channel, limit=PAGE, cursor=cursor
            )
            members |= set(answer["members"])
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return members
