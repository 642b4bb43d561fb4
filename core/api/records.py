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
from core.api.changes import Change, apply, what
from core.api.keys import Caller
from core.api.register import Figures, Filters, Listing, Place, place_of, write_cursor
from core.desk import Desk
from core.errors import NotAllowed
from core.lead import Contact, Event, Lead, Status, utcnow
from core.privacy import erase

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

        Raises NotFound, Outdated, NotAllowed, InvalidLead.
        """
        lead = await self.desk.lead(name)
        key = f"action:{lead.lead_id}:change:{caller.actor}:{key}"
        if change.owner is not None and not await self.desk.parts.members.may_own(change.owner, lead.desk):
            raise NotAllowed(f"{change.owner} is no person of this desk.")
        changed: dict[str, Any] = {}

        def decide(now: Lead) -> Mapping[str, Any]:
            changed.update(apply(now, change, actor=caller.actor))
            return changed

        why = what(lead, apply(lead, change.model_copy(update={"version": None}), actor=caller.actor))
        line = Event(
            event_id=key,
            lead_id=lead.lead_id,
            at=utcnow(),
            actor=caller.actor,
            what="edited",
            why=why,
            told=True,
        )

        def follow(connection: Connection) -> None:
            for action in _following(lead.lead_id, changed, key=key, actor=caller.actor):
                self.desk.queue.follow(connection, action)

        await self.desk.parts.store.leads.act(line, decide, follow=follow)
        log.info("lead_changed", lead_id=lead.lead_id, by=caller.actor)
        return await self.read(lead.lead_id, caller)

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


def _following(lead_id: str, changed: Mapping[str, Any], *, key: str, actor: str) -> list[Action]:
    """What follows as after a click: a new owner is told, another address may be another person's."""
    following = []
    if owner := changed.get("owner"):
        following.append(
            Action(key=key, name=ActionName.REASSIGN, lead_id=lead_id, actor=actor, target=owner)
        )
    contact = {field: value or "" for field, value in changed.items() if field in Contact.model_fields}
    if contact or not following:
        seen = dict.fromkeys(contact, edits.digest(""))
        following.append(
            Action(
                key=f"{key}:contact" if following else key,
                name=ActionName.EDIT,
                lead_id=lead_id,
                actor=actor,
                edit=edits.Edit(typed=contact, seen=seen),
            )
        )
    return following
