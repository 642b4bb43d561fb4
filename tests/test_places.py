"""New cards take turns: as many as the channel takes, each once, whoever looks, urgent ones first."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from core.deskfile import Burst
from core.lead import Urgency, utcnow
from core.noise.bursts import Place
from core.store import Store, open_store
from core.store.places import AHEAD
from tests.databases import KINDS, fresh_database
from tests.lead_examples import analysis
from tests.test_store import a_lead

PACE = timedelta(seconds=1)
NOW = utcnow()
ANY = Burst(leads=10_000)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await open_store(database_url)
    yield store
    await store.close()


async def place(store: Store, name: str, *, urgent: bool = False, rule: Burst = ANY) -> tuple[str, Place]:
    lead = await a_lead(store, name)
    found = await store.places.place(lead.lead_id, "C1", urgent=urgent, rule=rule, now=NOW, pace=PACE)
    return lead.lead_id, found


async def turns(store: Store, seconds: float) -> list[str]:
    """The leads whose turn it is that long from now."""
    taken: list[str] = []

    def enlist(_connection: Connection, lead_id: str) -> None:
        taken.append(lead_id)

    await store.places.take(NOW + timedelta(seconds=seconds), pace=PACE, enlist=enlist)
    return taken


async def test_the_first_few_cards_are_posted_at_once_and_the_others_wait(store: Store) -> None:
    placed = [await place(store, f"e{number}") for number in range(AHEAD + 3)]
    assert [found.at_once for _, found in placed] == [True] * (AHEAD + 1) + [False] * 2


async def test_each_card_that_waits_has_its_turn_once_and_in_order(store: Store) -> None:
    placed = [await place(store, f"e{number}") for number in range(AHEAD + 6)]
    waiting = [lead_id for lead_id, found in placed if not found.at_once]
    taken = [lead_id for second in range(20) for lead_id in await turns(store, second)]
    assert taken == waiting


async def test_a_channel_is_given_no_more_than_it_takes(store: Store) -> None:
    for number in range(30):
        await place(store, f"e{number}")
    taken = [len(await turns(store, second)) for second in range(10, 20)]
    assert sum(taken) == 10


async def test_two_processes_that_look_at_once_give_each_turn_once(store: Store) -> None:
    for number in range(12):
        await place(store, f"e{number}")
    looks = await asyncio.gather(*(turns(store, 60) for _ in range(4)))
    assert len([lead_id for taken in looks for lead_id in taken]) == 1


async def test_the_same_lead_keeps_its_place(store: Store) -> None:
    lead_id, first = await place(store, "e1")
    again = await store.places.place(lead_id, "C1", urgent=True, rule=ANY, now=NOW, pace=PACE)
    assert again == first


async def test_processes_that_place_at_once_begin_one_summary(store: Store) -> None:
    leads = [await a_lead(store, f"e{number}") for number in range(20)]
    found = await asyncio.gather(
        *(
            store.places.place(lead.lead_id, "C1", urgent=False, rule=Burst(leads=5), now=utcnow(), pace=PACE)
            for lead in leads
        )
    )
    assert len({each.summary for each in found if each.summary}) == 1
    assert sum(each.summary is None for each in found) == 4


async def test_cards_under_a_summary_wait_until_it_is_posted(store: Store) -> None:
    placed = [await place(store, f"e{number}", rule=Burst(leads=2)) for number in range(3)]
    assert await turns(store, 60) == []
    key = placed[-1][1].summary
    assert key is not None
    await store.posts.intend(key, "C1", NOW)
    await store.posts.posted(key, "1.1", "")
    assert await turns(store, 61) == [placed[1][0]]


async def test_of_a_summary_s_many_leads_only_a_page_is_read_and_the_most_urgent_come_first(
    store: Store,
) -> None:
    at_once = Burst(leads=2)
    await place(store, "before", rule=at_once)
    calm, urgent, better = [(await place(store, name, rule=at_once))[0] for name in ("calm", "now", "good")]
    unread, found = await place(store, "unread", rule=at_once)
    for lead_id, urgency, quality in (
        (calm, Urgency.LOW, 20),
        (urgent, Urgency.URGENT, 10),
        (better, Urgency.LOW, 30),
    ):
        read = analysis(urgency=urgency, quality_score=quality)
        await store.leads.understood(lead_id, analysis=read, final=True)
    assert found.summary is not None
    pages = [await store.places.gathered(found.summary, offset=offset, limit=2) for offset in (0, 2)]
    assert [lead.lead_id for page in pages for lead in page.leads] == [urgent, better, calm, unread]
    assert [(page.count, page.urgent) for page in pages] == [(4, 1)] * 2
