"""A lead is taken in the Messages tab by conversation: what is missing is asked for in its thread."""

import re
from collections.abc import Iterator

import pytest

from core.lead import Lead
from core.ports import Embedder
from handlers import confirming
from tests.product import Product, text_of
from tests.standing import desk, there
from tests.test_agent import answer_to, click, direct, write

BRAKES = "Caller wants the brakes of his car looked at, they grind"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module, of a garage."""
    with desk(embedder, tmp_path_factory.mktemp("talk"), business_type="automotive") as bot:
        yield bot


async def said_in(bot: Product, ts: str, words: str) -> str:
    """The thread once the bot says these words."""

    def so(_: object) -> bool:
        return re.search(words, text_of(bot.slack.thread(direct(bot, "dana"), ts))) is not None

    await bot.slack.until(so, timeout=20)
    return text_of(bot.slack.thread(direct(bot, "dana"), ts))


async def made_of(bot: Product, ts: str) -> Lead:
    found = await bot.app.store.submissions.lead_of("slack_message", f"{direct(bot, 'dana')}:{ts}")
    assert found is not None
    return await bot.lead(found.lead_id)


@there
async def test_a_lead_that_is_taken_by_conversation_is_completed_in_its_thread(bot: Product) -> None:
    ts = await write(bot, f"new {BRAKES}")
    await said_in(bot, ts, r"L-\d+ is kept")
    lead = await made_of(bot, ts)
    await said_in(bot, ts, "Still missing")
    await write(bot, "It is a 2019 Honda Civic, his number is 312 555 0142", thread_ts=ts)
    lead = await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone is not None)
    assert "312" in str(lead.contact.phone)


@there
async def test_a_message_kept_by_a_click_is_talked_about_too(bot: Product) -> None:
    ts = await write(bot, "A lady wants winter tires for her car by Friday")
    await click(bot, await answer_to(bot, ts), action_id=confirming.KEEP)
    await said_in(bot, ts, r"is kept")
    await said_in(bot, ts, "Still missing")
    await write(bot, "312 555 0143", thread_ts=ts)
    lead = await made_of(bot, ts)
    await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone is not None)


@there
async def test_an_order_in_a_conversations_thread_is_an_order(bot: Product) -> None:
    ts = await write(bot, f"new {BRAKES}, a van this time")
    await said_in(bot, ts, "Still missing")
    lead = await made_of(bot, ts)
    await write(bot, f"claim {lead.number}", thread_ts=ts)
    await said_in(bot, ts, "Claim it")


@there
async def test_an_edit_of_the_message_reaches_its_lead(bot: Product) -> None:
    ts = await write(bot, "new Caller wants a tow bar for his Golf, 312 555 0144")
    await said_in(bot, ts, "is kept")
    lead = await made_of(bot, ts)
    await bot.slack.edit(
        "dana", direct(bot, "dana"), ts, "new Caller wants a tow bar for his Passat, 312 555 0144"
    )
    await bot.lead_when(lead.lead_id, lambda lead: "Passat" in lead.message)
