"""The process is killed under load, again and again; what was acknowledged is done once it runs again."""

import asyncio
import logging
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.adapters.chroma import open_chroma
from core.desks import desks
from core.errors import Unavailable
from core.lead import Draft, Event, Lead, Status, utcnow
from core.ports import Embedder
from core.similar.search import CATCH_UP, Search
from core.store import Store, open_store
from core.store.posts import card_key
from core.store.submissions import Submission
from handlers.board import SlackBoard
from handlers.posting import LATEST_ARRIVAL, Posting
from handlers.slack.api import Slack
from handlers.slack.directory import Directory, Listed
from tests.bot_process import World, key_of, world
from tests.databases import KINDS, fresh_database
from tests.product import Product, text_of

SEED = 20_260_101

KILLS = 20
SOONEST, LATEST = 0.2, 2.5
"""Seconds to the kill: from ready, or from the first call to Airtable, by when leads are in every state."""

PER_SECOND = 2.0
"""Leads sent, also while nobody is there to take them."""

PATIENCE = 120.0
"""Seconds for what is left after the last kill."""

NO_HARM: dict[str, list[str]] = {
    "leads lost": [],
    "leads nobody sent": [],
    "leads not finished": [],
    "without exactly one card": [],
    "without exactly one record": [],
    "repeats that are not one request": [],
    "merged that repeat nothing": [],
    "number not in the vector index": [],
    "claims not exactly once in the history": [],
    "claims not exactly once in the thread": [],
    "words to people who did no wrong": [],
    "pipelines that failed": [],
}

log = logging.getLogger(__name__)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_killed_at_random_moments_loses_and_doubles_nothing(
    kind: str, tmp_path: Path
) -> None:
    started = time.monotonic()
    with fresh_database(kind, tmp_path) as url:
        async with world(tmp_path, url) as around:
            sent = await under_fire(around, random.Random(SEED))  # noqa: S311 - chance, not secrecy
            fire_over = time.monotonic()
            await around.bot.until_done(PATIENCE)
            finished = time.monotonic()
            assert await around.bot.stop() == 0
            harm = await harm_done(around, url, tmp_path)
    log.info(
        "%s: %d kills, %d leads sent, %d acknowledged, %d claims, %.0f s under fire, %.0f s for the rest",
        *(kind, KILLS, sent, len(around.acknowledged), len(around.claimed)),
        *(fire_over - started, finished - fire_over),
    )
    assert harm == NO_HARM, around.bot.errors[-5000:]


async def under_fire(around: World, dice: random.Random) -> int:
    """Kill and start the process KILLS times under load, and start it once more; how many leads were sent."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as load:
        senders = load.create_task(around.send_leads(enough, per_second=PER_SECOND))
        load.create_task(around.claim_cards(enough, dice))
        for turn in range(KILLS):
            await around.bot.start()
            if turn % 4 == 0:
                await around.until_crm_is_called()
            await asyncio.sleep(SOONEST + (LATEST - SOONEST) * dice.random() ** 3)  # rather soon
            await around.bot.kill()
        await around.bot.start()
        enough.set()
    return senders.result()


async def harm_done(around: World, url: str, folder: Path) -> dict[str, list[str]]:
    """What came of it, as the store, the channel and the CRM's table have it."""
    store = await open_store(url)
    leads = [lead async for batch in store.leads.every() for lead in batch]
    histories = {lead.lead_id: await store.events.of(lead.lead_id) for lead in leads}
    await store.close()
    index = await open_chroma(folder / "chroma", None)
    unknown = len(leads) - await index.count()
    await index.close()
    known = {lead.lead_id for lead in leads}
    standing = {lead.lead_id for lead in leads if lead.merged_into is None}
    pairs = [
        (around.acknowledged[again], around.acknowledged[first]) for again, first in around.repeated.items()
    ]
    messages = Counter(lead.message for lead in leads)
    cards = Counter(key_of(card) for card in around.cards())
    records = Counter(row["Lead ID"] for row in around.airtable.rows)
    in_history = Counter(card_key(lead_id) for lead_id in histories for _ in claims(histories[lead_id]))
    in_threads = Counter(key_of(card) for card in around.cards() for _ in claim_lines(around, card))

    def claimed(found: Counter[str]) -> list[str]:
        # A click whose acknowledgement a kill cut off may have come through, once, or not.
        return [*around.claimed, *((around.clicked - set(around.claimed)) & set(found))]

    lost = [key for key, lead_id in around.acknowledged.items() if lead_id not in known]
    return {
        "leads lost": lost + [text for text in around.said if not messages[text]],
        "leads nobody sent": [text for text, times in messages.items() if times > 1],
        "leads not finished": [lead.number for lead in leads if not is_finished(lead)],
        "without exactly one card": unlike_one(cards, [card_key(lead_id) for lead_id in standing]),
        "without exactly one record": unlike_one(records, list(standing)),
        "repeats that are not one request": [
            again for again, first in pairs if (again in standing) == (first in standing)
        ],
        "merged that repeat nothing": sorted(
            known - standing - {lead_id for pair in pairs for lead_id in pair}
        ),
        "number not in the vector index": [str(unknown)] if unknown else [],
        "claims not exactly once in the history": unlike_one(in_history, claimed(in_history)),
        "claims not exactly once in the thread": unlike_one(in_threads, claimed(in_threads)),
        "words to people who did no wrong": [
            text_of(seen) for user in around.slack.team.users for seen in around.slack.ephemerals(user)
        ],
        "pipelines that failed": [
            line for line in around.bot.errors.splitlines() if "pipeline_failed" in line
        ],
    }


def is_finished(lead: Lead) -> bool:
    synced = lead.status == Status.SYNCED or lead.merged_into is not None
    return lead.analysis is not None and synced and not lead.missing


def unlike_one(found: Counter[str], expected: list[str]) -> list[str]:
    """What is expected and there not once, and what is there and not expected."""
    return [f"{name}: {found[name]}" for name in {*expected, *found} if found[name] != (name in expected)]


def claims(history: list[Event]) -> list[Event]:
    return [event for event in history if event.what == "claimed"]


def claim_lines(around: World, card: dict[str, Any]) -> list[str]:
    thread = [text_of(line) for line in around.slack.thread("leads", card["ts"])]
    return [line for line in thread if "Claimed by" in line]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_told_to_stop_under_load_ends_well_and_loses_nothing(
    kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        async with world(tmp_path, url) as around:
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as load:
                await around.bot.start()
                load.create_task(around.send_leads(enough, per_second=10))
                await asyncio.sleep(3)
                assert await around.bot.stop() == 0
                await around.bot.start()
                enough.set()
            await around.bot.until_done(PATIENCE)
            assert await around.bot.stop() == 0
            assert await harm_done(around, url, tmp_path) == NO_HARM


@pytest.mark.parametrize("kind", KINDS)
async def test_a_first_start_killed_half_way_through_its_tables_is_made_good_by_the_next(
    kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        first = await asyncio.create_subprocess_exec(sys.executable, "-c", HALF_MIGRATED, url)
        assert await first.wait() == -signal.SIGKILL
        store = await open_store(url)
        assert await store.leads.count() == 0
        await store.close()


HALF_MIGRATED = """
import os, signal, sys
from sqlalchemy import Engine, event
from core.store.database import migrate

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE leads" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""


async def test_a_card_whose_answer_was_lost_is_not_posted_again(bot: Product) -> None:
    bot.slack.faults.add("chat.postMessage", lost_answer=True)
    lead_id = await bot.send("Please look at my brakes, they grind badly.")
    await bot.final_card(lead_id)
    assert bot.slack.count("chat.postMessage") == 1


async def test_a_card_whose_answer_was_lost_long_after_it_was_first_tried_is_not_posted_again(
    slack: SlackSandbox, tmp_path: Path
) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'basecamp.db'}")
    client = Slack(slack.bot_token, slack.api_url)
    there = desks((), slack.desk_channel, time_zone="UTC", business_type="general")
    directory = Directory(client, listed=Listed(), desks=there)
    posting = Posting(store.posts, client)
    board = SlackBoard(
        store, posting, directory, there, hidden=lambda _: frozenset(), pace=timedelta(seconds=1)
    )
    lead_id = await a_lead(store, slack.desk_channel)
    first_try = utcnow() - timedelta(seconds=2 * LATEST_ARRIVAL)
    await store.posts.intend(card_key(lead_id), slack.desk_channel, first_try)
    slack.faults.add("chat.postMessage", lost_answer=True)
    with pytest.raises(Unavailable):
        await board.show(lead_id)
    await board.show(lead_id)
    await client.close()
    await store.close()
    assert len(slack.messages("leads")) == 1


async def test_a_lead_killed_before_it_was_indexed_is_indexed_at_the_next_start_however_many_wait(
    tmp_path: Path, embedder: Embedder
) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'basecamp.db'}")
    index = await open_chroma(tmp_path / "chroma", None)
    search = Search(store, embedder, index, threshold=0.85, limit=5)
    embedded = await a_lead(store, "leads")
    vector = await search.embed(await store.leads.get(embedded))
    await store.leads.understood(embedded, vector=(search.model, vector))
    await asyncio.gather(*(a_lead(store, "leads") for _ in range(CATCH_UP)))
    await search.catch_up()
    found = await index.nearest(vector, limit=5)
    await index.close()
    await store.close()
    assert [near.lead_id for near in found] == [embedded]


async def a_lead(store: Store, desk: str) -> str:
    """The id of a lead that is stored, and that no pipeline works."""
    now = utcnow()
    submission = Submission(
        source="api", event_key=str(uuid4()), fingerprint="", content_type="", body=b"", received_at=now
    )
    draft = Draft(message="My brakes grind.", source="api", received_at=now)
    accepted = await store.submissions.accept(
        submission, draft, desk=desk, business_type="general", actor="api", enlist=lambda *_: None
    )
    return accepted.lead_id
