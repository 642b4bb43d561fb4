"""Who and where: channel ids by name, a desk's members, and private words to one of them."""

import time
from collections.abc import Sequence

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
        self._channels: dict[str, str] = {}
        self._names: dict[str, str] = {}
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
        read_at, members = self._members.get(desk, (0.0, frozenset()))
        # Somebody unknown may have joined since: look again, but not at every click of an outsider.
        age = time.monotonic() - read_at
        if not members or age > MEMBERS_TTL or (user not in members and age > 1.0):
            try:
                members = frozenset(await self._read_members(desk))
                self._members[desk] = (time.monotonic(), members)
            except Unavailable:
                if not members:
                    raise
        return user in members

    async def may_own(self, user: str, desk: str) -> bool:
        """A member who can answer for a lead: bots are members of channels too, and in Slack's menus."""
        if not await self.may_work(user, desk):
            return False
        found = (await self._slack.call("users.info", user=user))["user"]
        return not (found.get("is_bot") or found.get("deleted"))

    async def name_of(self, user: str) -> str | None:
        """How people call the user, for lines that must not ping; None when Slack does not say."""
        if user not in self._names:
            try:
                found = (await self._slack.call("users.info", user=user))["user"]
            except (Unavailable, Refused):
                return None
            profile = found.get("profile", {})
            self._names[user] = profile.get("display_name") or found.get("real_name") or found["name"]
        return self._names[user]

    async def tell(self, action: Action, text: str) -> None:
        """Say something that only the actor sees: where they clicked, else in the desk's channel."""
        words = sentence(text)
        if action.reply_to is None or not await self._slack.respond(action.reply_to, words):
            channel = await self.channel_id(action.desk)
            await self._slack.call("chat.postEphemeral", channel=channel, user=action.actor, text=words)

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
