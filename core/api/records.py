"""Leads for programs with a key: listed, read, changed, exported, counted; each reading is in the history."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from core import edits
from core.actions import Action, ActionName
from core.api.changes import Change, apply, edit_of, what
from core.api.checking import Found, seen_before
from core.api.keys import Caller
from core.api.register import Figures, Filters, Listing, Place, place_of, write_cursor
from core.conversation.sources import Change as Reworded
from core.conversation.sources import Fate
from core.desk import Desk
from core.errors import NotAllowed
from core.lead import Contact, Draft, Event, Lead, Status, utcnow
from core.privacy import erase
from core.similar.wanted import Wanted

log = structlog.get_logger()

EXPORT_BATCH = 500
"""Leads in memory at once, whatever the export's length."""

LOOK_SECONDS = 0.1
"""How often a lead that somebody waits for is looked at."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a list.

    Attributes:
        cursor: of the next page; None: there is none.
        total: how many leads the list has, at most core.api.register.COUNT_MAX.
    """

    leads: list[Lead]
    cursor: str | None
    total: int


@dataclass(frozen=True, kw_only=True)
class Records:
    """The leads of all desks, for programs."""

    desk: Desk

    async def page(self, listing: Listing, *, after: Place | None, limit: int, caller: Caller) -> Page:
        """A page of the list, and where the next one begins."""
        register = self.desk.parts.store.register
        leads, more = await register.page(listing, after=after, limit=limit)
        total = await register.count(listing.filters)
        await self.desk.reader(caller.actor).saw(leads)
        cursor = write_cursor(place_of(listing, leads[-1])) if more else None
        return Page(leads=leads, cursor=cursor, total=total)

    async def read(self, name: str, caller: Caller) -> Lead:
        """The lead of that id or number; NotFound if there is none."""
        lead = await self.desk.lead(name)
        await self.desk.reader(caller.actor).saw([lead])
        return lead

    async def check(self, draft: Draft, wanted: Wanted, caller: Caller) -> Found:
        """What a lead that is not sent yet would be to those there are (core.api.checking)."""
        found = await seen_before(self.desk, draft, wanted)
        await self.desk.reader(caller.actor).saw([lead for lead, _ in found])
        return found

    async def export(self, listing: Listing, caller: Caller) -> AsyncIterator[list[Lead]]:
        """All leads of the list, a batch at a time."""
        async for batch in self.desk.parts.store.register.pages(listing, batch=EXPORT_BATCH):
            await self.desk.reader(caller.actor).saw(batch)
            yield batch

    async def figures(self, filters: Filters) -> Figures:
        """How many leads there are, by what they are."""
        return await self.desk.parts.store.register.figures(filters)

    async def change(self, name: str, change: Change, *, key: str, caller: Caller) -> Lead:
        """Change the lead at once; card, thread and CRM follow. The same key twice is one change.

        What it says of the lead's reading is kept to learn from, as what people correct.
        Raises NotFound, Outdated, NotAllowed, InvalidLead.
        """
        lead, parts, actor = await self.desk.lead(name), self.desk.parts, caller.actor
        key = f"action:{lead.lead_id}:change:{actor}:{key}"
        if change.owner is not None and not await parts.members.may_own(change.owner, lead.desk):
            raise NotAllowed(f"{change.owner} is no person of this desk.", field="owner")
        business, region = parts.analyst.business(lead.business_type), self.desk.region
        edit = edit_of(lead, change, business)
        changed: dict[str, Any] = {}

        def decide(now: Lead) -> Mapping[str, Any]:
            changed.update(apply(now, change, business, region=region, actor=actor))
            return changed

        anyway = change.model_copy(update={"version": None})
        why = what(edit, apply(lead, anyway, business, region=region, actor=actor))
        line = Event(
            event_id=key,
            lead_id=lead.lead_id,
            at=utcnow(),
            actor=actor,
            what="edited",
            why=why,
            told=True,
        )
        await parts.store.labels.correct(
            line,
            edits.correction_of(edit),
            decide,
            follow=lambda connection: self._follow(connection, line, changed),
        )
        log.info("lead_changed", lead_id=lead.lead_id, by=actor)
        return await self.read(lead.lead_id, caller)

    def _follow(self, connection: Connection, line: Event, changed: Mapping[str, Any]) -> None:
        """What follows as after a click: a new wording is read, a new owner told, a new address compared."""
        key, lead_id, actor = line.event_id, line.lead_id, line.actor
        owner, text = changed.get("owner"), changed.get("message")
        contact = set(changed) & set(Contact.model_fields)
        if text is not None:
            contact = set()  # it is compared when the wording is
            reworded = Reworded(key=key, lead_id=lead_id, actor=actor, fate=Fate.EDITED, text=text)
            self.desk.queue.reword_in(connection, reworded)
        if owner or text is None:
            action = Action(
                key=key,
                name=ActionName.REASSIGN if owner else ActionName.EDIT,
                lead_id=lead_id,
                actor=actor,
                target=owner,
                edit=edits.Edit(typed=dict.fromkeys(contact, ""), seen=dict.fromkeys(contact, "")),
            )
            self.desk.queue.follow(connection, action)

    async def erase(self, name: str, *, key: str, caller: Caller) -> Lead:
        """Remove the lead for good, from the store at once; the lead as it was.

        Chroma, the CRM and Slack follow, as soon as each answers. Raises NotFound, NotAllowed.
        """
        lead = await self.desk.lead(name)
        action = Action(
            key=f"erase:{lead.lead_id}:{caller.actor}:{key}",  # not among the lead's own work, which ends now
            name=ActionName.FORGET,
            lead_id=lead.lead_id,
            actor=caller.actor,
        )
        await erase(self.desk.parts, action)
        await self.desk.act(action)
        return lead

    async def enriched(self, lead_id: str, *, patience: float) -> Lead | None:
        """The lead once it is read and compared as well as it can be now; None if that takes longer (s)."""
        until = time.monotonic() + patience
        while True:
            lead = await self.desk.parts.store.leads.get(lead_id)
            if lead.analysis is not None and lead.status in {Status.ENRICHED, Status.SYNCED}:
                return await self.desk.parts.store.leads.standing_for(lead_id)
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(LOOK_SECONDS)
