"""The CRM follows a merge and its undo: what a lead took over is written, and cleared again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import airtable as airtable_stand_in
from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.slack.server import SlackSandbox
from core.lead import Lead, Part, utcnow
from core.ports import Embedder
from tests.product import Product, product

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"

OIL = "What does an oil change cost?"


@pytest.fixture
async def airtable() -> AsyncIterator[AirtableStandIn]:
    """A CRM."""
    async with airtable_stand_in.running(rate=None) as server:
        yield server


@pytest.fixture
async def syncer(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, airtable: AirtableStandIn
) -> AsyncIterator[Product]:
    """The product with that CRM."""
    base: dict[str, Any] = {
        "crm": "airtable",
        "airtable_api_key": airtable.api_key,
        "airtable_base_id": airtable.base_id,
        "airtable_endpoint_url": airtable.endpoint_url,
    }
    async with product(slack, tmp_path, embedder, **base) as bot:
        yield bot


async def test_the_crm_follows_a_merge_and_its_undo(syncer: Product, airtable: AirtableStandIn) -> None:
    kept = await syncer.synced(await syncer.send(BRAKES, email="ana@example.com"))
    gone = await syncer.synced(await syncer.send(OIL, name="Ana Silva", phone="+1 415 555 0123"))

    def cells(of: Lead) -> dict[str, Any]:
        (row,) = [row for row in airtable.rows if row["Lead ID"] == of.lead_id]
        return {name: row.get(name) for name in ("Name", "Email", "Phone")}

    async def named(name: str | None) -> None:
        await syncer.lead_when(kept.lead_id, lambda _: cells(kept)["Name"] == name)

    before = cells(kept), cells(gone)
    await syncer.post(f"/api/v1/leads/{gone.number}/merge", json={"into": kept.number})
    await named("Ana Silva")
    assert cells(kept) == {"Name": "Ana Silva", "Email": "ana@example.com", "Phone": "+1 415 555 0123"}
    assert len(airtable.rows) == 2
    airtable.faults.status(503, times=6)
    await syncer.post(f"/api/v1/leads/{gone.number}/unmerge", json={})
    await syncer.lead_when(kept.lead_id, lambda lead: Part.CRM in lead.missing)
    airtable.faults.clear()
    await syncer.app.store.waiting.wake(Part.CRM, utcnow())
    await syncer.app.schedule.drain()
    await named(None)  # also when the CRM was away at first
    assert (cells(kept), cells(gone)) == before
    assert len(airtable.rows) == 2


async def test_a_duplicate_that_never_had_a_record_gets_one_only_after_the_undo(
    syncer: Product, airtable: AirtableStandIn
) -> None:
    kept = await syncer.synced(await syncer.send(BRAKES))
    airtable.faults.status(503, times=100)
    gone = await syncer.lead_when(await syncer.send(OIL), lambda lead: Part.CRM in lead.missing)
    await syncer.app.store.merges.merge("auto:1", gone.lead_id, into=kept.lead_id, actor="system")
    airtable.faults.clear()
    await syncer.app.desk.parts.publish_merged("auto:1")
    assert [row["Lead ID"] for row in airtable.rows] == [kept.lead_id]
    assert (await syncer.lead(gone.lead_id)).missing == {}
    await syncer.post(f"/api/v1/leads/{gone.number}/unmerge", json={})
    await syncer.synced(gone.lead_id)
    assert len(airtable.rows) == 2
