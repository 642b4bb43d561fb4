"""The process is killed between the turns of a conversation and in them; the conversation goes on."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from core.conversation import Phase
from core.store import open_store
from tests.bot_process import key_of, world
from tests.databases import KINDS, fresh_database
from tests.product import text_of

SEED = 20_261_125

TURNS = ("415 555 2671", "on Friday", "my name is Priya Raman", "sorry, it's 415 555 2672")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first_asked", [True, False], ids=["asked already", "nothing heard yet"])
async def test_a_process_killed_at_every_turn_loses_no_word_and_says_nothing_twice(
    kind: str, tmp_path: Path, *, first_asked: bool
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    with fresh_database(kind, tmp_path) as url:
        async with world(tmp_path, url) as around:
            await around.bot.start()
            ts = await around.slack.say("dana", "leads", "My roof leaks, please send somebody soon")
            for number, text in enumerate(TURNS):
                if first_asked and number == 0:
                    await around.slack.until(
                        lambda s: "Still missing" in str(s.thread("leads", ts)), timeout=30
                    )
                await asyncio.sleep(0.6 * dice.random())  # in the middle of what the last turn set going
                await around.bot.kill()
                await around.slack.say("dana", "leads", text, thread_ts=ts)  # while nobody is there
                await around.bot.start()
            await asyncio.sleep(2.0)  # Slack delivers again every 0.3 seconds
            await around.bot.until_done(60)
            assert await around.bot.stop() == 0
            said = [str(line["text"]) for line in around.slack.thread("leads", ts) if "bot_id" in line]
            [card] = [each for each in around.cards() if key_of(each).startswith("card:")]
            place = f"{around.slack.channel('leads')}:{ts}"
        store = await open_store(url)
        found = await store.conversations.at(place)
        transcript = await store.conversations.transcript(found.lead_id) if found else []
        [lead] = await store.leads.newest(limit=5)
        await store.close()
    assert found is not None
    assert found.state is not None
    assert (lead.contact.name, lead.contact.phone) == ("Priya Raman", "415 555 2672")
    assert found.state.phase == Phase.DONE
    assert "415 555 2672" in text_of(card)  # the last edit came, whatever it waited for as it was killed
    assert sorted(line.text for line in transcript if line.who != "bot") == sorted(TURNS)
    assert Counter(said) == Counter(line.text for line in transcript if line.who == "bot")
