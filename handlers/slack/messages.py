"""Messages in channels: kept, or given to the conversation they belong to, before Slack is acknowledged."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp

from core import intake
from core.conversation.listening import Listening
from core.desk import Desk
from core.errors import InvalidLead
from core.lead import MESSAGE_MAX, Draft
from handlers.slack import heard, message_lead
from handlers.slack.directory import Directory
from handlers.slack.typed import after_mention, as_typed

Json = Mapping[str, Any]

_OVERTAKES = 600.0
"""Seconds after a message in which a reply to it may reach us before it."""


def register(app: AsyncApp, desk: Desk, directory: Directory, source_bots: frozenset[str]) -> None:
    """Listen to messages, their edits and their deletions.

    source_bots: ids or names of bots whose messages become leads, as people's do.
    """
    ears = _Ears(desk, Listening(desk=desk), directory, source_bots)

    async def keep(
        body: dict[str, Any],
        event: dict[str, Any],
        context: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's name
    ) -> None:
        # Bolt acknowledges an event before its listener runs, but after its middleware: if this raises,
        # Slack gets no acknowledgement and delivers again.
        shared = bool(body.get("is_ext_shared_channel"))
        await ears.hear(event, context["bot_user_id"], context.get("bot_id"), shared=shared)
        await next()

    @app.event("message", matchers=[is_of_a_desk], middleware=[keep])
    async def kept() -> None:
        """Nothing is left to do."""


async def is_of_a_desk(event: dict[str, Any]) -> bool:
    """Whether a message is not a word to the bot alone; those are handlers.slack.agent's."""
    return not heard.is_to_bot(event)


@dataclass(frozen=True)
class _Ears:
    """Takes each event to where it belongs."""

    desk: Desk
    listening: Listening
    directory: Directory
    source_bots: frozenset[str]

    async def hear(self, event: Json, bot_user: str, bot_id: str | None, *, shared: bool) -> None:
        subtype = event.get("subtype")
        if subtype == "message_changed":
            await self._changed(event, bot_user, bot_id)
        elif subtype == "message_deleted":
            await self._deleted(event, event["deleted_ts"], bot_id)
        elif heard.is_reply(event):  # what a bot says in a thread belongs to what stands above it
            if heard.is_from_a_person(event):
                await self._replied(event, event["channel"], bot_user)
        elif event.get("channel") in await self.directory.named(self.desk.watched):
            await self._written(event, bot_user, bot_id, shared=shared)

    async def _written(self, event: Json, bot_user: str, bot_id: str | None, *, shared: bool) -> None:
        """A message that stands by itself in a watched channel."""
        channel = event["channel"]
        at = (await self.directory.named(self.desk.desks.channels)).get(channel)
        try:
            if heard.is_from_a_person(event) and event.get("text"):
                if after_mention(event["text"], bot_user) is not None:
                    return  # a word to the bot itself (handlers.slack.mentions)
                text, ts, user = as_typed(event["text"]), event["ts"], event["user"]
                await self.listening.message(
                    message_lead.submission(channel, ts, text),
                    lambda: message_lead.draft(
                        text, user=user, channel=channel, ts=ts, region=self.desk.region
                    ),
                    actor=user,
                    at=at,
                    place=heard.place(event, shared=shared),
                    sent=heard.turn(event, channel, bot_user),
                )
            elif heard.is_from_one_of(self.source_bots, event, bot_id):
                text = str(event.get("text") or "")
                await self.listening.message(
                    message_lead.submission(channel, event["ts"], text, source=heard.BOT_SOURCE),
                    lambda: heard.posted_form(event, channel, region=self.desk.region),
                    actor=event["bot_id"],
                    at=at,
                    place=None,
                    sent=None,
                )
        except InvalidLead:
            return  # kept with its reason; a delivery again would not mend it

    async def _replied(self, message: Json, channel: str, bot_user: str) -> None:
        """A message in a thread: a turn where that is a conversation; a picture alone says nothing."""
        if not message.get("text"):
            return
        place = message_lead.event_key(channel, message["thread_ts"])
        conversation = await self.desk.parts.store.conversations.at(place)
        if conversation is None:
            await self._early(message, channel, place, bot_user)
            return
        to_bot = str(message["text"]).lstrip().startswith(f"<@{bot_user}")
        if to_bot and message["user"] != conversation.place.writer:
            return  # a command of the team's (@baseCamp claim) is no word to the writer
        await self.desk.hear(place, heard.turn(message, channel, bot_user))

    async def _early(self, message: Json, channel: str, place: str, bot_user: str) -> None:
        """A reply to a message that is new and not known: it may have overtaken it."""
        age = float(message["ts"]) - float(message["thread_ts"])
        known = await self.desk.parts.store.submissions.lead_of(message_lead.SOURCE, place)
        if age < _OVERTAKES and known is None and channel in await self.directory.named(self.desk.watched):
            await self.desk.hear_early(place, heard.turn(message, channel, bot_user))

    async def _changed(self, event: Json, bot_user: str, bot_id: str | None) -> None:
        message, before, channel = event["message"], event.get("previous_message") or {}, event["channel"]
        if message.get("subtype") == "tombstone":  # deleted, with a thread below it that stays
            await self._deleted(event, message["ts"], bot_id)
        elif heard.is_from_one_of(self.source_bots, message, bot_id):
            await self._form_changed(event, message, before)
        elif not heard.is_from_a_person(message) or message.get("text") == before.get("text"):
            return  # our own cards change all the time, and links unfurl
        elif heard.is_reply(message):
            await self._replied(message, channel, bot_user)
        else:
            text = intake.storable(as_typed(message.get("text") or ""))[:MESSAGE_MAX]
            ours = message_lead.event_key(channel, message["ts"])
            if text.strip():
                key = heard.edit_key(event)
                await self.listening.edited(
                    message_lead.SOURCE, ours, actor=message["user"], key=key, text=text
                )

    async def _form_changed(self, event: Json, message: Json, before: Json) -> None:
        """A form's integration posted its answers anew; what can be no lead any more leaves it as it was."""
        said, says = (
            self._form({"ts": message["ts"], **post}, event["channel"]) for post in (before, message)
        )
        if says is not None and said != says:  # links unfurl
            ours = message_lead.event_key(event["channel"], message["ts"])
            actor, key = message["bot_id"], heard.edit_key(event)
            await self.listening.edited(heard.BOT_SOURCE, ours, actor=actor, key=key, form=(said, says))

    def _form(self, message: Json, channel: str) -> Draft | None:
        try:
            return heard.posted_form(message, channel, region=self.desk.region)
        except InvalidLead:
            return None

    async def _deleted(self, event: Json, ts: str, bot_id: str | None) -> None:
        before = event.get("previous_message") or {}
        ours = message_lead.event_key(event["channel"], ts)
        if heard.is_from_one_of(self.source_bots, before, bot_id):
            await self.listening.deleted(heard.BOT_SOURCE, ours, actor=before["bot_id"], key=f"delete:{ours}")
        elif "bot_id" not in before and "user" in before:
            await self.listening.deleted(
                message_lead.SOURCE, ours, actor=before["user"], key=f"delete:{ours}"
            )
