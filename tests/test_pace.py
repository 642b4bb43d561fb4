"""Turns: never more than five calls in any second, whoever asks and whenever; silence is kept by all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pace import SECOND, SLOTS, first_free
from core.store import Store, open_store
from core.store.call_slots import CallSlots
from tests.crm_side import adapter, crm_side
from tests.databases import KINDS, fresh_database


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), st.floats(0, 2)), min_size=6, max_size=40))
def test_no_second_sees_more_than_five_calls_however_late_each_is_on_its_way(
    calls: list[tuple[float, float, float]],
) -> None:
    """On a simulated clock: the gap before a call, when within it the service sees it, how long it takes."""
    now, slots, seen = 0.0, dict.fromkeys(SLOTS, 0.0), []
    for gap, share, takes in calls:
        slot = first_free(slots)
        now = max(now + (gap if gap > 2 else 0), slots[slot])  # mostly at once
        seen.append(now + share * takes)
        slots[slot] = now + takes + SECOND
    assert all(sum(at <= other < at + 1 for other in seen) <= 5 for at in seen)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes on one database."""
    one, other = await open_store(database_url), await open_store(database_url)
    yield one, other
    await one.close()
    await other.close()


async def test_processes_take_turns(stores: tuple[Store, Store]) -> None:
    loop = asyncio.get_running_loop()
    turns = [CallSlots(store.database, "crm", 0.2) for store in stores]
    answered: list[float] = []
    started: list[float] = []

    async def call(at: CallSlots) -> None:
        turn = await at.turn()
        assert not turn.quiet
        started.append(loop.time())
        await asyncio.sleep(0.01)
        answered.append(loop.time())
        await at.done(turn)

    await asyncio.gather(*(call(turns[n % 2]) for n in range(16)))
    # the sixth starts after the first was answered and its time is over; a clock is read in between
    assert all(
        late >= early + 0.19 for early, late in zip(sorted(answered), sorted(started)[5:], strict=False)
    )


async def test_what_one_process_was_told_the_other_keeps(stores: tuple[Store, Store]) -> None:
    one, other = (CallSlots(store.database, "crm", 0.01) for store in stores)
    await one.hold(30)
    await one.hold(10)
    assert 29 < (await other.turn()).quiet <= 30


async def test_two_processes_never_meet_airtables_limit(tmp_path: Path) -> None:
    async with crm_side(tmp_path, rate=5) as side:
        pace = [CallSlots(side.store.database, "airtable", SECOND) for _ in range(2)]
        tables = [adapter(side.airtable, pace=each, penalty=30) for each in pace]
        await asyncio.gather(*(tables[n % 2].upsert({"Lead ID": str(n)}) for n in range(120)))
        for table in tables:
            await table.close()
        assert side.airtable.limited == 0
        assert (len(side.airtable.rows), len(side.airtable.requests)) == (120, 12)
        at = side.airtable.requests
        assert all(sum(each <= other < each + 1 for other in at) <= 5 for each in at)
