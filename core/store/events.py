"""Each lead's history: who did what, when and why. Lines are added, never changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.lead import Event
from core.store.database import Database
from core.store.tables import lead_events, posts


class Events:
    """The append-only history: the audit trail and the thread log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, events: Sequence[Event]) -> None:
        """Add lines by themselves, such as readings of contact data."""
        if events:
            async with self._database.write() as connection:
                await connection.execute(insert(lead_events), [event.model_dump() for event in events])

    async def of(self, lead_id: str) -> list[Event]:
        """Oldest first."""
        return await self._events(select(lead_events).where(lead_events.c.lead_id == lead_id))

    async def untold(self, lead_id: str) -> list[Event]:
        """What the desk's thread should say and does not say yet, oldest first."""
        return await self._events(
            select(lead_events)
            .join(posts, posts.c.key == "event:" + lead_events.c.event_id, isouter=True)
            .where(lead_events.c.lead_id == lead_id, lead_events.c.told, posts.c.ts.is_(None))
        )

    async def _events(self, query: Select[Any]) -> list[Event]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(lead_events.c.seq))).mappings().all()
        return [Event(**{name: row[name] for name in Event.model_fields}) for row in rows]


async def add_event(connection: AsyncConnection, event: Event) -> None:
    """Add the line inside the caller's transaction."""
    await connection.execute(insert(lead_events).values(**event.model_dump()))
