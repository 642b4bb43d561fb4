"""Puts each lead on its desk: one card, posted once, then edited; what people did to it, in its thread."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from core.actions import PAST, ActionName
from core.desks import Desks
from core.lead import SYSTEM, DeskStatus, Event, Lead, utcnow
from core.merge import MERGED, MERGED_IN
from core.notices import Notice
from core.sla import RETURNED, Clock
from core.store import Store
from core.store.posts import Post, Showing, card_key
from handlers import cards, mrkdwn, thread
from handlers.slack.api import Slack, SlackRefused
from handlers.slack.directory import Directory

EVENT_TYPE = "basecamp_post"
"""The metadata type by which we find a message of ours whose answer was lost."""

BUMP_AFTER = timedelta(minutes=10)
"""From this age on, a request that is asked again comes up in the channel again."""

GONE = frozenset({"message_not_found", "cant_update_message"})

CLOCK_SKEW, LATEST_ARRIVAL = 60, 120
"""Seconds before and after the intent in which a message whose answer was lost is looked for."""


class SlackBoard:
    """core.ports.Board on a Slack channel. Shows of one lead take turns; each reads the lead anew."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        directory: Directory,
        desks: Desks,
        *,
        hidden: Callable[[str], frozenset[str]],
    ) -> None:
        """hidden: business type -> entities that its cards do not show."""
        self._store = store
        self._slack = slack
        self._directory = directory
        self._desks = desks
        self._hidden = hidden
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show(self, lead_id: str) -> Lead:
        """Post or edit the card, then add the thread lines that are not there yet; the lead as shown."""
        turn = self._turns.setdefault(lead_id, asyncio.Lock())
        async with turn:
            showing = await self._store.posts.showing(lead_id)
            if showing.card is None and showing.lead.desk_status == DeskStatus.MERGED:
                return showing.lead  # merged before it had a card: the other lead's says all
            if showing.card is not None and _only_repeats(showing):
                await self._take_back(showing.card)
                return showing.lead
            card_ts = await self._show_card(showing.lead, showing.card, showing.clock)
            for event in showing.untold:
                await self._tell(event, showing.lead, card_ts)
            return showing.lead

    async def _show_card(self, lead: Lead, post: Post | None, clock: Clock | None) -> str:
        now = utcnow().astimezone(self._desks.of(lead.desk).zone)
        card = cards.card(lead, now=now, clock=clock, hidden_entities=self._hidden(lead.business_type))
        content = {"text": card.text, "blocks": card.blocks}
        channel = await self._directory.channel_id(lead.desk)
        if post is not None and post.channel != channel:
            await self._leave(post, lead, channel)
        elif post is not None and post.ts is not None and await self._edit(post, content):
            return post.ts
        return await self._post_once(card_key(lead.lead_id), channel, content)

    async def give(self, notice: Notice) -> None:
        """core.notices.Notices: a mention in the card's thread."""
        place = (await self._store.posts.cards([notice.lead_id])).get(notice.lead_id)
        if place is None or notice.to is None:
            return
        text = " ".join(
            filter(None, [mrkdwn.mention(notice.to), notice.reason.replace("_", " "), notice.why])
        )
        channel, ts = place
        await self._post_once(f"notice:{notice.key}", channel, {"text": text, "thread_ts": ts})

    async def _leave(self, post: Post, lead: Lead, to: str) -> None:
        """The lead went to another desk: its card here says so, and takes no clicks any more."""
        ts = post.ts or await self._find(post, None)
        if ts is not None:
            card = cards.moved(lead, to)
            await self._edit(replace(post, ts=ts), {"text": card.text, "blocks": card.blocks})
        await self._store.posts.forget(post.key)

    async def remove(self, channel: str, ts: str) -> None:
        """Remove a message of ours; one that is gone already is no error."""
        try:
            await self._slack.call("chat.delete", channel=channel, ts=ts)
        except SlackRefused as error:
            if error.code not in GONE:
                raise

    async def _take_back(self, post: Post) -> None:
        """Remove the placeholder of a lead that turned out to be no second request."""
        if post.ts is not None:
            await self.remove(post.channel, post.ts)
        await self._store.posts.forget(post.key)

    async def _tell(self, event: Event, lead: Lead, card_ts: str) -> None:
        channel = await self._directory.channel_id(lead.desk)
        content = await self._line(event, lead) | {"thread_ts": card_ts}
        await self._post_once(f"event:{event.event_id}", channel, content)

    async def _line(self, event: Event, lead: Lead) -> dict[str, Any]:
        if event.what == MERGED_IN and event.actor == SYSTEM:
            gone = await self._store.leads.by_number((event.why or "").partition(":")[0])
            again = thread.asked_again(gone, lead.owner, hidden=self._hidden(gone.business_type))
            # In the channel too, so that the request comes up again; not while its card is still at hand.
            bump = gone.received_at - lead.received_at > BUMP_AFTER
            return {"text": again.text, "blocks": again.blocks} | ({"reply_broadcast": True} if bump else {})
        who = await self._directory.name_of(event.actor) if mrkdwn.is_user(event.actor) else None
        # The former owner is told, or not, as they want to be; the line is for the others.
        to = await self._directory.name_of(event.why) if event.what == RETURNED and event.why else None
        # What was put off or nobody has comes up again for everybody: in the thread alone nobody reads it.
        up = event.what in {PAST[ActionName.WAKE], RETURNED} and event.actor == SYSTEM
        return {"text": thread.thread_line(event, who, to=to)} | ({"reply_broadcast": True} if up else {})

    async def _edit(self, post: Post, content: dict[str, Any]) -> bool:
        """Bring the message to this content; False if it is gone from Slack."""
        digest = _digest(content)
        if post.digest == digest:
            return True
        try:
            await self._slack.call("chat.update", channel=post.channel, ts=post.ts, **content)
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            await self._store.posts.forget(post.key)
            return False
        await self._store.posts.posted(post.key, post.ts or "", digest)
        return True

    async def _post_once(self, key: str, channel: str, content: dict[str, Any]) -> str:
        """Post under this key unless that was done before; an answer may have been lost on the way."""
        post = await self._store.posts.intend(key, channel, utcnow())
        if post.ts is not None:
            return post.ts
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        ts = None if post.fresh else await self._find(post, content.get("thread_ts"))
        if ts is None:
            if not post.fresh:
                await self._store.posts.intend_again(key, utcnow())
            answer = await self._slack.call(
                "chat.postMessage", channel=channel, metadata=metadata, unfurl_links=False, **content
            )
            ts = str(answer["ts"])
            await self._store.posts.posted(key, ts, _digest(content))
            return ts
        found = replace(post, ts=ts)  # what it shows is not known: bring it to this content
        if "thread_ts" in content:
            await self._store.posts.posted(key, ts, _digest(content))
        else:
            await self._edit(found, content)
        return ts

    async def _find(self, post: Post, thread_ts: str | None) -> str | None:
        """The ts of the message posted under this intent, if it got through."""
        at = post.intended_at.timestamp()
        place = {
            "channel": post.channel,
            "include_all_metadata": True,
            "limit": 200,
            "oldest": f"{at - CLOCK_SKEW:.6f}",
            "latest": f"{at + LATEST_ARRIVAL:.6f}",
        }
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        if thread_ts is not None:
            place["ts"] = thread_ts
        cursor = ""
        while True:
            answer = await self._slack.call(method, cursor=cursor, **place)
            for message in answer.get("messages", []):
                if message.get("metadata", {}).get("event_payload", {}).get("key") == post.key:
                    return str(message["ts"])
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return None


def _only_repeats(showing: Showing) -> bool:
    """Whether it was merged without anybody being asked, and nobody has touched its card yet."""
    merged = any(event.what == MERGED and event.actor == SYSTEM for event in showing.untold)
    return merged and showing.lead.desk_status == DeskStatus.MERGED and showing.lead.owner is None


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
