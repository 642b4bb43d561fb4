"""What is told of a lead: each occasion once, and what did not happen not at all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import running as running_slack
from core.adapters.chroma import open_chroma
from core.crm import looking
from core.lead import Part, Status, utcnow
from core.ports import Embedder, Neighbour, Vector
from tests.asking import LEADS, ask
from tests.fakes import Interrupted
from tests.product import Product, product
from tests.receiver import Receiver, receiving
from tests.standing import standing, there

FIRST = ["lead.created", "lead.processed", "lead.synced"]

CURSED = "The lead that breaks the reading of it"


class Breaking(Interrupted):
    """A real vector index that has a fault of its own, of no kind that anybody foresaw."""

    broken = False

    async def nearest(self, vector: Vector, *, limit: int) -> list[Neighbour]:
        """As the index."""
        if self.broken:
            raise RuntimeError("a fault in the index")
        return await super().nearest(vector, limit=limit)


class Told(Product):
    """The product with Airtable and somebody who is told of everything."""

    def __init__(self, bot: Product, airtable: AirtableStandIn, index: Breaking, receiver: Receiver) -> None:
        super().__init__(bot.app, bot.slack, bot.session)
        self.airtable = airtable
        self.index = index
        self.receiver = receiver

    async def told(self, lead_id: str, *types: str) -> list[str]:
        """What was told of the lead, once that is this, and nothing more a moment later."""
        await self.receiver.until(lambda: self.receiver.types(lead_id) == sorted(types))
        await asyncio.sleep(0.7)
        return self.receiver.types(lead_id)

    async def lead_saying(self, words: str) -> str:
        """The id of the newest lead once its message begins so."""
        async with asyncio.timeout(20):
            while True:
                (newest,) = await self.app.store.leads.newest(limit=1)
                if newest.message.startswith(words):
                    return newest.lead_id
                await asyncio.sleep(0.05)

    def bodies(self, lead_id: str, kind: str) -> list[dict[str, Any]]:
        """The leads as they were told."""
        bodies = [body for body in self.receiver.bodies() if body["type"] == kind]
        return [body["data"] for body in bodies if body["data"]["lead_id"] == lead_id]


@asynccontextmanager
async def told(embedder: Embedder, folder: Path) -> AsyncIterator[Told]:
    """All of it."""
    index, receiver = Breaking(await open_chroma(folder / "chroma", None)), Receiver()
    async with running_slack(port=0) as slack, running_airtable(rate=None) as airtable:
        settings = {
            "crm": "airtable",
            "airtable_api_key": airtable.api_key,
            "airtable_base_id": airtable.base_id,
            "airtable_endpoint_url": airtable.endpoint_url,
            "hooks_private": True,
        }
        async with (
            product(slack, folder, embedder, index=index, **settings) as bot,
            receiving(bot.app.store, receiver),
        ):
            yield Told(bot, airtable, index, receiver)


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One product for all of this module."""
    with standing(told(embedder, tmp_path_factory.mktemp("occasions"))) as bot:
        yield bot


@there
async def test_a_change_of_everything_at_once_is_one_update(bot: Told) -> None:
    lead_id = await bot.send("The boiler drips on the landing", email="one.update@example.com")
    assert await bot.told(lead_id, *FIRST) == FIRST
    body = {
        "owner": bot.slack.user("dana"),
        "contact": {"phone": "+1 415 555 0155"},
        "message": "The boiler drips on the landing, and hisses",
        "analysis": {"urgency": "high"},
    }
    status, _, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    assert status == 200
    await bot.receiver.until(lambda: bot.receiver.types(lead_id).count("lead.updated") == 1)
    await bot.receiver.until(lambda: bot.receiver.types(lead_id).count("lead.synced") >= 2)
    await asyncio.sleep(0.7)
    assert bot.receiver.types(lead_id).count("lead.updated") == 1


@there
async def test_what_people_change_in_the_crm_is_an_update(bot: Told) -> None:
    lead_id = await bot.send("A gutter hangs down", email="there@example.com", phone="+1 415 555 0166")
    await bot.told(lead_id, *FIRST)
    bot.airtable.table.edit(lead_id, Phone="+14155550199")
    await looking.pull(bot.app.desk.parts)
    assert await bot.told(lead_id, *FIRST, "lead.updated") == sorted([*FIRST, "lead.updated"])


@there
async def test_what_the_writer_says_later_and_an_edit_of_the_message_are_an_update_each(bot: Told) -> None:
    ts = await bot.slack.say("dana", "leads", "My roof leaks, could somebody come and look at it?")
    lead_id = await bot.lead_saying("My roof leaks")
    await bot.told(lead_id, *FIRST)
    await bot.slack.say("dana", "leads", "415 555 2671, Priya Raman", thread_ts=ts)
    await bot.receiver.until(lambda: bot.receiver.types(lead_id).count("lead.updated") == 1)
    await bot.slack.edit("dana", "leads", ts, "My roof leaks badly, could somebody come and look at it?")
    await bot.receiver.until(lambda: bot.receiver.types(lead_id).count("lead.updated") == 2)
    await asyncio.sleep(0.7)
    assert bot.receiver.types(lead_id).count("lead.updated") == 2


@there
async def test_a_merge_is_an_update_of_both(bot: Told) -> None:
    kept = await bot.send("The cellar is damp", email="cellar@example.com")
    gone = await bot.send("Which paint holds on brick?", email="paint@example.com")
    for lead_id in (kept, gone):
        await bot.told(lead_id, *FIRST)
    status, _, _ = await ask(bot, "POST", f"{LEADS}/{gone}/merge", json={"into": kept})
    assert status == 200
    both = (kept, gone)
    await bot.receiver.until(lambda: all("lead.updated" in bot.receiver.types(each) for each in both))
    await asyncio.sleep(0.7)
    assert [bot.receiver.types(lead_id).count("lead.updated") for lead_id in both] == [1, 1]


@there
async def test_a_firm_no_of_the_crm_is_told_once_however_often_it_says_it(bot: Told) -> None:
    granted, bot.airtable.scopes = bot.airtable.scopes, frozenset()
    lead_id = await bot.send("Nobody may write me down", email="refused@example.com")
    without = ["lead.created", "lead.failed", "lead.processed"]
    assert await bot.told(lead_id, *without) == without
    (failed,) = bot.bodies(lead_id, "lead.failed")
    assert failed["crm"]["status"] == "failed"
    await bot.app.store.waiting.wake(Part.CRM, utcnow())
    await bot.app.schedule.mend()
    assert await bot.told(lead_id, *without) == without
    bot.airtable.scopes = granted
    await bot.app.store.waiting.wake(Part.CRM, utcnow())
    await bot.app.schedule.mend()
    assert await bot.told(lead_id, *without, "lead.synced") == [*without, "lead.synced"]


@there
async def test_a_lead_whose_processing_breaks_says_so_and_is_told_once(bot: Told) -> None:
    bot.index.broken = True
    try:
        with capture_logs() as logged:  # written out for a console, a traceback takes seconds
            lead_id = await bot.send(CURSED, email="cursed@example.com")
            assert await bot.told(lead_id, "lead.created", "lead.failed") == ["lead.created", "lead.failed"]
    finally:
        bot.index.broken = False
    assert [each["event"] for each in logged].count("pipeline_failed") == 1
    (failed,) = bot.bodies(lead_id, "lead.failed")
    assert failed["status"] == Status.FAILED
    await bot.card_with(lead_id, "Processing stopped")
    _, envelope, _ = await ask(bot, "GET", f"{LEADS}?status=failed")
    assert [lead["lead_id"] for lead in envelope["data"]] == [lead_id]
