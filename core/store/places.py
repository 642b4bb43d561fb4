"""Where each new card goes, and when its turn is: right with several processes, and after a restart."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.deskfile import Burst
from core.lead import Lead, Urgency
from core.noise.bursts import Place, Summary, summary_of
from core.store.database import Database
from core.store.lead_rows import read_leads
from core.store.tables import bursts, leads, paces, places, posts

AHEAD = 3
"""How many cards may be posted before their turn: Slack takes short bursts."""

TICK = timedelta(seconds=1)
"""How often is looked whose turn it is: then the turns up to the next look are given."""

SHOWN_AFTER = timedelta(seconds=2)
"""How long a new summary waits for further leads, so that it does not begin with one."""

SHOWN_AGAIN = timedelta(seconds=5)
"""How long after it was shown a summary is shown anew at the earliest."""

TRY_AGAIN = timedelta(seconds=30)
"""After how long a summary that could not be shown is tried again."""

Enlist = Callable[[Connection, str], None]
"""Enqueues what is to be done with this lead or summary inside the caller's transaction."""


@dataclass(frozen=True)
class Gathered:
    """A summary with the leads whose cards are under it: many, so that only a page of them is read.

    Attributes:
        leads: the page; of all of them the most urgent first, then the best, then the oldest.
        count, urgent: how many there are, and how many of them are urgent.
        apart: how many came meanwhile and stand by themselves, being urgent.
    """

    summary: Summary
    desk: str
    leads: list[Lead]
    count: int
    urgent: int
    apart: int


class Places:
    """The tables of new cards' places, of summaries, and of whose turn it is in a channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(
        self, lead_id: str, desk: str, *, urgent: bool, rule: Burst, now: datetime, pace: timedelta
    ) -> Place:
        """Where this lead's first card goes, decided once.

        Args:
            lead_id: whose.
            desk: its desk, whose leads are counted together.
            urgent: whether its card stands by itself however many there are.
            rule: the desk's.
            now: aware.
            pace: the time between two posts that the channel takes for long.
        """

        def write(connection: Connection) -> Place:
            self._one_at_a_time(connection, desk)
            known = connection.execute(_PLACE, {"lead_id": lead_id}).first()
            if known is not None:
                return Place(summary=known.burst, at_once=not known.waits)
            recent = {"desk": desk, "since": now - rule.within, "enough": rule.leads}
            earlier = connection.execute(_RECENT, recent).scalars().all()
            row = connection.execute(_LAST, {"desk": desk}).first()
            last = None if row is None else Summary(key=row.key, began_at=row.began_at, last_at=row.last_at)
            new = f"burst:{desk}:{now.timestamp():.3f}"
            burst = summary_of(rule, earlier, last, now=now, new=new)
            if burst is not None and not (urgent and burst == new):
                self._gather(connection, burst, desk, now)
            summary = None if urgent else burst
            free_at = max(connection.execute(_TURN, {"desk": desk}).scalar() or now, now)
            at_once = summary is None and free_at - now <= AHEAD * pace
            if at_once:
                self._set_turn(connection, desk, free_at + pace)
            values = {"lead_id": lead_id, "desk": desk, "at": now, "burst": summary, "waits": not at_once}
            connection.execute(insert(places), values)
            return Place(summary=summary, at_once=at_once)

        return await self._database.write(write)

    async def stand_alone(self, lead_id: str) -> None:
        """The lead's card leaves its summary and goes into the channel by itself, at once."""
        values = {"this": lead_id}
        await self._database.write(lambda connection: connection.execute(_ALONE, values))

    async def take(self, now: datetime, *, pace: timedelta, enlist: Enlist) -> None:
        """Enlist the cards whose turn it is, of each desk as many as its channel takes; each once.

        Cards that stand by themselves go first; those under a summary wait until it is posted.
        """

        def write(connection: Connection) -> None:
            for desk in connection.execute(_WAITING_DESKS).scalars().all():
                self._one_at_a_time(connection, desk)
                free_at = max(connection.execute(_TURN, {"desk": desk}).scalar() or now, now)
                room = max(0, math.ceil((now + TICK - free_at) / pace))
                for lead_id in connection.execute(_NEXT, {"desk": desk, "room": room}).scalars().all():
                    connection.execute(_ITS_TURN, {"this": lead_id})
                    free_at += pace
                    enlist(connection, lead_id)
                self._set_turn(connection, desk, free_at)

        if await self._database.read(lambda connection: connection.execute(_WAITING_DESKS).first()):
            await self._database.write(write)

    async def stale(self, now: datetime) -> list[tuple[str, int]]:
        """Summaries that do not say all: their keys, and how often they were shown."""
        rows = await self._database.read(lambda connection: connection.execute(_STALE, {"now": now}).all())
        return [(row.key, row.edition) for row in rows]

    async def gathered(self, key: str, *, offset: int = 0, limit: int) -> Gathered:
        """The summary with a page of its leads as they are now."""

        def read(connection: Connection) -> Gathered:
            row = connection.execute(_BURST, {"key": key}).one()
            page = {"burst": key, "offset": offset, "limit": limit}
            lead_ids = connection.execute(_PAGE, page).scalars().all()
            counts = connection.execute(_COUNTS, {"burst": key}).one()
            meanwhile = {"desk": row.desk, "first": row.began_at, "last": row.last_at}
            return Gathered(
                summary=Summary(key=key, began_at=row.began_at, last_at=row.last_at),
                desk=row.desk,
                leads=read_leads(connection, lead_ids),
                count=counts.all,
                urgent=counts.urgent,
                apart=connection.execute(_APART, meanwhile).scalar_one(),
            )

        return await self._database.read(read)

    async def shown(self, summary: Summary, now: datetime, *, well: bool) -> None:
        """It was shown as it was then, or could not be; it is shown again when it has more to say."""

        def write(connection: Connection) -> None:
            row = connection.execute(_BURST.with_for_update(), {"key": summary.key}).one()
            grew = row.last_at > summary.last_at
            again = now + TRY_AGAIN if not well else now + SHOWN_AGAIN if grew else None
            connection.execute(_SHOWN, {"this": summary.key, "again": again})

        await self._database.write(write)

    def _one_at_a_time(self, connection: Connection, desk: str) -> None:
        """What counts a desk's cards takes turns with what adds one; SQLite's writers do so anyway."""
        if not self._database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(7_701, func.hashtext(desk))))

    def _gather(self, connection: Connection, key: str, desk: str, now: datetime) -> None:
        if connection.execute(_BURST, {"key": key}).first() is None:
            times = {"began_at": now, "last_at": now, "stale_at": now + SHOWN_AFTER}
            connection.execute(insert(bursts), {"key": key, "desk": desk, "edition": 0, **times})
        else:
            connection.execute(_GROWS, {"this": key, "now": now, "again": now + SHOWN_AGAIN})

    def _set_turn(self, connection: Connection, desk: str, free_at: datetime) -> None:
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        query = upsert(paces).values(desk=desk, free_at=free_at)
        connection.execute(query.on_conflict_do_update(index_elements=["desk"], set_={"free_at": free_at}))


_PLACE = select(places.c.burst, places.c.waits).where(places.c.lead_id == bindparam("lead_id"))
_RECENT = (
    select(places.c.at)
    .where(places.c.desk == bindparam("desk"), places.c.at > bindparam("since"))
    .limit(bindparam("enough"))
)
_LAST = select(bursts).where(bursts.c.desk == bindparam("desk")).order_by(bursts.c.last_at.desc()).limit(1)
_BURST = select(bursts).where(bursts.c.key == bindparam("key"))
_TURN = select(paces.c.free_at).where(paces.c.desk == bindparam("desk"))
_ALONE = update(places).where(places.c.lead_id == bindparam("this")).values(burst=None, waits=False)
_ITS_TURN = update(places).where(places.c.lead_id == bindparam("this")).values(waits=False)
_WAITING_DESKS = select(places.c.desk).where(places.c.waits).distinct().order_by(places.c.desk)
_NEXT = (
    select(places.c.lead_id)
    .join(posts, posts.c.key == places.c.burst, isouter=True)
    .where(places.c.desk == bindparam("desk"), places.c.waits)
    .where(places.c.burst.is_(None) | posts.c.ts.is_not(None))
    .order_by(places.c.burst.is_not(None), places.c.at, places.c.lead_id)
    .limit(bindparam("room"))
)
_STALE = select(bursts.c.key, bursts.c.edition).where(bursts.c.stale_at <= bindparam("now"))
_GROWS = (
    update(bursts)
    .where(bursts.c.key == bindparam("this"))
    .values(
        last_at=bindparam("now"),
        stale_at=func.coalesce(bursts.c.stale_at, bindparam("again", type_=bursts.c.stale_at.type)),
    )
)
_SHOWN = (
    update(bursts)
    .where(bursts.c.key == bindparam("this"))
    .values(edition=bursts.c.edition + 1, stale_at=bindparam("again"))
)
_OF_BURST = places.join(leads, leads.c.lead_id == places.c.lead_id)
_URGENCY = leads.c.analysis["urgency"].as_string()
_HURRY = case({urgency.value: rank for rank, urgency in enumerate(Urgency)}, value=_URGENCY, else_=-1)
_QUALITY = func.coalesce(leads.c.analysis["quality_score"].as_integer(), 0)
_PAGE = (
    select(leads.c.lead_id)
    .select_from(_OF_BURST)
    .where(places.c.burst == bindparam("burst"))
    .order_by(_HURRY.desc(), _QUALITY.desc(), leads.c.lead_id)
    .offset(bindparam("offset"))
    .limit(bindparam("limit"))
)
_COUNTS = (
    select(
        func.count().label("all"),
        func.count(case((Urgency.URGENT.value == _URGENCY, 1))).label("urgent"),
    )
    .select_from(_OF_BURST)
    .where(places.c.burst == bindparam("burst"))
)
_APART = select(func.count()).where(
    places.c.desk == bindparam("desk"),
    places.c.burst.is_(None),
    places.c.at.between(bindparam("first"), bindparam("last")),
)
