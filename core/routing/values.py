"""Who may be given a lead, what was decided, and everything that was considered on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from core.deskfile import Holidays, Routing
from core.hours import NO_HOLIDAYS
from core.lead import Value
from core.reps import Person


class About(StrEnum):
    """What a line of the trace is about."""

    LEAD = "lead"
    OWNER = "owner"  # a customer's own rep
    RULE = "rule"
    REP = "rep"
    DESK = "desk"


class Considered(Value):
    """One thing that was considered.

    Attributes:
        name: a rule's name, a Slack user id, a desk's channel.
        so: whether it fitted, or could take the lead.
        why: in words, free of what the sender wrote.
    """

    about: About
    name: str
    so: bool
    why: str


class Decision(Value):
    """Whose a new lead is.

    Attributes:
        desk: where the lead belongs; another one than it came to when a rule says so.
        owner: Slack user id; None: the pool's.
        reason: a few words for the card.
        trace: everything considered, in order.
        credits: Slack user id -> how much this changes what each is owed, in shares of core.routing.turns.
    """

    desk: str
    owner: str | None
    reason: str
    trace: tuple[Considered, ...] = ()
    credits: Mapping[str, int] = {}


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A rep of a desk as things stand.

    Attributes:
        open_leads: of this desk, which they own.
        credit: what they are owed (core.routing.turns).
        left: the workspace, for good.
    """

    person: Person
    open_leads: int = 0
    credit: int = 0
    left: bool = False

    @property
    def user(self) -> str:
        """Slack user id."""
        return self.person.user

    @property
    def full(self) -> bool:
        """Whether they have as many open leads as they take."""
        return self.person.capacity is not None and self.open_leads >= self.person.capacity


@dataclass(frozen=True, kw_only=True)
class Room:
    """A desk as things stand: its rules, and its reps in the order of its file."""

    routing: Routing
    holidays: Holidays = NO_HOLIDAYS
    seats: tuple[Seat, ...] = ()

    def filled(self, open_leads: Mapping[str, int], credit: Mapping[str, int]) -> "Room":
        """The desk with what its reps have and are owed, by Slack user id."""
        seats = (
            replace(seat, open_leads=open_leads.get(seat.user, 0), credit=credit.get(seat.user, 0))
            for seat in self.seats
        )
        return replace(self, seats=tuple(seats))
