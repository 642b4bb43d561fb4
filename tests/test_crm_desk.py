"""The CRM as the desk sees it: retries, questions, what people change there; over the real wiring."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.airtable_base import later_fields
from bot.sandbox.airtable_hooks import ring
from bot.sandbox.slack.server import SlackSandbox
from core.lead import DeskStatus, Lead, Part, SyncStatus, utcnow
from core.ports import Embedder
from handlers.web.crm_changes import PATH, SIGNATURE
from tests.crm_side import after_an_outage
from tests.product import Product, eventually, product, text_of

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


@pytest.fixture
async def airtable() -> AsyncIterator[AirtableStandIn]:
    """With the "later" preset's table."""
    async with running_airtable(rate=None, fields=later_fields()) as base:
        yield base


@asynccontextmanager
async def desk(
    slack: SlackSandbox, folder: Path, embedder: Embedder, airtable: AirtableStandIn, **changes: Any
) -> AsyncIterator[Product]:
    base: dict[str, Any] = {
        "crm": "airtable",
        "crm_mapping": "later",
        "airtable_api_key": airtable.api_key,
        "airtable_base_id": airtable.base_id,
        "airtable_endpoint_url": airtable.endpoint_url,
        **changes,
    }
    async with product(slack, folder, embedder, **base) as bot:
        yield bot


@pytest.fixture
async def bot(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, airtable: AirtableStandIn
) -> AsyncIterator[Product]:
    """The product with that CRM."""
    async with desk(slack, tmp_path, embedder, airtable) as running:
        yield running


async def in_thread(bot: Product, lead_id: str, word: str) -> dict[str, Any]:
    """The line in the lead's thread with that word, once it is there."""
    card = bot.card(lead_id)
    assert card is not None
    return await eventually(
        bot.slack,
        lambda: [m for m in bot.slack.thread("leads", card["ts"]) if word in text_of(m)],
    )


async def edit(bot: Product, lead_id: str, phone: str) -> None:
    """Somebody at the desk changes the phone."""
    line = (await bot.app.store.events.of(lead_id))[0]
    edited = line.model_copy(update={"event_id": "an edit", "what": "edited"})
    await bot.app.store.leads.act(edited, lambda _: {"phone": phone})


async def asked(bot: Product, airtable: AirtableStandIn) -> tuple[Lead, dict[str, Any]]:
    """A lead of which both sides changed the phone, and the question about it."""
    lead = await bot.synced(await bot.send(BRAKES, name="Ana", phone="+1 415 555 0123"))
    await bot.final_card(lead.lead_id)
    airtable.table.edit(lead.lead_id, Phone="+1 415 555 0177")
    await bot.app.store.leads.act(
        (await bot.app.store.events.of(lead.lead_id))[0].model_copy(
            update={"event_id": "e", "what": "edited"}
        ),
        lambda _: {"phone": "+1 415 555 0188"},
    )
    await bot.app.schedule.pull()
    return lead, await in_thread(bot, lead.lead_id, "Keep theirs")


async def test_what_the_crm_refused_is_said_on_the_card_and_tried_again_at_a_click(
    bot: Product, airtable: AirtableStandIn
) -> None:
    granted, airtable.scopes = airtable.scopes, frozenset()
    lead_id = await bot.send(BRAKES)
    card = await bot.card_with(lead_id, "Not in the CRM", "the token may not do this", "Retry CRM")
    airtable.scopes = granted
    await bot.slack.click("marco", "leads", card["ts"], "sync")
    lead = await bot.lead_when(lead_id, lambda lead: lead.crm.status == SyncStatus.SUCCESS)
    assert lead.missing == {}
    assert "Retry CRM" not in text_of(await bot.final_card(lead_id))
    assert len(airtable.rows) == 1


async def test_a_status_moved_in_the_crm_moves_the_card(bot: Product, airtable: AirtableStandIn) -> None:
    lead = await bot.synced(await bot.send(BRAKES))
    await bot.final_card(lead.lead_id)
    airtable.table.edit(lead.lead_id, Status="Qualified")
    await bot.app.schedule.pull()
    await bot.card_with(lead.lead_id, "Approved")
    await in_thread(bot, lead.lead_id, "Changed in the CRM: Status")


@pytest.mark.parametrize(
    ("button", "phone"), [("keep_ours", "+1 415 555 0188"), ("keep_theirs", "+1 415 555 0177")]
)
async def test_what_both_changed_is_asked_in_the_thread_and_decided_there(
    bot: Product, airtable: AirtableStandIn, button: str, phone: str
) -> None:
    lead, question = await asked(bot, airtable)
    assert "0177" in text_of(question["blocks"])
    assert "555" not in question["text"]  # notifications show on locked phones
    await bot.slack.click("marco", "leads", question["ts"], button)
    await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone == phone)
    await bot.slack.until(lambda _: airtable.rows[0]["Phone"] == phone, timeout=20)
    await bot.slack.click("dana", "leads", question["ts"], button)
    await bot.ephemeral(bot.slack.user("dana"), "answered already")


async def test_a_record_deleted_in_the_crm_can_stay_out(bot: Product, airtable: AirtableStandIn) -> None:
    lead = await bot.synced(await bot.send(BRAKES))
    card = await bot.final_card(lead.lead_id)
    airtable.table.remove(lead.lead_id)
    await bot.slack.click("marco", "leads", card["ts"], "approve")
    question = await in_thread(bot, lead.lead_id, "Leave it out")
    await bot.slack.click("marco", "leads", question["ts"], "keep_theirs")
    await in_thread(bot, lead.lead_id, "What the CRM says was kept")
    assert airtable.rows == []


async def test_a_record_deleted_in_the_crm_is_asked_about_at_night_once(
    bot: Product, airtable: AirtableStandIn
) -> None:
    lead = await bot.synced(await bot.send(BRAKES))
    await bot.final_card(lead.lead_id)
    await bot.app.schedule.look_for_gone()
    airtable.table.remove(lead.lead_id)
    await bot.app.schedule.look_for_gone()
    question = await in_thread(bot, lead.lead_id, "Leave it out")
    before = len(airtable.requests)
    await bot.app.schedule.look_for_gone()
    assert len(airtable.requests) == before + 1  # the list of records: who asked already is not looked for
    assert [e.what for e in await bot.app.store.events.of(lead.lead_id)].count("crm_gone") == 1
    await bot.slack.click("marco", "leads", question["ts"], "keep_ours")
    await bot.slack.until(lambda _: len(airtable.rows) == 1, timeout=20)


async def test_when_a_table_was_emptied_the_admins_are_told_and_no_lead_asks(
    bot: Product, airtable: AirtableStandIn
) -> None:
    lead_ids = await after_an_outage(bot.app.store, bot.slack.desk_channel, 30)
    await bot.app.schedule.drain()
    airtable.table.records.clear()
    for _ in range(2):
        await bot.app.schedule.look_for_gone()
    told = [m["text"] for m in bot.slack.messages("leads") if "30 leads were deleted in the CRM" in m["text"]]
    assert len(told) == 1
    links = await bot.app.store.crm.of(lead_ids)
    assert [link.question for link in links.values()] == [None] * 30


async def test_where_the_records_cannot_be_listed_at_night_no_lead_asks(
    bot: Product, airtable: AirtableStandIn
) -> None:
    lead = await bot.synced(await bot.send(BRAKES))
    airtable.faults.go_down()
    await bot.app.schedule.look_for_gone()
    airtable.faults.come_up()
    airtable.table.field("Lead ID").name = "Number"
    await bot.app.schedule.look_for_gone()
    assert [e.what for e in await bot.app.store.events.of(lead.lead_id)].count("crm_gone") == 0


async def test_a_field_renamed_in_the_crm_is_told_once(bot: Product, airtable: AirtableStandIn) -> None:
    await bot.synced(await bot.send(BRAKES))
    await bot.app.schedule.pull()
    airtable.table.field("Quality Score").name = "Score"
    await bot.synced(await bot.send("What does an oil change cost?"))
    for _ in range(2):
        await bot.app.schedule.pull()
    told = [m for m in bot.slack.messages("leads") if "CRM's table was changed" in m["text"]]
    assert len(told) == 1
    assert "Quality Score" in told[0]["text"]


async def test_airtable_rings_and_the_change_is_there_at_once(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, airtable: AirtableStandIn
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    public = f"http://127.0.0.1:{port}"
    async with desk(slack, tmp_path, embedder, airtable, http_port=port, public_url=public) as bot:
        lead = await bot.synced(await bot.send(BRAKES))
        await slack.until(lambda _: bool(airtable.base.hooks), timeout=20)
        await bot.app.schedule.pull()
        airtable.table.edit(lead.lead_id, Status="Closed")
        assert await ring(airtable.base) == [204]
        await bot.lead_when(lead.lead_id, lambda lead: lead.desk_status == DeskStatus.LOST)
        async with bot.session.post(
            public + PATH, data=b"{}", headers={SIGNATURE: "hmac-sha256=0"}
        ) as answer:
            assert answer.status == 401


async def test_after_a_day_of_tries_the_card_says_why_and_waits_for_a_person(
    bot: Product, airtable: AirtableStandIn
) -> None:
    lead = await bot.synced(await bot.send(BRAKES))
    a_day_ago = utcnow() - timedelta(days=1, minutes=1)
    await bot.app.store.waiting.put(
        lead.lead_id, Part.CRM, "Airtable: away", a_day_ago, not_before=timedelta(days=2)
    )
    await bot.app.store.leads.act(
        (await bot.app.store.events.of(lead.lead_id))[0].model_copy(
            update={"event_id": "e", "what": "edited"}
        ),
        lambda _: {"phone": "+1 415 555 0188"},
    )
    airtable.faults.go_down()
    await bot.app.desk.parts.sync(lead.lead_id)
    card = await bot.card_with(lead.lead_id, "Not in the CRM", "Retry CRM")
    assert (await bot.lead(lead.lead_id)).missing == {}
    airtable.faults.come_up()
    await bot.slack.click("marco", "leads", card["ts"], "sync")
    await bot.slack.until(lambda _: airtable.rows[0].get("Phone") == "+1 415 555 0188", timeout=20)
