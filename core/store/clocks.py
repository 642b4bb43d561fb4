"""The clocks of leads: until when somebody must act, and when somebody did."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import Event, Lead
from core.sla.alarm import Alarm, SetAlarm
from core.sla.clock import Clock
from core.store.database import Database
from core.store.events import add_event, history
from core.store.lead_rows import change_lead, read_lead
from core.store.tables import clocks, leads


@dataclass(frozen=True)
class Seen:
    """A lead with all that its clock goes by: one snapshot."""

    lead: Lead
    history: list[Event]
    clock: Clock | None


@dataclass(frozen=True)
class Turn:
    """What becomes of a clock, and of its lead with it.

    Attributes:
        clock: as it is from now on; None: there is none.
        changes: the lead's columns that change.
        lines: of the lead's history, for what was done.
        again: of the alarm of its next step (core.sla.alarm).
    """

    clock: Clock | None
    changes: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Event] = ()
    again: int = 0


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A lead's clock as statistics see it."""

    lead_id: str
    desk: str
    source: str
    clock: Clock


class Clocks:
    """The table of clocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def see(self, lead_id: str) -> Seen:
        """The lead, its history and its clock; NotFound if there is no such lead."""
        return await self._database.read(lambda connection: _seen(connection, lead_id))

    async def of(self, lead_ids: Collection[str]) -> dict[str, Clock]:
        """The clocks of those leads that have one, by lead id."""
        values = {"lead_ids": list(lead_ids)}
        rows = await self._database.read(
            lambda connection: connection.execute(_THESE, values).mappings().all()
        )
        return {row["lead_id"]: _clock(row) for row in rows}

    async def overdue(self, now: datetime) -> frozenset[str]:
        """The ids of the leads on which somebody should have acted by now, and nobody has."""
        query = select(clocks.c.lead_id).where(clocks.c.stopped_at.is_(None), clocks.c.due_at < now)
        rows = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return frozenset(rows)

    async def turn(self, lead_id: str, decide: Callable[[Seen], Turn], set_alarm: SetAlarm) -> None:
        """Let the decision see the lead as it is now, and do what it says, all in one transaction.

        Where the next step is another one than before, its alarm is set with it.
        """

        def write(connection: Connection) -> None:
            seen = _seen(connection, lead_id, for_update=True)
            turn = decide(seen)
            if turn.changes:
                change_lead(connection, lead_id, turn.changes)
            for line in turn.lines:
                add_event(connection, line)
            if turn.clock is None:
                connection.execute(_FORGET, {"this": lead_id})
                return
            if turn.clock != seen.clock:
                self._keep(connection, lead_id, turn.clock)
            alarm = Alarm.of(lead_id, turn.clock, again=turn.again)
            before = None if seen.clock is None else Alarm.of(lead_id, seen.clock, again=turn.again)
            if alarm is not None and alarm != before:
                set_alarm(connection, alarm)

        await self._database.write(write)

    async def late(self, before: datetime, *, limit: int) -> list[tuple[str, Clock]]:
        """Lead id and clock where a step was due before that moment and is not taken, longest due first."""
        query = select(clocks).where(clocks.c.next_at < before).order_by(clocks.c.next_at).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [(row["lead_id"], _clock(row)) for row in rows]

    async def started(
        self, since: datetime, until: datetime, *, desks: Collection[str] | None = None
    ) -> list[Timed]:
        """Those that began from ``since`` on and before ``until``, at those desks or all; oldest first."""
        query = (
            select(clocks, leads.c.desk, leads.c.source)
            .join(leads, leads.c.lead_id == clocks.c.lead_id)
            .where(clocks.c.started_at >= since, clocks.c.started_at < until)
            .order_by(clocks.c.started_at)
        )
        if desks is not None:
            query = query.where(leads.c.desk.in_(desks))
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [
            Timed(lead_id=row["lead_id"], desk=row["desk"], source=row["source"], clock=_clock(row))
            for row in rows
        ]

    def _keep(self, connection: Connection, lead_id: str, clock: Clock) -> None:
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        took = None if clock.took is None else clock.took.total_seconds()
        values = {name: getattr(clock, name) for name in Clock.model_fields} | {"took": took}
        connection.execute(
            upsert(clocks)
            .values(lead_id=lead_id, **values)
            .on_conflict_do_update(index_elements=["lead_id"], set_=values)
        )


def read_clock(connection: Connection, lead_id: str) -> Clock | None:
    """The lead's clock, inside the caller's transaction."""
    row = connection.execute(_THESE, {"lead_ids": [lead_id]}).mappings().first()
    return None if row is None else _clock(row)


_THESE = select(clocks).where(clocks.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
_FORGET = delete(clocks).where(clocks.c.lead_id == bindparam("this"))


def _seen(connection: Connection, lead_id: str, *, for_update: bool = False) -> Seen:
    lead = read_lead(connection, lead_id, for_update=for_update)
    return Seen(lead, history(connection, lead_id), read_clock(connection, lead_id))


def _clock(row: RowMapping) -> Clock:
    took = None if row["took"] is None else timedelta(seconds=row["took"])
    return Clock(**{name: row[name] for name in Clock.model_fields} | {"took": took})
