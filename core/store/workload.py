"""What waits at a desk: by owner, oldest first, a page at a time, and how much of it there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, false, func, or_, select

from core.lead import OPEN, DeskStatus, Lead
from core.store.database import Database
from core.store.lead_rows import whole_leads
from core.store.tables import clocks, leads

AWAKE = OPEN - {DeskStatus.SNOOZED}
"""The states in which somebody should do something now."""


@dataclass(frozen=True)
class Load:
    """Somebody's open leads at a desk: how many wait for them, and how many are snoozed."""

    waiting: int = 0
    snoozed: int = 0


@dataclass(frozen=True)
class Queue:
    """Leads of a desk that wait, oldest first.

    Attributes:
        owners: for whom; None among them is nobody, whose leads wait to be claimed. Empty: for anybody.
        at: the time.
        late: whether these are the leads on which somebody should have acted by then, and nobody has, or
            all the others.
    """

    desk: str
    owners: frozenset[str | None]
    at: datetime
    late: bool


class Workload:
    """Open leads of a desk: queues of them, and how many everybody has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, queue: Queue, *, after: int, limit: int) -> list[Lead]:
        """The next so many that came after the lead of that number; 0: from the oldest on."""
        query = _waiting(queue).where(leads.c.number > after).order_by(leads.c.number).limit(limit)
        return await self._database.read(lambda connection: whole_leads(connection, query))

    async def page_before(self, queue: Queue, *, after: int, limit: int) -> int:
        """The ``after`` of the page that comes before the one after this number."""
        query = (
            _waiting(queue)
            .with_only_columns(leads.c.number)
            .where(leads.c.number <= after)
            .order_by(leads.c.number.desc())
            .limit(limit + 1)
        )
        numbers = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return numbers[-1] if len(numbers) > limit else 0

    async def count(self, queue: Queue) -> int:
        """How many leads are in it."""
        query = _waiting(queue).with_only_columns(func.count())
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def loads(self, desk: str) -> dict[str | None, Load]:
        """Everybody's load at the desk, and under None what nobody has claimed."""
        query = (
            select(leads.c.owner, leads.c.desk_status, func.count())
            .where(leads.c.desk == desk, leads.c.desk_status.in_(sorted(OPEN)))
            .group_by(leads.c.owner, leads.c.desk_status)
        )

        def read(connection: Connection) -> dict[str | None, Load]:
            found: dict[str | None, Load] = {}
            for owner, status, count in connection.execute(query):
                load = found.get(owner, Load())
                sleeps = status == DeskStatus.SNOOZED
                found[owner] = Load(
                    load.waiting + (0 if sleeps else count), load.snoozed + (count if sleeps else 0)
                )
            return found

        return await self._database.read(read)


def _waiting(queue: Queue) -> Select[Any]:
    query = select(leads).where(leads.c.desk == queue.desk, leads.c.desk_status.in_(sorted(AWAKE)))
    if queue.owners:
        users = sorted(filter(None, queue.owners))
        nobody = leads.c.owner.is_(None) if None in queue.owners else false()
        query = query.where(or_(leads.c.owner.in_(users), nobody))
    late = select(clocks.c.lead_id).where(
        clocks.c.lead_id == leads.c.lead_id, clocks.c.stopped_at.is_(None), clocks.c.due_at < queue.at
    )
    return query.where(late.exists() if queue.late else ~late.exists())
