"""Parts of leads that wait for a service to come back: what is missing, why, and when to try again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import Part
from core.store.database import Database
from core.store.tables import waiting

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)


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

    async def put(self, lead_id: str, part: Part, why: str, now: datetime, *, not_before: timedelta) -> None:
        """The part failed just now; it is tried again after a pause, at least ``not_before`` from now."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        key = (waiting.c.lead_id == lead_id, waiting.c.part == part)
        async with self._database.write() as connection:
            attempts = (await connection.execute(select(waiting.c.attempts).where(*key))).scalar() or 0
            changing = {"why": why, "next_at": now + max(_pause(attempts), not_before)}
            await connection.execute(
                upsert(waiting)
                .values(lead_id=lead_id, part=part, since=now, attempts=0, **changing)
                .on_conflict_do_update(index_elements=["lead_id", "part"], set_=changing)
            )

    async def done(self, lead_id: str, part: Part) -> None:
        """The part is there."""
        this = (waiting.c.lead_id == lead_id, waiting.c.part == part)
        async with self._database.read() as connection:  # mostly it never waited: spare the write
            if (await connection.execute(select(waiting.c.part).where(*this))).first() is None:
                return
        async with self._database.write() as connection:
            await connection.execute(delete(waiting).where(*this))

    async def take(self, now: datetime, *, without: Collection[Part], limit: int) -> list[Waiting]:
        """What to try again now, the oldest lead first (UUIDv7 sort by time); each taken by one caller only.

        The pause until the next try doubles with each, so a try that comes to nothing is no dead end.
        """
        query = (
            select(waiting)
            .where(waiting.c.next_at <= now, waiting.c.part.not_in(without))
            .order_by(waiting.c.lead_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                await connection.execute(
                    update(waiting)
                    .where(waiting.c.lead_id == row.lead_id, waiting.c.part == row.part)
                    .values(attempts=row.attempts + 1, next_at=now + _pause(row.attempts + 1))
                )
        return [Waiting(row.lead_id, Part(row.part), row.since, row.attempts + 1) for row in rows]

    async def wake(self, part: Part, now: datetime) -> None:
        """The service of this part is back: try all that waits for it at once."""
        async with self._database.write() as connection:
            await connection.execute(update(waiting).where(waiting.c.part == part).values(next_at=now))

    async def counts(self) -> dict[Part, int]:
        """How many leads wait, by part."""
        query = select(waiting.c.part, func.count()).group_by(waiting.c.part)
        async with self._database.read() as connection:
            return {Part(part): count for part, count in (await connection.execute(query)).all()}


def _pause(attempts: int) -> timedelta:
    doublings = min(attempts, 10)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
