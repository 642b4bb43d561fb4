"""The CRM for those who have none: a table of ours, exported as CSV or XLSX by `basecamp crm export`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.crm.live import LiveField, Schema
from core.crm.mapping import MERGE_FIELD
from core.lead import utcnow
from core.ports import CrmRecord, CrmRow
from core.store.database import Database
from core.store.tables import local_crm


class LocalCrm:
    """core.ports.CrmTable in our own database: always there, takes any words."""

    def __init__(self, database: Database, fields: Sequence[str]) -> None:
        """fields: all that mappings name."""
        self._database = database
        self._schema = {name: LiveField() for name in fields}

    @property
    def name(self) -> str:
        """As people know it."""
        return "the local CRM"

    async def schema(self) -> Schema:
        """Every field of the mappings, any text."""
        return self._schema

    async def upsert(self, fields: Mapping[str, Any]) -> CrmRow:
        """Write the lead's row; cells that are not said stay as they are."""
        lead_id = fields[MERGE_FIELD]
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        known = select(local_crm.c.fields).where(local_crm.c.lead_id == lead_id)

        def write(connection: Connection) -> CrmRow:
            kept = (connection.execute(known).scalar() or {}) | dict(fields)
            cells = {name: cell for name, cell in kept.items() if cell is not None}
            values = {"fields": cells, "updated_at": utcnow()}
            connection.execute(
                upsert(local_crm)
                .values(lead_id=lead_id, **values)
                .on_conflict_do_update(index_elements=["lead_id"], set_=values)
            )
            return _row(lead_id, cells)

        return await self._database.write(write)

    async def rows(self, lead_ids: Sequence[str]) -> dict[str, CrmRow]:
        """The rows of those leads that have one."""
        found = await self._read(select(local_crm).where(local_crm.c.lead_id.in_(lead_ids)))
        return {row.lead_id: row for row in found}

    async def changed(self, since: datetime | None) -> list[CrmRow]:
        """The rows that were written since then."""
        query = select(local_crm)
        return await self._read(query if since is None else query.where(local_crm.c.updated_at >= since))

    async def lead_ids(self) -> set[str]:
        """The leads that have a row."""
        query = select(local_crm.c.lead_id)
        return set(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def forget(self, lead_id: str) -> None:
        """Remove the lead's row."""
        query = delete(local_crm).where(local_crm.c.lead_id == lead_id)
        await self._database.write(lambda connection: connection.execute(query))

    async def check(self) -> None:
        """It is there whenever the store is."""

    async def close(self) -> None:
        """The store closes it."""

    async def _read(self, query: Select[Any]) -> list[CrmRow]:
        def read(connection: Connection) -> Sequence[RowMapping]:
            return connection.execute(query).mappings().all()

        return [_row(row["lead_id"], row["fields"]) for row in await self._database.read(read)]


def _row(lead_id: str, cells: Mapping[str, Any]) -> CrmRow:
    return CrmRow(lead_id=lead_id, record=CrmRecord(record_id=lead_id, url=None), cells=cells)
