"""Edits of one card that come soon after another become one; whoever clicks waits for none of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.desks import desks
from core.lead import SYSTEM, Event, utcnow
from core.ports import Embedder
from core.store import Store, open_store
from handlers.board import SlackBoard
from handlers.posting import Posting
from handlers.slack.api import Slack
from handlers.slack.directory import Directory, Listed
from tests.product import product, text_of
from tests.test_crash import a_lead

CHANGES = 10


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{tmp_path / 'basecamp.db'}")
    yield store
    await store.close()


@asynccontextmanager
async def board(slack: SlackSandbox, store: Store, *, calm: float) -> AsyncIterator[SlackBoard]:
    """A board of its own, as of a process that has just started."""
    client = Slack(slack.bot_token, slack.api_url)
    there = desks((), slack.desk_channel, time_zone="UTC", business_type="general")
    directory = Directory(client, listed=Listed(), desks=there)
    posting = Posting(store.posts, client, calm=calm)
    yield SlackBoard(
        store, posting, directory, there, hidden=lambda _: frozenset(), pace=timedelta(seconds=1)
    )
    await client.close()


async def change(store: Store, lead_id: str, company: str) -> None:
    line = Event(event_id=company, lead_id=lead_id, at=utcnow(), actor=SYSTEM, what="edited", told=False)
    await store.leads.act(line, lambda _: {"company": company})


def card_of(slack: SlackSandbox) -> str:
    [card] = slack.messages("leads")
    return text_of(card)


async def test_many_changes_soon_after_an_edit_are_one_edit_with_all_of_them(
    slack: SlackSandbox, store: Store
) -> None:
    lead_id = await a_lead(store, slack.desk_channel)
    async with board(slack, store, calm=3) as shown:
        await shown.show(lead_id)
        await change(store, lead_id, "Firm 0")
        await shown.show(lead_id)
        waiting = []
        for number in range(1, CHANGES):
            await change(store, lead_id, f"Firm {number}")
            waiting.append(asyncio.create_task(shown.show(lead_id)))
        await asyncio.gather(*waiting)
    assert slack.count("chat.update") == 2
    assert f"Firm {CHANGES - 1}" in card_of(slack)


async def test_the_first_change_does_not_wait_and_neither_does_a_click(
    slack: SlackSandbox, store: Store
) -> None:
    lead_id = await a_lead(store, slack.desk_channel)
    async with board(slack, store, calm=3_600) as shown:
        await shown.show(lead_id)
        await change(store, lead_id, "First")
        await shown.show(lead_id)
        assert "First" in card_of(slack)
        await change(store, lead_id, "Second")
        waiting = asyncio.create_task(shown.show(lead_id))
        await change(store, lead_id, "Third")
        await shown.show(lead_id, at_once=True)
        assert "Third" in card_of(slack)
        assert not waiting.done()
        waiting.cancel()


async def test_what_waited_when_the_process_ended_is_shown_by_the_next(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        lead_id = await bot.send("Could you call me about tyres?")
        await bot.synced(lead_id)
        await change(bot.app.store, lead_id, "First")
        await bot.app.desk.parts.show(lead_id)
        await change(bot.app.store, lead_id, "Second")
        await bot.app.store.database.write(lambda connection: bot.app.engine.post(connection, lead_id))
    async with product(slack, tmp_path, embedder) as bot:
        await bot.card_with(lead_id, "Second")


async def test_a_click_on_a_card_that_was_just_edited_shows_what_it_did(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        lead_id = await bot.send("Could you call me about tyres?")
        card = await bot.final_card(lead_id)
        await bot.synced(lead_id)
        await change(bot.app.store, lead_id, "Firm")
        await bot.app.desk.parts.show(lead_id)
        await bot.slack.click("dana", "leads", card["ts"], "claim")
        await bot.card_with(lead_id, "Claimed", "Firm")
