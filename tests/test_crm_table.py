"""What every CRM keeps to: one contract for Airtable and for the local one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.adapters.local_crm import LocalCrm
from core.crm.sync import CrmSync, Outcome
from core.lead import DeskStatus, utcnow
from core.ports import CrmTable
from tests.crm_side import LATER, CrmSide, crm_side

FIELDS = tuple(column.field for column in LATER.columns)


@pytest.fixture
async def side(tmp_path: Path) -> AsyncIterator[CrmSide]:
    async with crm_side(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["airtable", "local"])
def table(request: pytest.FixtureRequest, side: CrmSide) -> CrmTable:
    return side.sync.table if request.param == "airtable" else LocalCrm(side.store.database, FIELDS)


async def test_a_record_is_made_once_and_then_changed_cell_by_cell(side: CrmSide, table: CrmTable) -> None:
    lead_id = await side.lead()
    made = await table.upsert({"Lead ID": lead_id, "Name": "Ana", "Phone": "1"})
    changed = await table.upsert({"Lead ID": lead_id, "Name": "Bo", "Phone": None})
    assert made.record.record_id == changed.record.record_id
    assert changed.cells == {"Lead ID": lead_id, "Name": "Bo"}


async def test_records_are_read_by_their_leads(side: CrmSide, table: CrmTable) -> None:
    lead_id, other = await side.lead(), await side.lead()
    await table.upsert({"Lead ID": lead_id, "Name": "Ana"})
    found = await table.rows([lead_id, other])
    assert {each: row.cells for each, row in found.items()} == {lead_id: {"Lead ID": lead_id, "Name": "Ana"}}


async def test_what_was_changed_is_listed(side: CrmSide, table: CrmTable) -> None:
    lead_id = await side.lead()
    before = utcnow() - timedelta(seconds=1)
    await table.upsert({"Lead ID": lead_id, "Name": "Ana"})
    assert [row.lead_id for row in await table.changed(before)] == [lead_id]
    assert [row.lead_id for row in await table.changed(None)] == [lead_id]
    assert await table.changed(utcnow() + timedelta(hours=1)) == []


async def test_the_leads_with_a_record_are_listed_however_many(side: CrmSide, table: CrmTable) -> None:
    lead_ids = [await side.lead() for _ in range(130)]
    await asyncio.gather(*(table.upsert({"Lead ID": lead_id, "Name": "Ana"}) for lead_id in lead_ids[1:]))
    await table.forget(lead_ids[1])
    side.airtable.table.create({"Name": "typed in by hand"})
    assert await table.lead_ids() == set(lead_ids[2:])


async def test_it_has_every_field_of_the_mapping(table: CrmTable) -> None:
    schema = await table.schema()
    assert schema is not None
    assert set(FIELDS) <= schema.keys()
    await table.check()


async def test_a_lead_and_its_record_stay_the_same(side: CrmSide, table: CrmTable) -> None:
    sync = CrmSync(store=side.store, table=table, mapping=lambda _: LATER)
    lead_id = await side.lead()
    assert await sync.sync(lead_id) == Outcome.WRITTEN
    assert await sync.sync(lead_id, look=True) == Outcome.SAME
    await side.change(lead_id, phone="7", desk_status=DeskStatus.WON)
    assert await sync.sync(lead_id) == Outcome.WRITTEN
    row = (await table.rows([lead_id]))[lead_id]
    assert row.cells["Phone"] == "7"
    assert row.cells["Status"] in {"Closed", "Won"}
