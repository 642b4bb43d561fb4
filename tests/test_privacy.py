"""Erasing a lead: nothing of it is left anywhere of ours, by admins only, whatever is away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.slack.server import SlackSandbox
from core.adapters.chroma import Chroma
from core.errors import NotFound
from core.lead import DeskStatus, Lead, Urgency, utcnow
from core.ports import Embedder
from core.privacy import clear_left
from core.questions.asking import Turn
from core.store.database import with_driver
from handlers.slack.verbs import forget_action
from tests.databases import KINDS, fresh_database
from tests.fakes import Interrupted
from tests.product import Product, product, text_of

SECRETS = ("Quuxworth", "zebulon.q", "555 0142", "5550142", "grommet")
"""Words of the contact, of the message, of a note and of an edit."""


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """Dana is the desk's admin."""
    async with product(slack, tmp_path, embedder, **settings(slack, tmp_path)) as running:
        yield running


def settings(slack: SlackSandbox, folder: Path) -> dict[str, Any]:
    """Dana is the desk's admin, and its leads have clocks."""
    desks = folder / "desks"
    desks.mkdir()
    every = ", ".join(f"{urgency}: 2h" for urgency in Urgency)
    (desks / "leads.yaml").write_text(f"""
channel: {slack.desk_channel}
admins: {slack.user("dana")}
routing: {{otherwise: pool}}
sla: {{within: {{{every}}}}}
""")
    return {"desks_dir": desks}


async def zebulon(bot: Product) -> Lead:
    """A lead that left its traces everywhere: card, thread, CRM, engine, labels, a merge and an undo."""
    message = "My grommet is broken, please call me on +1 415 555 0142 about the grommet"
    who = {"name": "Zebulon Quuxworth", "email": "zebulon.q@example.com", "phone": "+1 415 555 0142"}
    lead = await bot.synced(await bot.send(message, **who))
    other = await bot.synced(await bot.send("Is my grommet ready?", **who))
    await bot.final_card(lead.lead_id)
    await command(bot, f"note {lead.number} Mr Quuxworth will bring the grommet")
    if (await bot.lead(other.lead_id)).desk_status != DeskStatus.MERGED:
        await command(bot, f"merge {other.number} into {lead.number}")
        asked = bot.slack.ephemerals("dana")[-1]
        await bot.slack.click("dana", "leads", asked["ts"], "merge_do")
        await bot.lead_when(other.lead_id, lambda now: now.desk_status == DeskStatus.MERGED)
    await bot.slack.until(lambda _: "will bring" in str(thread(bot, lead)), timeout=10)
    return await bot.synced(lead.lead_id)


def thread(bot: Product, lead: Lead) -> list[dict[str, Any]]:
    card = bot.card(lead.lead_id)
    return [] if card is None else bot.slack.thread("leads", card["ts"])


async def command(bot: Product, text: str, user: str = "dana") -> str:
    before = len(bot.slack.ephemerals(user))
    await bot.slack.command(user, "leads", "/lead", text)
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before, timeout=10)
    return text_of(bot.slack.ephemerals(user)[-1])


async def erase(bot: Product, lead: Lead) -> str:
    """Ask for it, confirm it, and what is told when it is done."""
    assert "Erase" in await command(bot, f"forget {lead.number}")
    asked = bot.slack.ephemerals("dana")[-1]
    await bot.slack.click("dana", "leads", asked["ts"], "forget_do")
    done = await bot.ephemeral("dana", "Erased: ")
    return text_of(done)


async def gone(bot: Product, lead: Lead) -> bool:
    try:
        await bot.lead(lead.lead_id)
    except NotFound:
        return True
    return False


def traces(folder: Path) -> list[str]:
    """Files in which a secret stands, in any spelling that matters."""
    return [
        f"{file.relative_to(folder)}: {secret}"
        for file in folder.rglob("*")
        if file.is_file()
        for secret in SECRETS
        if secret.lower().encode() in file.read_bytes().lower()
    ]


async def test_no_byte_of_the_lead_is_left(bot: Product, tmp_path: Path) -> None:
    kept = await bot.synced(await bot.send("Do you sell tyres?", name="Bea Else"))
    lead = await zebulon(bot)
    assert traces(tmp_path), "else this test shows nothing"
    answer = await erase(bot, lead)
    assert lead.number in answer
    assert await gone(bot, lead)
    assert bot.card(lead.lead_id) is None
    assert traces(tmp_path) == []
    in_slack = text_of(bot.slack.messages("leads"))
    assert not any(secret in in_slack for secret in SECRETS)
    assert (await bot.lead(kept.lead_id)).contact.name == "Bea Else"
    assert "There is no lead" in await command(bot, f"show {lead.number}")


def rows(url: str) -> list[tuple[str, dict[str, Any]]]:
    """Every row of every table, ours and the engine's, with its table's name."""
    engine = sa.create_engine(with_driver(url))
    with engine.connect() as connection:
        tables = sa.MetaData()
        for schema in [None] if url.startswith("sqlite") else ["public", "dbos"]:
            tables.reflect(connection, schema=schema)
        found = [
            (table.name, dict(row))
            for table in tables.tables.values()
            for row in connection.execute(sa.select(table)).mappings()
        ]
    engine.dispose()
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_no_row_speaks_of_it_but_that_it_was_erased(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, kind: str
) -> None:
    with fresh_database(kind, tmp_path) as url:
        changes = {**settings(slack, tmp_path), "database_url": url}
        async with product(slack, tmp_path, embedder, **changes) as bot:
            lead = await zebulon(bot)
            await erase(bot, lead)
        found = rows(url)
    assert not [table for table, row in found if any(secret in str(row) for secret in SECRETS)]
    about = [row for table, row in found if lead.lead_id in str(row) and table != "erasures"]
    assert all(f"erase:{lead.lead_id}" in str(row) for row in about), "only the erasing itself"
    (erased, *_) = [row for table, row in found if table == "erasures" and row["left"] is None]
    assert erased["by"] == slack.user("dana")


async def test_nothing_is_left_of_a_conversation_with_the_writer(bot: Product, tmp_path: Path) -> None:
    ts = await bot.slack.say("priya", "leads", "My grommet is broken, please send somebody")
    await bot.slack.until(lambda s: "Still missing" in text_of(s.thread("leads", ts)), timeout=20)
    await bot.slack.say("priya", "leads", "415 555 0142, Zebulon Quuxworth", thread_ts=ts)
    [lead] = await bot.app.store.leads.newest(limit=5)
    await bot.lead_when(lead.lead_id, lambda now: now.contact.last_name == "Quuxworth")
    await bot.slack.edit("priya", "leads", ts, "My grommet is lost, please send somebody")
    await bot.lead_when(lead.lead_id, lambda now: "lost" in now.message)
    await bot.card_with(lead.lead_id, "lost")
    assert traces(tmp_path), "else this test shows nothing"
    await erase(bot, lead)
    assert traces(tmp_path) == []
    assert not [line for line in bot.slack.thread("leads", ts) if "bot_id" in line]


async def answered(bot: Product, direct: str, ts: str) -> None:
    await bot.slack.until(lambda s: any("bot_id" in m for m in s.thread(direct, ts)), timeout=20)


async def test_nothing_is_left_of_what_was_written_about_it_to_the_bot_alone(
    bot: Product, tmp_path: Path
) -> None:
    lead = await bot.synced(await bot.send("Do you sell tyres?", name="Bea Else"))
    direct = bot.slack.team.direct(bot.slack.user("dana")).id
    for words in (f"what does Zebulon Quuxworth, 415 555 0142, want of {lead.number}?", "grommet?"):
        ts = await bot.slack.say("dana", direct, words)
        await answered(bot, direct, ts)
    assert traces(tmp_path), "else this test shows nothing"
    await erase(bot, lead)
    async with asyncio.timeout(20):
        while traces(tmp_path):  # the turn itself may not have come to its end before
            await clear_left(bot.app.desk.parts, before=utcnow())
            await bot.app.engine.forget_answered()
            await bot.app.store.database.tidy()
            await asyncio.sleep(0.1)


async def test_a_message_to_the_bot_is_not_kept_once_it_is_answered(bot: Product, tmp_path: Path) -> None:
    direct = bot.slack.team.direct(bot.slack.user("dana")).id
    ts = await bot.slack.say("dana", direct, "grommet?")
    await answered(bot, direct, ts)
    url = f"sqlite:///{tmp_path / 'basecamp.db'}"
    async with asyncio.timeout(20):
        while any("grommet?" in str(row) for _, row in rows(url)):
            await bot.app.engine.forget_answered()
            await asyncio.sleep(0.1)
    said = len(bot.slack.thread(direct, ts))
    turn = Turn(user=bot.slack.user("dana"), channel=direct, ts=ts, thread_ts=ts, text="grommet?")
    await bot.app.desk.answer(turn)
    await bot.slack.say("dana", direct, "help")
    await bot.slack.until(lambda s: len(s.messages(direct)) > said, timeout=20)
    assert len(bot.slack.thread(direct, ts)) == said


async def test_a_lead_that_is_still_being_read_leaves_nothing_either(bot: Product, tmp_path: Path) -> None:
    lead = await bot.lead(await bot.send("My grommet is broken", name="Zebulon Quuxworth"))
    assert lead.number in await erase(bot, lead)
    await asyncio.sleep(1)  # what was under way has written what it may write by then
    await clear_left(bot.app.desk.parts, before=utcnow())
    assert bot.card(lead.lead_id) is None
    assert traces(tmp_path) == []


async def test_the_persons_other_leads_stay_and_are_still_one_persons(bot: Product) -> None:
    bea: dict[str, Any] = {"name": "Bea Else", "email": "bea.else@example.com", "phone": "+1 415 555 0199"}
    asked = ("My brakes are grinding", "Do you sell winter tyres?", "Can you paint my 1972 Beetle purple?")
    first, second, third = [await bot.synced(await bot.send(words, **bea)) for words in asked]
    assert (await bot.lead(third.lead_id)).person_id == first.lead_id
    await erase(bot, first)
    second, third = await bot.lead(second.lead_id), await bot.lead(third.lead_id)
    assert second.person_id == third.person_id == second.lead_id
    assert first.lead_id not in {match.lead_id for match in (*second.matches, *third.matches)}


async def test_a_second_click_does_nothing_more(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Do you sell tyres?"))
    first = forget_action(lead.lead_id, bot.slack.user("dana"), "1.0")
    for action in (first, first):
        await bot.app.desk.act(action)
    await bot.ephemeral("dana", "Erased: ")
    await bot.app.desk.act(first.model_copy(update={"key": f"erase:{lead.lead_id}:again"}))
    await bot.ephemeral("dana", "There is no lead")
    assert len([each for each in bot.slack.ephemerals("dana") if "Erased: " in text_of(each)]) == 1


async def test_only_admins_may(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Do you sell tyres?"))
    assert "Only admins" in await command(bot, f"forget {lead.number}", "marco")
    assert not await gone(bot, lead)


async def test_a_click_of_somebody_else_is_refused(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Do you sell tyres?"))
    await bot.app.desk.act(forget_action(lead.lead_id, bot.slack.user("marco"), "1.0"))
    assert "Only admins" in text_of(await bot.ephemeral("marco", "Only admins"))
    assert not await gone(bot, lead)


async def test_a_lead_that_is_merged_is_erased_with_the_one_it_is_in(bot: Product) -> None:
    lead = await zebulon(bot)
    (merged,) = await bot.app.store.leads.merged_into(lead.lead_id)
    asked = await command(bot, f"forget {merged.number}")
    bot_said = bot.slack.ephemerals("dana")[-1]
    assert "Erase" in asked
    await bot.slack.click("dana", "leads", bot_said["ts"], "forget_do")
    await bot.ephemeral("dana", "undo the merge first")
    assert {merged.number, lead.number} <= set(
        (await erase(bot, lead)).replace(",", " ").replace(".", " ").split()
    )
    assert await gone(bot, merged)


async def test_what_was_away_is_cleared_when_it_is_back(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    index = Interrupted(Chroma(tmp_path / "chroma", None))
    changes = settings(slack, tmp_path)
    async with product(slack, tmp_path, embedder, index=index, **changes) as bot:
        lead = await bot.synced(await bot.send("Do you sell tyres?"))
        await bot.app.desk.parts.search.catch_up()
        index.go_down()
        assert "Chroma does not answer" in await erase(bot, lead)
        assert await gone(bot, lead)
        index.come_back()
        assert lead.lead_id in await index.ids()
        (left,) = await bot.app.store.erasures.left(before=utcnow())
        assert left[0] == int(lead.number.removeprefix("L-"))
        await clear_left(bot.app.desk.parts, before=utcnow())
        assert lead.lead_id not in await index.ids()
        assert await bot.app.store.erasures.left(before=utcnow()) == []


async def test_the_record_in_airtable_is_deleted(
    slack: SlackSandbox, airtable: AirtableStandIn, tmp_path: Path, embedder: Embedder
) -> None:
    base: dict[str, Any] = {
        "crm": "airtable",
        "airtable_api_key": airtable.api_key,
        "airtable_base_id": airtable.base_id,
        "airtable_endpoint_url": airtable.endpoint_url,
        **settings(slack, tmp_path),
    }
    async with product(slack, tmp_path, embedder, **base) as bot:
        kept = await bot.synced(await bot.send("Do you sell tyres?"))
        lead = await zebulon(bot)
        airtable.faults.status(503, times=100)
        assert "Airtable does not answer" in await erase(bot, lead)
        airtable.faults.clear()
        await clear_left(bot.app.desk.parts, before=utcnow())
        assert [row["Lead ID"] for row in airtable.rows] == [kept.lead_id]
        assert await bot.app.store.erasures.left(before=utcnow()) == []
