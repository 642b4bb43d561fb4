"""Turns at a service that allows so many calls a second, shared by all processes on this database."""

import asyncio
import time
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, func, insert, select, update

from core.pace import AHEAD, SILENCE, SLOTS, first_free
from core.ports import Turn
from core.store.database import Database
from core.store.tables import call_slots

LEASE = 60.0
"""Seconds after which a turn is free whose process died before its answer came."""

LOOK_AGAIN = 0.02
"""Seconds after which somebody who waits for an answer of another looks again."""


class CallSlots:
    """core.ports.Pace in the database: a row a slot, each with the time from which on it is free."""

    def __init__(self, database: Database, name: str, second: float) -> None:
        """name: of the service, as in ``airtable:appXYZ``; second: for how long an answer keeps its slot."""
        self._database = database
        self._name = name
        self._second = second
        self._there = False

    async def turn(self) -> Turn:
        """Wait for this caller's turn; ``quiet``: for so many seconds nobody may call."""
        while True:
            turn, wait = await self._database.write(self._take)
            if turn is not None:
                return turn
            await asyncio.sleep(wait)

    async def done(self, turn: Turn, answered: float) -> None:
        """The slot is free a second after the answer."""

        def write(connection: Connection) -> None:
            late = time.monotonic() - answered
            self._set(connection, turn.slot, self._now(connection) + self._second - late)

        if not turn.quiet:
            await self._database.write(write)

    async def hold(self, seconds: float) -> None:
        """The service asked for silence: nobody calls for so long."""

        def write(connection: Connection) -> None:
            until = self._now(connection) + seconds
            if self._slots(connection)[SILENCE] < until:
                self._set(connection, SILENCE, until)

        await self._database.write(write)

    def _take(self, connection: Connection) -> tuple[Turn | None, float]:
        """The turn, or else the seconds after which to look again."""
        slots, now = self._slots(connection), self._now(connection)
        if slots[SILENCE] > now:
            return Turn(quiet=slots[SILENCE] - now), 0.0
        slot = first_free(slots)
        wait = slots[slot] - now
        if wait > AHEAD:
            in_flight = wait > self._second
            return None, LOOK_AGAIN if in_flight else wait - AHEAD
        at = time.monotonic() + wait  # that clock is looked at last: rather a moment late than early
        self._set(connection, slot, now + LEASE)
        return Turn(slot=slot, at=at), 0.0

    def _slots(self, connection: Connection) -> Mapping[int, float]:
        """The rows, locked; made where they are missing."""
        values = {"name": self._name}
        rows = connection.execute(_ROWS, values).all()
        if not rows:
            made = [{"name": self._name, "slot": slot, "free_at": 0.0} for slot in (SILENCE, *SLOTS)]
            if not self._database.is_sqlite:  # two processes may begin at once: one makes them
                connection.execute(select(func.pg_advisory_xact_lock(_MAKING)))
                rows = connection.execute(_ROWS, values).all()
            if not rows:
                connection.execute(insert(call_slots), made)
                rows = connection.execute(_ROWS, values).all()
        return {row.slot: row.free_at for row in rows}

    def _set(self, connection: Connection, slot: int, free_at: float) -> None:
        connection.execute(_FREE, {"this": self._name, "its": slot, "free_at": free_at})

    def _now(self, connection: Connection) -> float:
        """One clock for all: the database server's where there is one, else this machine's."""
        if self._database.is_sqlite:
            return time.time()
        return float(connection.execute(_CLOCK).scalar_one())


_MAKING = 7710
_ROWS = (
    select(call_slots)
    .where(call_slots.c.name == bindparam("name"))
    .order_by(call_slots.c.slot)
    .with_for_update()
)
_FREE = update(call_slots).where(
    call_slots.c.name == bindparam("this"), call_slots.c.slot == bindparam("its")
)
_CLOCK = select(func.extract("epoch", func.clock_timestamp()))
