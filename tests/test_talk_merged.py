"""Conversations of leads that are merged: one transcript, one lead, until they are two again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.conversation.places import Part
from core.lead import Lead
from core.ports import Embedder
from tests.product import Product, eventually, text_of
from tests.talks import ROOF, dates, hears, only_lead, talking


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads with its desk, and #front-desk, which is watched too; Olga is of no desk."""
    async with talking(slack, tmp_path, embedder) as running:
        yield running


async def test_conversations_of_merged_leads_are_one_transcript_until_they_are_two_again(
    bot: Product,
) -> None:
    await bot.slack.hire("stan", "front-desk", is_guest=True)
    first = await bot.slack.say("stan", "front-desk", ROOF)
    await hears(bot, "front-desk", first, "tell us")
    kept = await only_lead(bot)
    second = await bot.slack.say("olga", "front-desk", "My heater is cold, please send somebody tomorrow")
    await hears(bot, "front-desk", second, "tell us")
    [gone, _] = await bot.app.store.leads.newest(limit=5)
    await bot.slack.say("stan", "front-desk", "thanks", thread_ts=first)
    await bot.slack.say("olga", "front-desk", "thank you all", thread_ts=second)
    merges = bot.app.store.merges
    await merges.merge("m1", gone.lead_id, into=kept.lead_id, actor=bot.slack.user("dana"))
    await transcript_is(bot, kept, ["thanks", "thank you all"])
    await bot.slack.say("dana", "front-desk", "I look into it", thread_ts=second)
    card = await bot.card_with(kept.lead_id, "roof")
    line = await eventually(
        bot.slack,
        lambda: [each for each in bot.slack.thread("leads", card["ts"]) if "ask_on" in text_of(each)],
    )
    assert (await bot.slack.click("dana", "leads", line["ts"], "ask_on")).ok
    await hears(bot, "front-desk", second, "let us go on")
    await merges.undo("u1", gone.lead_id, actor=bot.slack.user("dana"))
    await transcript_is(bot, kept, ["thanks"])
    await transcript_is(bot, gone, ["thank you all", "I look into it"])


async def test_what_the_writer_of_a_merged_lead_says_stands_in_a_later_reading(bot: Product) -> None:
    await bot.slack.hire("stan", "front-desk", is_guest=True)
    first = await bot.slack.say("stan", "front-desk", "My roof leaks badly, please send somebody")
    await hears(bot, "front-desk", first, "tell us")
    kept = await only_lead(bot)
    second = await bot.slack.say("olga", "front-desk", "The roof leaks here, please send somebody, Olga")
    await hears(bot, "front-desk", second, "tell us")
    await bot.slack.say("olga", "front-desk", "on Friday", thread_ts=second)
    [gone, _] = await bot.app.store.leads.newest(limit=5)
    await bot.lead_when(gone.lead_id, lambda lead: dates(lead) == 1)
    await bot.app.store.merges.merge("m1", gone.lead_id, into=kept.lead_id, actor=bot.slack.user("dana"))
    await bot.slack.say("olga", "front-desk", "actually make that Monday", thread_ts=second)
    told = (await bot.lead_when(kept.lead_id, lambda lead: dates(lead) == 1)).analysis
    assert told is not None
    await bot.slack.edit("stan", "front-desk", first, "My roof and my cellar leak, please send somebody")

    def read_anew(lead: Lead) -> bool:
        return lead.analysis is not None and lead.analysis.summary != told.summary

    after = await bot.lead_when(kept.lead_id, lambda lead: read_anew(lead) and dates(lead) > 0)
    assert after.analysis is not None
    assert [each.quote for each in after.analysis.entities["dates"]] == ["Monday"]


async def transcript_is(bot: Product, lead: Lead, texts: list[str]) -> None:
    """Wait until people wrote this, in this order, in the threads that are shown with the lead."""
    async with asyncio.timeout(20):
        while True:
            reader = bot.app.desk.reader(bot.slack.user("dana"))
            lines = await reader.transcript(await bot.lead(lead.lead_id))
            if [line.text for line in lines if line.part != Part.BOT] == texts:
                return
            await asyncio.sleep(0.05)
