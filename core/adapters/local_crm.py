"""The CRM for those who have none: a table of ours, exported as CSV by `basecamp crm export`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.crm import MERGE_FIELD, FieldMapping, as_text
from core.lead import utcnow
from core.ports import CrmRecord
from core.store.database import Database
from core.store.tables import local_crm


class LocalCrm:
    """core.ports.CrmTable in our own database: always there, takes any words."""

    def __init__(self, database: Database, mapping: FieldMapping) -> None:
        self._database = database
        self._mapping = mapping

    @property
    def name(self) -> str:
        """As people know it."""
        return "the local CRM"

    async def table_options(self) -> Mapping[str, tuple[str, ...] | None]:
        """Every field of the mapping, any text."""
        return as_text(self._mapping)

    async def upsert(self, fields: Mapping[str, Any]) -> CrmRecord:
        """Write the lead's row; cells that are not said stay as they are."""
        lead_id = fields[MERGE_FIELD]
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        known = select(local_crm.c.fields).where(local_crm.c.lead_id == lead_id)

        def write(connection: Connection) -> None:
            kept = connection.execute(known).scalar() or {}
            values = {"fields": kept | dict(fields), "updated_at": utcnow()}
            connection.execute(
                upsert(local_crm)
                .values(lead_id=lead_id, **values)
                .on_conflict_do_update(index_elements=["lead_id"], set_=values)
            )

        await self._database.write(write)
        return CrmRecord(record_id=lead_id, url=None)

    async def forget(self, lead_id: str) -> None:
        """Remove the lead's row."""
        query = delete(local_crm).where(local_crm.c.lead_id == lead_id)
        await self._database.write(lambda connection: connection.execute(query))

    async def check(self) -> None:
        """It is there whenever the store is."""

    async def close(self) -> None:
        """The store closes it."""
