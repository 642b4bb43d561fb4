"""What leads and their records in the CRM were when they last agreed, and how far a long run has come."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.crm.reconcile import Link
from core.lead import DeskStatus, Event, Lead, Part, Status, SyncStatus, utcnow
from core.ports import CrmRecord
from core.store.database import Database
from core.store.events import add_event, is_known
from core.store.lead_rows import change_lead, read_lead
from core.store.leads import Decide
from core.store.tables import crm_links, crm_marks, leads, waiting

Follow = Callable[[Connection], None]
"""Enqueues something inside the transaction in which it became so."""


class CrmLinks:
    """The table of links, one a lead that was ever synced, and that of marks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lead(self, lead_id: str) -> tuple[Lead, Link]:
        """The lead and its link, of one moment; Link() if it was never synced. NotFound."""

        def read(connection: Connection) -> tuple[Lead, Link]:
            return read_lead(connection, lead_id), _read(connection, lead_id)

        return await self._database.read(read)

    async def of(self, lead_ids: Collection[str]) -> dict[str, Link]:
        """The links of those leads that have one."""
        values = {"lead_ids": list(lead_ids)}
        rows = await self._database.read(lambda connection: connection.execute(_THESE, values).all())
        return {row.lead_id: Link.model_validate(row.link) for row in rows}

    async def with_record(self) -> list[str]:
        """The leads that have a record in the CRM, oldest first, but those that were merged into others."""
        rows = await self._database.read(lambda connection: connection.execute(_WITH_RECORD).scalars().all())
        return list(rows)

    async def keep(
        self,
        lead: Lead,
        link: Link,
        record: CrmRecord | None,
        *,
        asked: Event | None = None,
        why: str | None = None,
        follow: Follow | None = None,
    ) -> bool:
        """The lead as it was given and its record agree on this; whether it still is as it was given.

        Args:
            lead: as it was given to them.
            link: what they agree on.
            record: if it was seen.
            asked: the history line of the link's question, if it is a new one.
            why: what is left out there, if anything.
            follow: what is enqueued with it.
        """
        changes: dict[str, Any] = {"crm_status": SyncStatus.SUCCESS, "crm_why": why, "status": Status.SYNCED}
        if record is not None:
            changes |= {"crm_record_id": record.record_id, "crm_url": record.url}
        was = {
            "crm_status": lead.crm.status,
            "crm_why": lead.crm.why,
            "status": lead.status,
            "crm_record_id": lead.crm.record_id,
            "crm_url": lead.crm.url,
        }
        changed = {name: value for name, value in changes.items() if value != was[name]}

        def write(connection: Connection) -> bool:
            now = read_lead(connection, lead.lead_id, for_update=True)
            self._put(connection, lead.lead_id, link)
            if asked is not None and not is_known(connection, asked):
                add_event(connection, asked)
            if changed:
                change_lead(connection, lead.lead_id, changed)
            connection.execute(_DONE, {"this": lead.lead_id})
            if follow is not None:
                follow(connection)
            return now.version == lead.version

        return await self._database.write(write)

    async def take(self, event: Event, link: Link, decide: Decide, follow: Follow) -> None:
        """What people changed in the CRM becomes the lead's, at once with its link and its history line.

        follow: what is enqueued with a change.
        """

        def write(connection: Connection) -> None:
            lead = read_lead(connection, event.lead_id, for_update=True)
            self._put(connection, event.lead_id, link)
            changes = decide(lead)
            if changes and not is_known(connection, event):
                change_lead(connection, event.lead_id, changes)
                add_event(connection, event)
                follow(connection)

        await self._database.write(write)

    async def answer(self, event: Event, decide: Callable[[Link], Link]) -> None:
        """Let ``decide`` turn the link into the answered one; with its history line, once. NotAllowed."""

        def write(connection: Connection) -> None:
            read_lead(connection, event.lead_id, for_update=True)
            if is_known(connection, event):
                return
            before = _read(connection, event.lead_id)
            self._put(connection, event.lead_id, decide(before))
            if before.question is not None and before.question.gone:  # and so is its address
                change_lead(connection, event.lead_id, {"crm_record_id": None, "crm_url": None})
            add_event(connection, event)

        await self._database.write(write)

    async def fail(self, event: Event, why: str, follow: Follow) -> bool:
        """The lead cannot be brought to the CRM; whether that is news, with which ``follow`` is enqueued."""

        def write(connection: Connection) -> bool:
            lead = read_lead(connection, event.lead_id, for_update=True)
            if lead.crm.status == SyncStatus.FAILED and lead.crm.why == why:
                return False
            change_lead(connection, event.lead_id, {"crm_status": SyncStatus.FAILED, "crm_why": why})
            if not is_known(connection, event):
                add_event(connection, event)
                follow(connection)
            return True

        return await self._database.write(write)

    async def mark(self, name: str) -> str | None:
        """What was kept under that name."""
        return await self._database.read(
            lambda connection: connection.execute(_MARK, {"name": name}).scalar()
        )

    async def put_mark(self, name: str, value: str | None) -> None:
        """Keep it; None: forget it."""
        put = self._upsert(crm_marks).values(name=name, value=value)
        query = (
            delete(crm_marks).where(crm_marks.c.name == name)
            if value is None
            else put.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )
        await self._database.write(lambda connection: connection.execute(query))

    def _put(self, connection: Connection, lead_id: str, link: Link) -> None:
        values: Mapping[str, Any] = {"link": link.model_dump(mode="json"), "updated_at": utcnow()}
        put = self._upsert(crm_links).values(lead_id=lead_id, **values)
        connection.execute(put.on_conflict_do_update(index_elements=["lead_id"], set_=values))

    def _upsert(self, table: Any) -> Any:
        return sqlite.insert(table) if self._database.is_sqlite else postgresql.insert(table)


def _read(connection: Connection, lead_id: str) -> Link:
    found = connection.execute(_ONE, {"lead_id": lead_id}).scalar()
    return Link() if found is None else Link.model_validate(found)


_ONE = select(crm_links.c.link).where(crm_links.c.lead_id == bindparam("lead_id"))
_THESE = select(crm_links).where(crm_links.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
_WITH_RECORD = (
    select(leads.c.lead_id)
    .where(leads.c.crm_record_id.is_not(None), leads.c.desk_status != DeskStatus.MERGED)
    .order_by(leads.c.lead_id)
)
_MARK = select(crm_marks.c.value).where(crm_marks.c.name == bindparam("name"))
_DONE = delete(waiting).where(waiting.c.lead_id == bindparam("this"), waiting.c.part == Part.CRM.value)
