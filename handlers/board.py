"""Puts each lead on its desk: one card, posted once, then edited; what people did to it, in its thread."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog

from core.actions import PAST, ActionName
from core.conversation import Say
from core.conversation.places import Place
from core.conversation.talking import TOOK_OVER
from core.crm.reconcile import Link
from core.crm.sync import ASKED, RECORD_GONE
from core.desks import Desks
from core.errors import Refused, Unavailable
from core.lead import SYSTEM, DeskStatus, Event, Lead, utcnow
from core.merge import MERGED, MERGED_IN
from core.noise.loudness import is_urgent
from core.sla import RETURNED
from core.store import Store
from core.store.posts import Placed, Post, Showing, card_key
from handlers import bursts, cards, crm_question, mrkdwn, talk, thread
from handlers.mrkdwn import Block
from handlers.posting import Posting
from handlers.slack.directory import Directory

log = structlog.get_logger()

BUMP_AFTER = timedelta(minutes=10)
"""From this age on, a request that is asked again comes up in the channel again."""

WARNING_MAX = 1_000


class SlackBoard:
    """core.ports.Board on a Slack channel. Shows of one lead take turns; each reads the lead anew."""

    def __init__(
        self,
        store: Store,
        posting: Posting,
        directory: Directory,
        desks: Desks,
        *,
        hidden: Callable[[str], frozenset[str]],
        pace: timedelta,
    ) -> None:
        """Takes its parts.

        hidden: business type -> entities that its cards do not show.
        pace: the time between two posts that a channel takes for long.
        """
        self._store = store
        self._posting = posting
        self._directory = directory
        self._desks = desks
        self._hidden = hidden
        self._pace = pace
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show(self, lead_id: str, *, at_once: bool = False) -> Lead:
        """Post or edit the card, then add the thread lines that are not there yet; the lead as shown.

        Unless at once, edits that come soon after another wait and become one (handlers.posting).
        One of many at once is posted later, when its turn comes (core.store.places): then it is shown again.
        """
        if not at_once:
            await self._posting.calm(card_key(lead_id))
        turn = self._turns.setdefault(lead_id, asyncio.Lock())
        async with turn:
            showing = await self._store.posts.showing(lead_id)
            lead = showing.lead
            if showing.card is None and lead.desk_status == DeskStatus.MERGED:
                return lead  # merged before it had a card: the other lead's says all
            if showing.card is not None and _only_repeats(showing):
                await self._posting.take_back(showing.card)
                return lead
            place = showing.place
            if place is None and showing.card is None:
                place = await self._place(lead)
            elif place is not None and place.burst is not None and _cries_out(lead):
                place = await self._stand_alone(lead, showing.card)
                showing = replace(showing, card=None)
            if place is not None and place.waits:
                return lead
            channel = await self._directory.channel_id(lead.desk)
            under = None if place is None else place.under(channel)
            card_ts = await self._show_card(showing, channel, under)
            for event in showing.untold:
                await self._tell(event, lead, channel, under or card_ts, among_others=under is not None)
            return lead

    async def show_summary(self, key: str) -> None:
        """Post or edit the summary of many leads at once; tried again later where Slack does not take it."""
        gathered = await self._store.places.gathered(key, limit=bursts.TOP)
        summary = bursts.summary(gathered, hidden=self._hidden)
        content = {"text": summary.text, "blocks": await self._quiet(summary.blocks)}
        try:
            channel = await self._directory.channel_id(gathered.desk)
            post = await self._store.posts.get(key)
            if post is None or post.ts is None or not await self._posting.edit(post, content):
                await self._posting.once(key, channel, content)
        except (Unavailable, Refused) as error:
            log.warning("summary_waits", burst=key, service=error.service, why=error.why)
            await self._store.places.shown(gathered.summary, utcnow(), well=False)
        else:
            await self._store.places.shown(gathered.summary, utcnow(), well=True)

    async def _place(self, lead: Lead) -> Placed:
        """Where the first card of this lead goes."""
        place = await self._store.places.place(
            lead.lead_id,
            lead.desk,
            urgent=is_urgent(lead),
            rule=self._desks.of(lead.desk).noise.burst,
            now=utcnow(),
            pace=self._pace,
        )
        return Placed(place.summary, None, waits=not place.at_once)

    async def _stand_alone(self, lead: Lead, card: Post | None) -> Placed:
        """What turned out to be urgent leaves its summary for the channel."""
        await self._store.places.stand_alone(lead.lead_id)
        if card is not None:
            await self._posting.take_back(card)
        return Placed(None, None, waits=False)

    async def _show_card(self, showing: Showing, channel: str, under: str | None) -> str:
        lead, post = showing.lead, showing.card
        now = utcnow().astimezone(self._desks.of(lead.desk).zone)
        hidden = self._hidden(lead.business_type)
        card = cards.card(lead, now=now, clock=showing.clock, hidden_entities=hidden)
        content: dict[str, Any] = {"text": card.text, "blocks": await self._quiet(card.blocks)}
        if post is not None and post.channel != channel:
            await self._leave(post, lead, channel)
        elif post is not None and post.ts is not None and await self._posting.edit(post, content):
            return post.ts
        where = {} if under is None else {"thread_ts": under}
        return await self._posting.once(card_key(lead.lead_id), channel, content | where)

    async def _quiet(self, blocks: list[Block]) -> list[Block]:
        """With plain names: who is to be pinged is told by a notice, as loudly as they want it."""
        names = {user: await self._name_of(user) for user in sorted(mrkdwn.mentioned(blocks))}
        return mrkdwn.pinging_nobody(blocks, {user: name for user, name in names.items() if name})

    async def warn(self, key: str, text: str) -> None:
        """A message in the first desk's channel that mentions its admins."""
        desk = self._desks.first
        channel = await self._directory.channel_id(desk.channel)
        people = [mrkdwn.mention(each) for each in desk.admins if mrkdwn.is_user(each)]
        said = " ".join([*people, mrkdwn.escape(text, WARNING_MAX)])
        short = hashlib.sha256(key.encode()).hexdigest()[:24]
        await self._posting.once(f"warning:{short}", channel, {"text": said})

    async def say(
        self, key: str, place: Place, say: Say, asks: Sequence[str], lead: Lead, *, guest: bool, language: str
    ) -> str:
        """core.conversation.places.Voice: a message in the writer's thread."""
        words = talk.words(say, asks, lead, guest=guest, language=language)
        content = {"text": words, "thread_ts": place.thread_ts}
        await self._posting.once(f"say:{lead.lead_id}:{key}", place.channel, content)
        return words

    async def _leave(self, post: Post, lead: Lead, to: str) -> None:
        """The lead went to another desk: its card here says so, and takes no clicks any more."""
        ts = post.ts or await self._posting.find(post, None)
        if ts is not None:
            card = cards.moved(lead, to)
            await self._posting.edit(replace(post, ts=ts), {"text": card.text, "blocks": card.blocks})
        await self._store.posts.forget(post.key)

    async def remove(self, channel: str, ts: str) -> None:
        """Remove a message of ours; one that is gone already is no error."""
        await self._posting.remove(channel, ts)

    async def _take_back(self, post: Post) -> None:
        """Remove the placeholder of a lead that turned out to be no second request."""
        if post.ts is not None:
            await self.remove(post.channel, post.ts)
        await self._store.posts.forget(post.key)

    async def _tell(
        self, event: Event, lead: Lead, channel: str, thread_ts: str, *, among_others: bool
    ) -> None:
        content = await self._line(event, lead) | {"thread_ts": thread_ts}
        if among_others:  # the thread is that of many leads
            content["text"] = f"{lead.number}: {content['text']}"
            if "blocks" in content:
                number = {"type": "context", "elements": [mrkdwn.plain(lead.number, 20)]}
                content["blocks"] = [number, *content["blocks"]]
        await self._posting.once(f"event:{event.event_id}", channel, content)

    async def _line(self, event: Event, lead: Lead) -> dict[str, Any]:
        # What comes up again is in the channel too where it is nobody's: an owner is told by a notice.
        up = {"reply_broadcast": True} if lead.owner is None else {}
        if event.what == MERGED_IN and event.actor == SYSTEM:
            gone = await self._store.leads.by_number((event.why or "").partition(":")[0])
            again = thread.asked_again(gone, hidden=self._hidden(gone.business_type))
            # Not while its card is still at hand.
            is_old = gone.received_at - lead.received_at > BUMP_AFTER
            return {"text": again.text, "blocks": again.blocks} | (up if is_old else {})
        if event.what in {ASKED, RECORD_GONE}:
            link = (await self._store.crm.of([lead.lead_id])).get(lead.lead_id, Link())
            said = crm_question.asked(event, lead, link.question, hidden=self._hidden(lead.business_type))
            return {"text": said.text, "blocks": said.blocks}
        who, to = await self._name_of(event.actor), await self._name_of(event.why)
        if event.what == TOOK_OVER:
            taken = thread.took_over(event, lead, who)
            return {"text": taken.text, "blocks": taken.blocks}
        is_back = event.what in {PAST[ActionName.WAKE], RETURNED} and event.actor == SYSTEM
        return {"text": thread.thread_line(event, who, to=to)} | (up if is_back else {})

    async def _name_of(self, user: str | None) -> str | None:
        """The plain name of a Slack user, so that a line of the thread pings nobody."""
        return await self._directory.name_of(user) if user and mrkdwn.is_user(user) else None


def _cries_out(lead: Lead) -> bool:
    """Whether its card should stand by itself though others came with it."""
    return is_urgent(lead) and lead.desk_status == DeskStatus.NEW


def _only_repeats(showing: Showing) -> bool:
    """Whether it was merged without anybody being asked, and nobody has touched its card yet."""
    merged = any(event.what == MERGED and event.actor == SYSTEM for event in showing.untold)
    return merged and showing.lead.desk_status == DeskStatus.MERGED and showing.lead.owner is None
