"""Services away, slow, lying or refusing: the lead is kept, its card says what is missing, and it heals."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.ollama import OllamaStandIn
from bot.sandbox.slack.server import SlackSandbox
from core.actions import Action, ActionName
from core.adapters.chroma import Chroma
from core.lead import Part, Status, utcnow
from core.ports import Embedder
from tests.fakes import Interrupted
from tests.product import Product, eventually, product, text_of

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"

BY_RULES = "Read by rules for now, will retry"
NOT_IN_CRM = "Not in the CRM"
NOT_COMPARED = "Not compared with earlier leads yet, will retry"


@pytest.fixture
async def reader(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, ollama: OllamaStandIn
) -> AsyncIterator[Product]:
    """The product with that model, for which it has one second of patience."""
    model: dict[str, Any] = {"ollama_host": ollama.url, "ollama_model": ollama.model, "ollama_timeout": 1}
    async with product(slack, tmp_path, embedder, **model) as bot:
        yield bot


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


async def card_without(bot: Product, lead_id: str, words: str) -> str:
    """The card's words once these are gone."""
    await bot.slack.until(lambda _: words not in text_of(bot.card(lead_id)), timeout=20)
    return text_of(bot.card(lead_id))


async def when_due(bot: Product, part: Part) -> None:
    """Try this part again, as the clock would after its pause."""
    await bot.app.store.waiting.wake(part, utcnow())
    await bot.app.schedule.mend()


@asynccontextmanager
async def outage(bot: Product) -> AsyncIterator[None]:
    """Look for what is back before and after: what the clock does every few seconds."""
    await bot.app.schedule.mend()
    yield
    await bot.app.schedule.mend()


async def test_a_lead_that_the_model_could_not_read_is_read_when_it_is_back(
    reader: Product, ollama: OllamaStandIn
) -> None:
    await ollama.go_down()
    lead_id = await reader.send(BRAKES)
    card = await reader.card_with(lead_id, BY_RULES)
    assert "Honda Civic" in text_of(card)
    async with outage(reader):
        await ollama.come_back()
    await card_without(reader, lead_id, BY_RULES)
    lead = await reader.synced(lead_id)
    assert lead.analysis is not None
    assert lead.analysis.model_used == ollama.model
    assert len(reader.cards()) == 1


async def test_whatever_nonsense_the_model_answers_the_card_has_the_rules_reading_until_it_answers_well(
    reader: Product, ollama: OllamaStandIn
) -> None:
    nonsense: dict[str, Callable[[], None]] = {
        "prose": lambda: ollama.prose(times=2),
        "words that are not allowed": lambda: ollama.wrong_words(times=2),
        "too late": lambda: ollama.slow(5),
        "an error": ollama.fail,
        "half an answer": ollama.cut,
    }
    lead_ids = []
    for name, begin in nonsense.items():
        begin()
        lead_ids.append(await reader.send(f"{BRAKES} ({name})"))
        card = await reader.card_with(lead_ids[-1], BY_RULES)
        assert "Honda Civic" in text_of(card), name
    await when_due(reader, Part.ANALYSIS)
    for lead_id in lead_ids:
        await card_without(reader, lead_id, BY_RULES)
        analysis = (await reader.synced(lead_id)).analysis
        assert analysis is not None
        assert analysis.model_used == ollama.model


async def test_a_card_says_how_to_get_a_model_that_is_missing(reader: Product, ollama: OllamaStandIn) -> None:
    ollama.models.clear()
    lead_id = await reader.send(BRAKES)
    await reader.card_with(lead_id, BY_RULES, f"ollama pull {ollama.model}")


async def test_a_failure_is_counted_by_service(reader: Product, ollama: OllamaStandIn) -> None:
    await ollama.go_down()
    await reader.card_with(await reader.send(BRAKES), BY_RULES)
    async with reader.session.get(f"{reader.app.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    assert any(line.startswith('failures_total{service="Ollama"}') for line in lines)
    assert 'parts_waiting{part="analysis"} 1.0' in lines


async def test_a_lead_reaches_the_crm_when_it_is_back(syncer: Product, airtable: AirtableStandIn) -> None:
    airtable.faults.down = True
    lead_id = await syncer.send(BRAKES)
    await syncer.card_with(lead_id, NOT_IN_CRM)
    async with outage(syncer):
        airtable.faults.clear()
    await card_without(syncer, lead_id, NOT_IN_CRM)
    await syncer.synced(lead_id)
    assert [row["Lead ID"] for row in airtable.rows] == [lead_id]


async def test_a_lead_that_the_crm_refused_is_there_once_somebody_mended_that(
    syncer: Product, airtable: AirtableStandIn
) -> None:
    granted, airtable.scopes = airtable.scopes, frozenset()
    lead_id = await syncer.send(BRAKES)
    await syncer.card_with(lead_id, NOT_IN_CRM)
    async with outage(syncer):
        airtable.scopes = granted
    await card_without(syncer, lead_id, NOT_IN_CRM)
    assert [row["Lead ID"] for row in airtable.rows] == [lead_id]


async def test_a_lost_answer_of_the_crm_makes_no_second_record(
    syncer: Product, airtable: AirtableStandIn
) -> None:
    first = await syncer.send(BRAKES)
    await syncer.synced(first)
    airtable.faults.lose_answer()
    second = await syncer.send(BRAKES + " Soon?")
    await syncer.card_with(second, NOT_IN_CRM)
    await when_due(syncer, Part.CRM)
    await card_without(syncer, second, NOT_IN_CRM)
    assert [row["Lead ID"] for row in airtable.rows] == [first, second]


async def test_leads_that_came_while_the_index_was_away_are_compared_when_it_is_back(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    chroma = Chroma(tmp_path / "index", None)
    index = Interrupted(chroma)
    async with product(slack, tmp_path, embedder, index=index) as bot:
        index.go_down()
        lead_ids = [await bot.send(f"{BRAKES} I am number {number}") for number in range(3)]
        for lead_id in lead_ids:
            assert "Honda Civic" in text_of(await bot.card_with(lead_id, NOT_COMPARED))
        async with outage(bot):
            index.come_back()
        cards = [await card_without(bot, lead_id, NOT_COMPARED) for lead_id in lead_ids]
        assert [[number in card for number in ("L-1001 (", "L-1002 (")] for card in cards] == [
            [False, False],
            [True, False],
            [True, True],
        ]
        for lead_id in lead_ids:
            await bot.synced(lead_id)
    await chroma.close()


async def test_while_slack_is_away_all_else_goes_on_and_the_card_comes_later_once(bot: Product) -> None:
    bot.slack.faults.down()
    lead_id = await bot.send(BRAKES)
    await bot.lead_when(lead_id, lambda lead: lead.status == Status.SYNCED and Part.CARD in lead.missing)
    bot.slack.faults.up()
    await when_due(bot, Part.CARD)
    await bot.final_card(lead_id)
    await bot.synced(lead_id)
    assert len(bot.cards()) == 1


async def test_a_storm_of_429s_delays_cards_and_doubles_none(bot: Product) -> None:
    bot.slack.faults.add("chat.postMessage", error="ratelimited", retry_after=1, times=4)
    lead_ids = [await bot.send(f"{BRAKES} I am number {number}") for number in range(3)]
    for lead_id in lead_ids:
        await bot.final_card(lead_id)
        await bot.synced(lead_id)
    assert len(bot.cards()) == len(lead_ids)


async def test_a_long_retry_after_is_kept_to_and_the_card_says_all_afterwards(bot: Product) -> None:
    bot.slack.faults.add("chat.postMessage", error="ratelimited", retry_after=30)
    lead_id = await bot.send(BRAKES)
    await bot.lead_when(lead_id, lambda lead: Part.CARD in lead.missing)
    calls = bot.slack.count("chat.postMessage")
    await when_due(bot, Part.CARD)
    await bot.lead_when(lead_id, lambda lead: lead.status == Status.SYNCED)
    assert (calls, bot.slack.count("chat.postMessage")) == (1, 1)


async def test_a_card_deleted_in_slack_is_posted_again_at_the_next_change(bot: Product) -> None:
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {bot.slack.bot_token}"}) as anybody:
        message = {"channel": bot.slack.desk_channel, "ts": card["ts"]}
        async with anybody.post(f"{bot.slack.api_url}chat.delete", json=message) as answer:
            assert (await answer.json())["ok"]
    assert bot.card(lead_id) is None
    dana = bot.slack.user("dana")
    claim = Action(key="k", name=ActionName.CLAIM, lead_id=lead_id, actor=dana)
    await bot.app.desk.act(claim)
    again = await bot.card_with(lead_id, "Claimed by dana")
    assert again["ts"] != card["ts"]
    await eventually(bot.slack, lambda: bot.slack.thread("leads", again["ts"]))


async def test_a_lost_answer_to_the_card_s_post_makes_no_second_card(bot: Product) -> None:
    bot.slack.faults.add("chat.postMessage", lost_answer=True)
    lead_id = await bot.send(BRAKES)
    await bot.final_card(lead_id)
    await bot.synced(lead_id)
    assert len(bot.cards()) == 1
    assert bot.slack.count("chat.postMessage") == 1


async def test_a_lost_answer_to_a_thread_s_line_makes_no_second_line(bot: Product) -> None:
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    bot.slack.faults.add("chat.postMessage", lost_answer=True)
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    await bot.lead_when(lead_id, lambda lead: Part.CARD in lead.missing)
    await when_due(bot, Part.CARD)
    await bot.synced(lead_id)
    assert len(bot.slack.thread("leads", card["ts"])) == 1


async def test_who_clicks_while_nobody_can_tell_who_belongs_to_the_desk_is_asked_to_click_again(
    bot: Product,
) -> None:
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    bot.slack.faults.add("conversations.members", status=503, times=None)
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    await bot.ephemeral("dana", "click again")
    assert (await bot.lead(lead_id)).owner is None
    bot.slack.faults.clear()
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    await bot.card_with(lead_id, "Claimed by dana")
