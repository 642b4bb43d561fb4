"""Parts of leads that wait for a service to come back: what is missing, why, and when to try again."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import Part
from core.store.database import Database
from core.store.tables import waiting

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)
LONGEST_CRM_RETRY = timedelta(days=1)

FRESH = timedelta(hours=1)
"""How young a lead is that goes before the others."""


@dataclass(frozen=True)
class Waiting:
    """One part of one lead that is due for another try."""

    lead_id: str
    part: Part
    since: datetime
    attempts: int


class WaitingParts:
    """The table of what is missing on leads; a row goes when its part is done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, lead_id: str, part: Part, why: str, now: datetime, *, not_before: timedelta
    ) -> datetime:
        """The part failed just now; it is tried again after a pause, at least ``not_before`` from now.

        Since when it waits.
        """
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        known = select(waiting.c.attempts, waiting.c.since).where(*_this(lead_id, part))

        def write(connection: Connection) -> datetime:
            row = connection.execute(known).first()
            attempts, since = (row.attempts, row.since) if row else (0, now)
            changing = {"why": why, "next_at": now + max(_pause(attempts, part), not_before)}
            connection.execute(
                upsert(waiting)
                .values(lead_id=lead_id, part=part, since=now, attempts=0, **changing)
                .on_conflict_do_update(index_elements=["lead_id", "part"], set_=changing)
            )
            return since

        return await self._database.write(write)

    async def done(self, lead_id: str, part: Part) -> None:
        """The part is there."""
        known = select(waiting.c.part).where(*_this(lead_id, part))
        if await self._database.read(lambda connection: connection.execute(known).first()):
            gone = delete(waiting).where(*_this(lead_id, part))  # mostly it never waited: spare the write
            await self._database.write(lambda connection: connection.execute(gone))

    async def take(self, now: datetime, *, parts: Collection[Part], limit: int) -> list[Waiting]:
        """What to try again now of these parts; each taken by one caller only.

        The leads of the last hour first, since their senders still wait, then the others, and of either the
        oldest first. The pause until the next try doubles with each, so a try that fails is no dead end.
        """
        query = (
            select(waiting)
            .where(waiting.c.next_at <= now, waiting.c.part.in_(parts))
            .order_by(waiting.c.lead_id < _first_id(now - FRESH), waiting.c.lead_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

        def write(connection: Connection) -> list[Waiting]:
            rows = connection.execute(query).all()
            again = [
                {"this": row.lead_id, "its": row.part, "next_at": now + _pause(row.attempts + 1, row.part)}
                for row in rows
            ]
            if again:
                connection.execute(_AGAIN, again)
            return [Waiting(row.lead_id, Part(row.part), row.since, row.attempts + 1) for row in rows]

        return await self._database.write(write)

    async def wake(self, part: Part, now: datetime) -> None:
        """The service of this part is back: try all that waits for it at once."""
        query = update(waiting).where(waiting.c.part == part).values(next_at=now)
        await self._database.write(lambda connection: connection.execute(query))

    async def counts(self) -> dict[Part, int]:
        """How many leads wait, by part."""
        query = select(waiting.c.part, func.count()).group_by(waiting.c.part)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {Part(part): count for part, count in rows}


_AGAIN = (
    update(waiting)
    .where(waiting.c.lead_id == bindparam("this"), waiting.c.part == bindparam("its"))
    .values(attempts=waiting.c.attempts + 1, next_at=bindparam("next_at"))
)


def _this(lead_id: str, part: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return waiting.c.lead_id == lead_id, waiting.c.part == part


def _first_id(time: datetime) -> str:
    """The least UUIDv7 of that time: ids begin with it in ms (RFC 9562, 5.7) and so sort by it."""
    digits = f"{int(time.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _pause(attempts: int, part: str) -> timedelta:
    """Doubles with each attempt. The CRM's goes up to a day, partly by chance: thousands may wait for it."""
    longest = LONGEST_CRM_RETRY if part == Part.CRM else LONGEST_RETRY
    pause = min(FIRST_RETRY * (1 << min(attempts, 20)), longest)
    return pause * random.uniform(0.5, 1.0) if part == Part.CRM else pause  # noqa: S311 - spreads, hides nothing
