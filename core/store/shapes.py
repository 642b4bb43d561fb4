"""The table of shapes, and what waits for one to be confirmed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import NotFound
from core.intake.shapes import Shape
from core.lead import utcnow
from core.store.database import Database
from core.store.tables import shapes, submissions


class Shapes:
    """What is known of senders' fields."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, source: str) -> list[Shape]:
        """All shapes of the source, confirmed or not."""
        query = select(shapes).where(shapes.c.source == source)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_shape(row) for row in rows]

    async def get(self, shape_id: str) -> Shape:
        """The shape; NotFound without one."""
        return await self._database.read(lambda connection: read_shape(connection, shape_id))

    async def confirm(self, shape: Shape, *, by: str, follow: Callable[[Connection, str], None]) -> None:
        """Use it from now on; ``follow`` is called for each delivery that waited for it."""

        def write(connection: Connection) -> None:
            # The samples are somebody's data, and have done their work.
            columns = [column.model_dump(mode="json") | {"sample": ""} for column in shape.columns]
            values = {"columns": columns, "confirmed_by": by, "confirmed_at": utcnow()}
            connection.execute(update(shapes).where(shapes.c.shape_id == shape.shape_id).values(**values))
            waiting = select(submissions.c.submission_id).where(
                submissions.c.shape_id == shape.shape_id, submissions.c.lead_id.is_(None)
            )
            for submission_id in connection.execute(waiting).scalars().all():
                follow(connection, submission_id)

        await self._database.write(write)

    async def waiting(self, shape_id: str) -> int:
        """How many deliveries wait for it."""
        query = select(submissions.c.submission_id).where(
            submissions.c.shape_id == shape_id, submissions.c.lead_id.is_(None)
        )
        return await self._database.read(lambda connection: len(connection.execute(query).all()))


def add_shape(connection: Connection, shape: Shape, *, is_sqlite: bool) -> None:
    """Keep a new shape; one that is there stays as it is."""
    upsert = sqlite.insert if is_sqlite else postgresql.insert
    new = upsert(shapes).values(**shape.model_dump(mode="json"), created_at=utcnow())
    connection.execute(new.on_conflict_do_nothing(index_elements=["shape_id"]))


def read_shape(connection: Connection, shape_id: str) -> Shape:
    """The shape; NotFound without one."""
    row = connection.execute(select(shapes).where(shapes.c.shape_id == shape_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such shape.")
    return _shape(row)


def _shape(row: Any) -> Shape:
    return Shape(**{name: row[name] for name in Shape.model_fields})
