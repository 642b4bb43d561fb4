"""What somebody sees of a desk when they come home: their queue, what is late, who is there, what to mend."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field

from core.deskfile import DeskFile
from core.desks import Desks
from core.hours import Calendar
from core.lead import Lead, Value
from core.reps import UNSET, OwnSettings, Person, person
from core.rights import Role
from core.store import Store
from core.store.submissions import Delivery
from core.store.workload import Load, Queue, Workload

ROWS = 6
"""Leads of a list that are shown at once."""


DELIVERIES = 5
"""Deliveries that are no leads, shown at once."""


class Pile(StrEnum):
    """The lists, in the order in which they are shown."""

    OVERDUE = "overdue"
    MINE = "mine"
    UNCLAIMED = "unclaimed"


class Place(Value):
    """Where in their Home somebody is; it travels with the view."""

    desk: str | None = Field(default=None, description="the desk's channel; None: their first")
    after: Mapping[Pile, int] = Field(default_factory=dict, description="the lead before the page: number")
    back: Pile | None = Field(
        default=None, description="a list that is to be turned back by a page from there"
    )
    delivery: str | None = Field(default=None, description="the delivery before the page of those: id")

    def forth(self, pile: Pile, after: int) -> "Place":
        """The same place with one list turned to what comes after this lead."""
        return self.model_copy(update={"after": {**self.after, pile: after}})

    def older(self, delivery: str | None) -> "Place":
        """The same place with the deliveries turned to those before this one; None: to the newest."""
        return self.model_copy(update={"delivery": delivery})

    def turned_back(self, pile: Pile) -> "Place":
        """The same place with one list turned back by a page."""
        return self.model_copy(update={"back": pile})


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a list.

    Attributes:
        total: leads in the whole list.
        after: number of the lead before the first shown, 0: it is the list's first page.
        more: whether others follow.
    """

    leads: tuple[Lead, ...] = ()
    total: int = 0
    after: int = 0
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Undone:
    """Deliveries that are no leads, a page of them.

    Attributes:
        total: however many there are.
        after: id of the delivery before the first shown; None: these are the newest.
        more: whether older ones follow.
    """

    deliveries: tuple[Delivery, ...] = ()
    total: int = 0
    after: str | None = None
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody at the desk, as the team board shows them.

    Attributes:
        capacity: most open leads at once; None: any number, or no rep.
        away_until: last day of the absence that they are in.
    """

    user: str
    load: Load
    capacity: int | None = None
    on_duty: bool = False
    away_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Home:
    """All that one person's Home shows of one desk.

    Attributes:
        desks: channels of all desks they belong to, this one's too.
        snoozed: how many of their leads sleep.
        due: lead id -> when somebody must have acted, of those shown whose clock runs.
        team: the busiest first.
        person: who they are at the desk, with what they set for themselves there.
        own: what they set.
        undone: what came to the desk and is no lead; for admins.
    """

    desk: DeskFile
    role: Role
    person: Person
    desks: tuple[str, ...] = ()
    own: OwnSettings = UNSET
    lists: Mapping[Pile, Page]
    snoozed: int = 0
    due: Mapping[str, datetime] = field(default_factory=dict)
    team: tuple[Colleague, ...] = ()
    undone: Undone = Undone()

    @property
    def place(self) -> Place:
        """Where this is."""
        moved = {pile: page.after for pile, page in self.lists.items() if page.after}
        return Place(desk=self.desk.channel, after=moved, delivery=self.undone.after)


async def read(store: Store, desk: DeskFile, user: str, role: Role, *, place: Place, now: datetime) -> Home:
    """What there is to show, from the store; no list is read further than its page."""
    queues = _queues(desk.channel, user, role, now)
    loads, own = await asyncio.gather(store.workload.loads(desk.channel), store.reps.own(desk.channel))
    pages = await asyncio.gather(
        *(_page(store.workload, queue, place, pile) for pile, queue in queues.items())
    )
    shown = {lead.lead_id for page in pages for lead in page.leads}
    running = await store.clocks.of(shown)
    settings = own.get(user, UNSET)
    return Home(
        desk=desk,
        role=role,
        person=person(desk, user, settings),
        own=settings,
        lists=dict(zip(queues, pages, strict=True)),
        due={lead_id: clock.due_at for lead_id, clock in running.items() if clock.stopped_at is None},
        snoozed=loads.get(user, Load()).snoozed,
        team=team(desk, own, loads, now),
    )


async def read_undone(store: Store, desks: Desks, channel: str, *, place: Place) -> Undone:
    """What came to that desk and is no lead: this place's page, or the newest where none is left there.

    What no desk takes is the first's.
    """
    others = frozenset(desks.channels) - {channel} if channel == desks.first.channel else None
    after = place.delivery
    found = await store.kept.no_leads(channel, but=others, before=after, limit=DELIVERIES + 1)
    if not found and after is not None:
        after, found = None, await store.kept.no_leads(channel, but=others, before=None, limit=DELIVERIES + 1)
    total = await store.kept.count_no_leads(channel, but=others)
    return Undone(
        deliveries=tuple(found[:DELIVERIES]), total=total, after=after, more=len(found) > DELIVERIES
    )


def _queues(desk: str, user: str, role: Role, now: datetime) -> dict[Pile, Queue]:
    """Whose leads are in which list; what is late is in none but its own, of whoever can do something."""
    leads_others = role in {Role.MANAGER, Role.ADMIN}
    late_of = frozenset[str | None]() if leads_others else frozenset({user, None})
    return {
        Pile.OVERDUE: Queue(desk, late_of, now, late=True),
        Pile.MINE: Queue(desk, frozenset({user}), now, late=False),
        Pile.UNCLAIMED: Queue(desk, frozenset({None}), now, late=False),
    }


async def _page(workload: Workload, queue: Queue, place: Place, pile: Pile) -> Page:
    """The list's page at this place, or the first where none is left there."""
    after = place.after.get(pile, 0)
    if place.back == pile:
        after = await workload.page_before(queue, after=after, limit=ROWS)
    found = await workload.page(queue, after=after, limit=ROWS + 1)
    if not found and after:
        after, found = 0, await workload.page(queue, after=0, limit=ROWS + 1)
    total = await workload.count(queue)
    return Page(leads=tuple(found[:ROWS]), total=total, after=after, more=len(found) > ROWS)


def team(
    desk: DeskFile, own: Mapping[str, OwnSettings], loads: Mapping[str | None, Load], now: datetime
) -> tuple[Colleague, ...]:
    """The desk's reps and whoever else has its leads, the busiest first."""
    users = {*desk.reps, *(user for user in loads if user is not None)}
    people = [person(desk, user, own.get(user, UNSET)) for user in users]
    found = [
        Colleague(
            user=each.user,
            load=loads.get(each.user, Load()),
            capacity=each.capacity,
            on_duty=on_duty(desk, each, now),
            away_until=away_until(each, now),
        )
        for each in people
    ]
    return tuple(sorted(found, key=lambda each: (-each.load.waiting, each.user)))


def on_duty(desk: DeskFile, who: Person, now: datetime) -> bool:
    """Whether this is within the person's hours, no holiday of the desk's and no day off."""
    return Calendar(who.hours, ZoneInfo(who.time_zone), desk.holidays, who.away).is_open(now)


def away_until(who: Person, now: datetime) -> date | None:
    """The last day of the absence that somebody is in; None: in none."""
    today = who.today(now)
    return max((each.last for each in who.away if each.first <= today <= each.last), default=None)
