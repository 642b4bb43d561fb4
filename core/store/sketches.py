"""What the search's sketch is made from: embedded leads in bulk, what changed since, vectors by number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, and_, bindparam, func, select

from core.lead import DeskStatus
from core.ports import DIMENSIONS, Vector
from core.similar.sketch import Row
from core.store.database import Database
from core.store.tables import lead_events, leads, vectors

READ_MOST = 10_000
"""History lines of one read."""


@dataclass(frozen=True)
class Line:
    """A line of the history: its place in it, whose it is, and whether it changed the lead."""

    seq: int
    lead_id: str
    is_change: bool


class Sketches:
    """Reads for core.similar.search; the history tells what changed, whichever process changed it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_line(self) -> int:
        """The place of the newest line of the whole history, 0 before the first."""
        query = select(func.coalesce(func.max(lead_events.c.seq), 0))
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def lines(self, after: int) -> list[Line]:
        """At most READ_MOST lines after that place, oldest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(_LINES, {"after": after, "most": READ_MOST}).all()
        )
        return [Line(row.seq, row.lead_id, row.what != "contact_read") for row in rows]

    async def page(self, model: str, *, after: int, most: int) -> list[Row]:
        """Leads with a vector by that model, by number, from above that number."""
        return await self._rows(_PAGE, {"model": model, "after": after, "most": most})

    async def rows(self, model: str, lead_ids: Collection[str]) -> dict[str, Row]:
        """Those of the leads that have a vector by that model, by lead id."""
        values = {"model": model, "lead_ids": list(lead_ids)}
        read = await self._database.read(lambda connection: connection.execute(_ROWS, values).all())
        return {row.lead_id: _row(row) for row in read}

    async def vectors(self, model: str, numbers: Sequence[int]) -> tuple[list[str], Vector]:
        """Ids and vectors, shape (n, 384), of the leads with these numbers."""

        def read(connection: Connection) -> tuple[list[str], Vector]:
            found = connection.execute(_VECTORS, {"model": model, "numbers": list(numbers)}).all()
            joined = b"".join(row.vector for row in found)
            return [row.lead_id for row in found], np.frombuffer(joined, dtype="<f4").reshape(-1, DIMENSIONS)

        return await self._database.read(read)

    async def _rows(self, query: Select[Any], values: dict[str, Any]) -> list[Row]:
        read = await self._database.read(lambda connection: connection.execute(query, values).all())
        return [_row(row) for row in read]


def _row(row: Any) -> Row:
    return Row(
        number=row.number,
        business_type=row.business_type,
        desk_status=DeskStatus(row.desk_status),
        owner=row.owner,
        received_at=row.received_at,
        vector=np.frombuffer(row.vector, dtype="<f4"),
    )


_HAS = and_(vectors.c.lead_id == leads.c.lead_id, vectors.c.model == bindparam("model"))
_EMBEDDED = select(
    leads.c.number,
    leads.c.lead_id,
    leads.c.business_type,
    leads.c.desk_status,
    leads.c.owner,
    leads.c.received_at,
    vectors.c.vector,
).join(vectors, _HAS)
_PAGE = _EMBEDDED.where(leads.c.number > bindparam("after")).order_by(leads.c.number).limit(bindparam("most"))
_ROWS = _EMBEDDED.where(leads.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
_VECTORS = (
    select(leads.c.lead_id, vectors.c.vector)
    .join(vectors, _HAS)
    .where(leads.c.number.in_(bindparam("numbers", expanding=True)))
)
_LINES = (
    select(lead_events.c.seq, lead_events.c.lead_id, lead_events.c.what)
    .where(lead_events.c.seq > bindparam("after"))
    .order_by(lead_events.c.seq)
    .limit(bindparam("most"))
)
