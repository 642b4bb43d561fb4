"""Turns: never more than five calls in any second, whoever asks and whenever; silence is kept by all."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pace import AHEAD, SECOND, SLOTS, OwnPace, first_free
from core.store import Store, open_store
from core.store.call_slots import CallSlots
from tests.crm_side import adapter, crm_side
from tests.databases import KINDS, fresh_database

LATE = st.one_of(st.just(0.0), st.floats(0, 2))


@given(st.lists(st.tuples(st.floats(0, 3), LATE, LATE, LATE, LATE), min_size=6, max_size=40))
def test_no_second_sees_more_than_five_calls_however_late_each_is_on_its_way(
    calls: list[tuple[float, float, float, float, float]],
) -> None:
    """On a simulated clock.

    Of each call the gap before it, and how long it takes until it starts, until the service sees it, until
    the answer is there, and until that is noticed.
    """
    now, slots, seen = 0.0, dict.fromkeys(SLOTS, 0.0), []
    for gap, starts, arrives, answers, noticed in calls:
        slot = first_free(slots)
        now = max(now + (gap if gap > 2 else 0), slots[slot] - AHEAD)  # mostly at once
        at = max(now, slots[slot]) + starts + arrives
        seen.append(at)
        slots[slot] = at + answers + noticed + SECOND
    assert all(sum(at <= other < at + 1 for other in seen) <= 5 for at in seen)


async def test_a_turn_given_ahead_of_its_time_says_when_that_is(stores: tuple[Store, Store]) -> None:
    for pace in (OwnPace(SECOND), CallSlots(stores[0].database, "crm", SECOND)):
        first = [await pace.turn() for _ in SLOTS]
        answered = time.monotonic()
        for turn in first:
            await pace.done(turn, answered)
        again = await pace.turn()
        assert answered + SECOND <= again.at <= time.monotonic() + AHEAD


async def test_a_turn_lasts_until_its_answer_even_when_who_asked_has_given_up(tmp_path: Path) -> None:
    async with crm_side(tmp_path) as side:
        pace = CallSlots(side.store.database, "airtable", 0.01)
        table = adapter(side.airtable, pace=pace)
        await table.check()
        side.airtable.faults.delay(0.5)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await table.check()
        taken = [await pace.turn() for _ in SLOTS[1:]]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pace.turn()
        assert len({turn.slot for turn in taken}) == len(SLOTS) - 1
        await table.close()  # waits for the answer
        assert (await pace.turn()).slot not in {turn.slot for turn in taken}


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
        await asyncio.sleep(turn.at - loop.time())
        started.append(loop.time())
        await asyncio.sleep(0.01)
        answered.append(loop.time())
        await at.done(turn, time.monotonic())

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
