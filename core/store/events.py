"""Each lead's history: who did what, when and why. Lines are added, never changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select

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
            rows = [event.model_dump() for event in events]
            await self._database.write(lambda connection: connection.execute(_ADD, rows))

    async def has(self, event_id: str) -> bool:
        """Whether this very line is in a history."""
        known = _KNOWN, {"event_id": event_id}
        return await self._database.read(lambda connection: connection.execute(*known).first() is not None)

    async def of(self, lead_id: str) -> list[Event]:
        """Oldest first."""
        return await self._database.read(lambda connection: history(connection, lead_id))


def add_event(connection: Connection, event: Event) -> None:
    """Add the line inside the caller's transaction."""
    connection.execute(_ADD, event.model_dump())


def add_events(connection: Connection, events: Sequence[Event]) -> None:
    """Add many lines inside the caller's transaction."""
    connection.execute(_ADD, [event.model_dump() for event in events])


def is_known(connection: Connection, event: Event) -> bool:
    """Whether this very line is in the history already: the engine may run a step twice."""
    return connection.execute(_KNOWN, {"event_id": event.event_id}).first() is not None


def history(connection: Connection, lead_id: str) -> list[Event]:
    """The lead's lines, oldest first, inside the caller's transaction."""
    return _events(connection, _OF, lead_id)


def untold(connection: Connection, lead_id: str) -> list[Event]:
    """What the desk's thread should say and does not say yet, oldest first."""
    return _events(connection, _UNTOLD, lead_id)


BY_A_PERSON = lead_events.c.told & (lead_events.c.actor.like("U%") | lead_events.c.actor.like("W%"))
"""Lines of what people did to a lead, by how Slack user ids begin; who only read it did nothing."""

_ADD = insert(lead_events)
_KNOWN = select(lead_events.c.seq).where(lead_events.c.event_id == bindparam("event_id"))
_OF = select(lead_events).where(lead_events.c.lead_id == bindparam("lead_id")).order_by(lead_events.c.seq)
_UNTOLD = (
    _OF.join(posts, posts.c.key == "event:" + lead_events.c.event_id, isouter=True)
    .where(lead_events.c.told)
    .where(posts.c.ts.is_(None))
)


def _events(connection: Connection, query: Select[Any], lead_id: str) -> list[Event]:
    rows = connection.execute(query, {"lead_id": lead_id}).mappings()
    return [Event(**{name: row[name] for name in Event.model_fields}) for row in rows]
