"""What would have become of past leads under other rules: replayed in the order in which they came. Pure.

Each lead stays open as long as it really did. What nobody is given goes to whoever took it up in fact.
People's hours, absences and accounts are today's.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from core.lead import Lead
from core.routing.decide import route
from core.routing.values import Decision, Room


@dataclass(frozen=True, kw_only=True)
class Past:
    """A lead that came and maybe went.

    Attributes:
        lead: as it is today.
        came_to: the desk at which it arrived.
        given_to: whom the rules of that time gave it to; None: nobody.
        closed_at: when it was over; None: it still is not.
        counted: False for what turned out to be no lead.
        known: owners of the same person's leads before all that are replayed, latest first.
    """

    lead: Lead
    came_to: str
    given_to: str | None
    closed_at: datetime | None
    counted: bool = True
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A lead that somebody else gets; None: nobody."""

    number: str
    before: str | None
    after: str | None
    reason: str


def replay(past: Sequence[Past], rooms: Mapping[str, Room]) -> dict[str, Decision]:
    """Whose each lead would have been, by lead id; nobody begins with leads or credit.

    Args:
        past: in the order in which they came.
        rooms: every desk that there is, by channel; their seats' loads and credits do not matter.
    """
    running = _Running(rooms)
    return {each.lead.lead_id: running.give(each) for each in past}


def changes(
    past: Sequence[Past], before: Mapping[str, str | None], after: Mapping[str, Decision]
) -> list[Change]:
    """The leads whose owner differs, in the order in which they came; before: lead id -> owner."""
    return [
        Change(each.lead.number, before[each.lead.lead_id], decision.owner, decision.reason)
        for each in past
        for decision in [after[each.lead.lead_id]]
        if before[each.lead.lead_id] != decision.owner
    ]


@dataclass
class _Running:
    """The desks while leads come and go."""

    rooms: Mapping[str, Room]
    load: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    owed: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    known: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ends: list[tuple[datetime, int, str, str | None, Mapping[str, int]]] = field(default_factory=list)
    order: "count[int]" = field(default_factory=count)

    def give(self, past: Past) -> Decision:
        lead = past.lead.model_copy(update={"owner": None, "desk": past.came_to})
        now = lead.received_at
        self._end_until(now)
        rooms = {
            channel: room.filled(self.load[channel], self.owed[channel])
            for channel, room in self.rooms.items()
        }
        known = [*self.known[lead.person_id or lead.lead_id], *past.known]
        decision = route(lead, past.came_to, rooms, known=known, now=now)
        holder = decision.owner or past.lead.owner
        if holder is not None:
            self.load[decision.desk][holder] += 1
            if past.counted:
                self.known[lead.person_id or lead.lead_id].insert(0, holder)
        self._owe(decision.desk, decision.credits, 1)
        if past.closed_at is not None:
            back = {} if past.counted else decision.credits
            heapq.heappush(self.ends, (past.closed_at, next(self.order), decision.desk, holder, back))
        return decision

    def _end_until(self, now: datetime) -> None:
        while self.ends and self.ends[0][0] <= now:
            _, _, desk, holder, back = heapq.heappop(self.ends)
            if holder is not None:
                self.load[desk][holder] -= 1
            self._owe(desk, back, -1)

    def _owe(self, desk: str, credits_: Mapping[str, int], sign: int) -> None:
        for user, change in credits_.items():
            self.owed[desk][user] += sign * change
