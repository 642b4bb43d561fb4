"""Makes what a table lacks, through Airtable's meta API; each step in its turn."""

from typing import TYPE_CHECKING, Any, assert_never

from core.adapters.airtable_batches import BATCH
from core.adapters.airtable_calls import Calls
from core.crm.mapping import MERGE_FIELD
from core.crm.setup import NewField, NewOptions, NewTable, Step

if TYPE_CHECKING:
    from pyairtable import Table

SCRATCH = "basecamp setup"
"""The "Lead ID" of records that live for a moment: Airtable has no other way to add options to a select."""


async def carry_out(calls: Calls, step: Step, table_id: str | None) -> None:
    """Take one step; table_id: of the table that is there. Raises Unavailable, Refused."""
    if isinstance(step, NewTable):
        fields = [_json(each) for each in step.fields]
        await calls.ask(lambda table: table.api.post(table.base.urls.tables, json=_table(step.name, fields)))
    elif isinstance(step, NewField):
        await calls.ask(
            lambda table: table.api.post(table.base.table(table_id or "").urls.fields, json=_json(step)),
            {step.name},
        )
    elif isinstance(step, NewOptions):
        for first in range(0, len(step.names), BATCH):
            await _add_options(calls, step.field, step.names[first : first + BATCH])
    else:
        assert_never(step)


async def _add_options(calls: Calls, field: str, names: tuple[str, ...]) -> None:
    """Records with these options, typecast on, and away with them."""

    def make(table: "Table") -> list[str]:
        records: list[Any] = [{MERGE_FIELD: SCRATCH, field: name} for name in names]
        return [record["id"] for record in table.batch_create(records, typecast=True)]

    made = await calls.ask(make, {MERGE_FIELD, field})
    await calls.ask(lambda table: table.batch_delete(made))


def _table(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "fields": fields}


def _json(field: NewField) -> dict[str, Any]:
    told: dict[str, Any] = {"name": field.name, "type": field.type}
    return told | ({"options": dict(field.options)} if field.options else {})
