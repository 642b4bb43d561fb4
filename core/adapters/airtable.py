"""The CRM table in Airtable."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.adapters.airtable_batches import PAGE, Reads, Record, Writes
from core.adapters.airtable_calls import NAME, PENALTY, REST, Calls
from core.adapters.airtable_schema import LiveTable
from core.crm.live import Schema
from core.crm.mapping import MERGE_FIELD
from core.errors import Refused
from core.ports import CrmRecord, CrmRow, Pace

if TYPE_CHECKING:
    from pyairtable import Table

SCHEMA_TTL = 600.0
"""Seconds for which the table's fields are remembered; a refusal forgets them at once."""

GATHER = 0.1
"""Seconds in which writes are gathered; a lead shall not wait longer than it has to."""


class Airtable:
    """A CrmTable in Airtable. Make it inside the running loop; close it at the end."""

    def __init__(
        self,
        *,
        api_key: str,
        base_id: str,
        table_name: str,
        endpoint_url: str = "https://api.airtable.com",
        fields: Collection[str] = (),
        gather: float = GATHER,
        pace: Pace | None = None,
        penalty: float = PENALTY,
        rest: float = REST,
    ) -> None:
        """Seconds: ``penalty`` after a 429 that does not say how long, ``rest`` after failures in a row.

        fields: all that mappings name; of those that link to another table its records' names are read.
        pace: turns of all processes at this base; None: there is no other.
        """
        self._base_id, self._table_name, self._mapped = base_id, table_name, frozenset(fields)
        self.calls = Calls(
            api_key=api_key,
            base_id=base_id,
            table_name=table_name,
            endpoint_url=endpoint_url,
            pace=pace,
            penalty=penalty,
            rest=rest,
        )
        self._writes = Writes(self.calls, gather, self.forget_schema)
        self._reads = Reads(gather, self._read)
        self._schema_lock = asyncio.Lock()
        self._schema: tuple[float, LiveTable | None, Schema | None] | None = None
        self._table_id = table_name if table_name.startswith("tbl") else None

    @property
    def name(self) -> str:
        """As people know it."""
        return NAME

    async def upsert(self, fields: Mapping[str, Any]) -> CrmRow:
        """Write the lead's record, found by "Lead ID", or create it; select options are never created."""
        lead_id = fields.get(MERGE_FIELD)
        if not isinstance(lead_id, str) or not lead_id:
            raise Refused(NAME, f'the record has no "{MERGE_FIELD}": put it into the mapping')
        return self._row(lead_id, await self._writes.write(lead_id, fields))

    async def rows(self, lead_ids: Sequence[str]) -> dict[str, CrmRow]:
        """The records of those leads that have one; of two with the same "Lead ID" the older."""
        found = await self._reads.find(lead_ids)
        return {lead_id: self._row(lead_id, record) for lead_id, record in found.items()}

    async def changed(self, since: datetime | None) -> list[CrmRow]:
        """The records that were changed since then, whoever did it; None: all."""
        options: dict[str, Any] = {}
        if since is not None:
            at = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            options["formula"] = f"IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('{at}'))"
        rows = [
            self._row(str(lead_id), record)
            async for record in self._pages(options)
            if (lead_id := record["fields"].get(MERGE_FIELD))
        ]
        return list({row.lead_id: row for row in reversed(rows)}.values())[::-1]

    async def lead_ids(self) -> set[str]:
        """The leads that have a record: a request a hundred of them, one after the other."""
        found = self._pages({"fields": [MERGE_FIELD]})
        return {str(lead_id) async for each in found if (lead_id := each["fields"].get(MERGE_FIELD))}

    async def forget(self, lead_id: str) -> None:
        """Delete the lead's records, mostly one; two requests."""
        formula = f"{{{MERGE_FIELD}}}='{lead_id}'"
        found = [record["id"] async for record in self._pages({"formula": formula, "fields": [MERGE_FIELD]})]
        for record_id in found:
            await self.calls.ask(_deleting(record_id))

    async def schema(self) -> Schema | None:
        """The live fields; None where the token may not look."""
        return (await self._known())[1]

    async def live(self) -> LiveTable | None:
        """The live table; None where the token may not look, or there is none of that name."""
        return (await self._known())[0]

    def forget_schema(self) -> None:
        """Read it anew the next time."""
        self._schema = None

    async def check(self) -> None:
        """One request: token, base, table and merge field; raise Refused with the mend, or Unavailable."""
        await self.calls.ask(lambda table: table.first(fields=[MERGE_FIELD]), {MERGE_FIELD})

    async def check_writing(self) -> bool:
        """Change nothing of the first record: raise as check() if that may not be; False if there is none."""
        first = await self.calls.ask(lambda table: table.first(fields=[MERGE_FIELD]), {MERGE_FIELD})
        if first is None:
            return False
        await self.calls.ask(lambda table: table.batch_update([{"id": first["id"], "fields": {}}]))
        return True

    async def close(self) -> None:
        """Let requests under way end (30 s at most); writes that were not sent fail as Unavailable."""
        self.calls.stop()
        await self._writes.close()
        await self.calls.close()

    async def _known(self) -> tuple[LiveTable | None, Schema | None]:
        async with self._schema_lock:
            now = asyncio.get_running_loop().time()
            if self._schema is None or now - self._schema[0] > SCHEMA_TTL:
                live = await self.calls.ask(_read_schema)
                self._schema = (now, live, await self._with_links(live) if live else None)
                self._table_id = live.table_id if live else self._table_id
            return self._schema[1:]

    async def _with_links(self, live: LiveTable) -> Schema:
        """The fields, those of linked records with the names of what can be linked."""
        fields = dict(live.fields)
        for name in self._mapped & live.links.keys():
            table_id, primary = live.links[name]
            records = self._pages({"fields": [primary]}, table_id)
            linked = {str(record["fields"].get(primary, "")): record["id"] async for record in records}
            fields[name] = replace(fields[name], linked={name: id_ for name, id_ in linked.items() if name})
        return fields

    async def _read(self, lead_ids: Sequence[str]) -> dict[str, Record]:
        """The records of at most PAGE leads; ids are ours, free of quotes."""
        one_of = ",".join(f"{{{MERGE_FIELD}}}='{lead_id}'" for lead_id in lead_ids)
        found: dict[str, Record] = {}
        async for record in self._pages({"formula": f"OR({one_of})"}):
            found.setdefault(str(record["fields"].get(MERGE_FIELD)), record)
        return found

    async def _pages(self, options: Mapping[str, Any], table_id: str | None = None) -> AsyncIterator[Record]:
        """All records that the options (pyairtable's) find, a turn a page; of this table, or another."""
        offset: dict[str, Any] = {}

        def page(table: "Table") -> Any:
            urls = (table if table_id is None else table.base.table(table_id)).urls
            return table.api.get(
                urls.records,
                fallback=("post", urls.records_post),  # for long formulas
                options={**options, "page_size": PAGE, **offset},
            )

        while True:
            answer = await self.calls.ask(page, {MERGE_FIELD, *options.get("fields", ())})
            for record in answer["records"]:
                yield record
            if not answer.get("offset"):
                return
            offset = {"offset": answer["offset"]}

    def _row(self, lead_id: str, record: Record) -> CrmRow:
        return CrmRow(
            lead_id=lead_id,
            record=CrmRecord(record["id"], self._url(record["id"])),
            cells=record["fields"],
        )

    def _url(self, record_id: str) -> str | None:
        """Where people see the record; None while nobody told us the table's id, which the address needs."""
        if self._table_id is None:
            return None
        return f"https://airtable.com/{self._base_id}/{self._table_id}/{record_id}"


def _deleting(record_id: str) -> "Callable[[Table], Any]":
    return lambda table: table.delete(record_id)


def _read_schema(table: "Table") -> LiveTable | None:
    """The live table; None if the token may not ask, or there is no such table."""
    from requests import HTTPError  # noqa: PLC0415 - slow to import

    from core.adapters.airtable_errors import status_of  # noqa: PLC0415 - slow to import

    try:
        answer = table.api.get(table.base.urls.tables)
    except HTTPError as error:
        if status_of(error) in {403, 404}:
            return None
        raise
    return LiveTable.found_in(answer, table.name)
