"""Gives a new lead to somebody: looks at the desks as they are, lets core.routing decide, keeps it."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.desks import Desks
from core.errors import Refused, Unavailable
from core.lead import Lead, utcnow
from core.reps import Person, reps
from core.routing.decide import reachable, route
from core.routing.revisions import counts
from core.routing.values import Decision, Room, Seat
from core.store import Store
from core.store.assignments import Situation

log = structlog.get_logger()

PATIENCE = 1.0
"""Seconds to ask whether somebody's account is still in use: a lead waits for no answer."""


class Accounts(Protocol):
    """Whose account is still in use."""

    async def has_left(self, user: str) -> bool:
        """Whether this user's account is deactivated; Unavailable when nobody can tell."""


@dataclass(frozen=True, kw_only=True)
class Router:
    """What a decision is made from."""

    store: Store
    desks: Desks
    accounts: Accounts

    async def assign(self, lead_id: str, key: str | None = None) -> Decision | None:
        """Decide whose the lead is and keep it; the same key again is told the first decision.

        None where there is nothing to decide: somebody has it, or its desk gives leads to nobody.
        """
        lead = await self.store.leads.get(lead_id)
        rooms = await self.rooms(lead.desk)
        if not any(room.seats or room.routing.rules for room in rooms.values()):
            return None
        now = utcnow()

        def decide(fresh: Lead, situation: Situation) -> Decision:
            standing = {
                channel: room.filled(situation.desks[channel].open_leads, situation.desks[channel].credits)
                for channel, room in rooms.items()
            }
            return route(fresh, fresh.desk, standing, known=situation.known, now=now)

        return await self.store.assignments.assign(
            key or assignment_key(lead_id), lead_id, desks=rooms.keys(), decide=decide, at=now
        )

    async def rooms(self, start: str) -> dict[str, Room]:
        """The desks at which a lead may end that comes to this one, with everybody who works there."""
        found: dict[str, Room] = {}
        new = frozenset({start})
        while new:
            for channel in new:
                found[channel] = await self._room(channel)
            routings = {channel: room.routing for channel, room in found.items()}
            new = reachable(start, routings) - found.keys()
        return found

    async def _room(self, channel: str) -> Room:
        file = self.desks.of(channel)
        routing = counts(file.routing, await self.store.routings.newest(channel))
        people = reps(file, await self.store.reps.own(channel)) if file.reps else ()
        left = await asyncio.gather(*(self._has_left(each) for each in people))
        seats = tuple(Seat(person=each, left=gone) for each, gone in zip(people, left, strict=True))
        return Room(routing=routing, holidays=file.holidays, seats=seats)

    async def _has_left(self, person: Person) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.accounts.has_left(person.user)
        except (Unavailable, Refused, TimeoutError) as error:
            log.warning("account_unknown", user=person.user, why=str(error) or "took too long")
            return False


def assignment_key(lead_id: str) -> str:
    """The key of the decision whose a new lead is."""
    return f"assigned:{lead_id}"
