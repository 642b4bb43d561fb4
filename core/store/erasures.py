"""Erasing leads: every row that says anything of them goes, and one is added that says that it was done."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import NotAllowed
from core.lead import DeskStatus, Lead, Value, utcnow
from core.store.database import Database
from core.store.lead_rows import read_lead, whole_leads
from core.store.people import People
from core.store.posts import card_key
from core.store.tables import erasures, lead_events, leads, posts


class Left(Value):
    """What is still to be removed outside of the store; nothing in it says anything of anybody.

    Attributes:
        lead_ids: in the index of vectors, the CRM and the engine.
        posts: channel and ts of our messages about them.
        digests: of the messages as a model reads them, under which its answers are kept.
    """

    lead_ids: tuple[str, ...]
    posts: tuple[tuple[str, str], ...]
    digests: tuple[str, ...]


class Erasures:
    """The table of erasures: number, time and who asked for it stay for ever."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    async def erasable(self, lead_id: str) -> list[Lead]:
        """The lead and all that were merged into it; NotFound, NotAllowed for one that is merged itself."""

        def read(connection: Connection) -> list[Lead]:
            lead = read_lead(connection, lead_id)
            if lead.desk_status == DeskStatus.MERGED:
                raise NotAllowed(
                    f"{lead.number} is merged into {lead.merged_number}, which says what it said: "
                    "erase that one, or undo the merge first."
                )
            return [lead, *whole_leads(connection, _MERGED, {"lead_id": lead_id})]

        return await self._database.read(read)

    async def erase(self, key: str, found: Sequence[Lead], left: Left, *, by: str) -> None:
        """Remove these leads and all that hangs on them, and note that it was done, in one transaction.

        A lead that is gone already changes nothing: the engine may run a step twice.

        Args:
            key: of the action that asked for it.
            found: the leads.
            left: what has to be removed elsewhere (``done`` when it is).
            by: Slack user id.
        """
        lead_ids = [lead.lead_id for lead in found]
        insert_ = sqlite.insert if self._database.is_sqlite else postgresql.insert
        rows = [
            {
                "lead_number": int(lead.number.removeprefix("L-")),
                "key": key,
                "at": utcnow(),
                "by": by,
                "left": left.model_dump(mode="json") if lead is found[0] else None,
            }
            for lead in found
        ]

        def write(connection: Connection) -> None:
            turn = self._people.turn(connection)  # their persons are put together anew
            persons = {lead.person_id for lead in found} - {None}
            relatives = set(connection.execute(_RELATIVES, {"persons": list(persons)}).scalars())
            _erase_rows(connection, lead_ids)
            turn.regroup(relatives - set(lead_ids))
            connection.execute(insert_(erasures).on_conflict_do_nothing(), rows)

        await self._database.write(write)

    async def has(self, key: str) -> bool:
        """Whether what this action asked for was done already."""
        query = select(erasures.c.key).where(erasures.c.key == key)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def left(self, *, before: datetime) -> list[tuple[int, Left]]:
        """What is still to be removed elsewhere, of erasures from before then: number of a lead -> what."""
        query = select(erasures.c.lead_number, erasures.c.left).where(
            erasures.c.left.is_not(None), erasures.c.at < before
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(row.lead_number, Left.model_validate(row.left)) for row in rows]

    async def of(self, key: str) -> list[tuple[int, Left | None]]:
        """The leads that this action erased, and what is still to be removed elsewhere."""
        query = select(erasures.c.lead_number, erasures.c.left).where(erasures.c.key == key)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            (row.lead_number, None if row.left is None else Left.model_validate(row.left)) for row in rows
        ]

    async def done(self, number: int) -> None:
        """Nothing is left."""
        query = update(erasures).where(erasures.c.lead_number == number).values(left=None)
        await self._database.write(lambda connection: connection.execute(query))


def _erase_rows(connection: Connection, lead_ids: Collection[str]) -> None:
    """The leads; what refers to them goes with them, but for our messages, which are found by key."""
    these = {"lead_ids": list(lead_ids)}
    events = connection.execute(_EVENTS, these).scalars()
    keys = [*(f"event:{event_id}" for event_id in events), *map(card_key, lead_ids)]
    connection.execute(delete(posts).where(posts.c.key.in_(keys)))
    connection.execute(_ERASE, these)


_MERGED: Any = select(leads).where(leads.c.merged_into == bindparam("lead_id"))
_RELATIVES = select(leads.c.lead_id).where(leads.c.person_id.in_(bindparam("persons", expanding=True)))
_EVENTS = select(lead_events.c.event_id).where(
    lead_events.c.lead_id.in_(bindparam("lead_ids", expanding=True))
)
_ERASE = delete(leads).where(leads.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
