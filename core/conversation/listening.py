"""What is written in watched channels: requests become leads, what belongs to one reaches it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog

from core import metrics
from core.conversation import Matter, State
from core.conversation.places import NewTurn, Place
from core.conversation.sorting import Likeness, Sort, follows, is_talk
from core.conversation.sources import Change, Fate, Wording
from core.conversation.talking import matter_of
from core.desk import Desk
from core.errors import InvalidLead
from core.lead import Contact, Draft, utcnow
from core.store.submissions import Submission

log = structlog.get_logger()

GOES_ON: Final = timedelta(hours=1)
"""How long after a request its writer's next message in the channel may belong to it."""


PATIENCE: Final = 0.5
"""Seconds for looking at a message; then it is a lead."""


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Sorts what is written, and gives it to the desk."""

    desk: Desk

    async def message(
        self,
        submission: Submission,
        read: Callable[[], Draft],
        *,
        actor: str,
        at: str | None,
        place: Place | None,
        sent: NewTurn | None,
    ) -> Sort:
        """Take a message that stands by itself in a watched channel.

        Args:
            submission: the message as it came; the same one twice is one lead.
            read: its draft; InvalidLead when it cannot be one.
            actor: Slack user id of who wrote it.
            at: the desk in whose channel it was written, if it was one.
            place: where its writer can be asked for what is missing; None: nobody can be.
            sent: the message as a turn, in case it goes on about a lead that is known.
        """
        try:
            draft = read()
        except InvalidLead:
            await self.desk.submit(submission, read, actor=actor, desk=at)  # keeps it with its reason
            raise
        parts = self.desk.parts
        event_key = submission.event_key or ""
        if await parts.store.submissions.lead_of(submission.source, event_key) is None:
            file, business_type = self.desk.place_of(submission.source, draft, at)
            business = parts.analyst.business(business_type)
            now = utcnow().astimezone(file.zone)
            matter = Matter(business=business, known={}, intent=None, now=now, region=self.desk.region)
            if place is not None and sent is not None and await self._goes_on(draft.message, place, sent):
                return Sort.FOLLOW_UP
            if is_talk(draft.message, matter, await self._likeness(draft.message, business_type)):
                metrics.deliveries.labels(submission.source, "talk").inc()
                return Sort.CHATTER
        await self.desk.submit(submission, lambda: draft, actor=actor, desk=at, talk=place)
        return Sort.LEAD

    async def _likeness(self, text: str, business_type: str) -> Likeness | None:
        """None when it takes too long: before a message is kept nothing may be slow."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.desk.parts.analyst.likeness(text, business_type)
        except TimeoutError:
            return None

    async def edited(
        self,
        source: str,
        event_key: str,
        *,
        actor: str,
        key: str,
        text: str | None = None,
        form: tuple[Draft | None, Draft] | None = None,
    ) -> bool:
        """Give a lead the new wording of its message; False when it made none.

        Args:
            source: of the message's submission.
            event_key: its key.
            actor: who edited it.
            key: unique to the edit.
            text: what a person's message says now.
            form: what the post of a form said, None where it was no lead, and says now.
        """
        wordings = None if form is None else (_wording(form[0]), _wording(form[1]))
        return await self._change(
            source, event_key, Fate.EDITED, actor=actor, key=key, text=text, form=wordings
        )

    async def deleted(self, source: str, event_key: str, *, actor: str, key: str) -> bool:
        """Tell a lead that its message is gone; False when it made none."""
        return await self._change(source, event_key, Fate.DELETED, actor=actor, key=key)

    async def _change(self, source: str, event_key: str, fate: Fate, **change: Any) -> bool:
        lead = await self.desk.parts.store.submissions.lead_of(source, event_key)
        if lead is not None:
            await self.desk.reword(Change(lead_id=lead.lead_id, fate=fate, **change))
        return lead is not None

    async def _goes_on(self, text: str, place: Place, sent: NewTurn) -> bool:
        """Whether it belongs to the lead that its writer wrote last in this channel; it is a turn then."""
        parts = self.desk.parts
        found = await parts.store.conversations.latest(place.channel, place.writer, utcnow() - GOES_ON)
        if found is None:
            return False
        lead = await parts.store.leads.standing_for(found.lead_id)
        if not follows(text, found.state or State(), matter_of(parts, lead, found.state)):
            return False
        return await self.desk.hear(found.place.key, sent)


def _wording(draft: Draft | None) -> Wording:
    if draft is None:
        return Wording(message="", contact=Contact())
    return Wording(message=draft.message, contact=draft.contact, custom_fields=draft.custom_fields)
