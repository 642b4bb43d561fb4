"""The log of what was told to other programs: it ends after a month; what is still to be told does not."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from bot.sandbox.slack.server import SlackSandbox
from bot.schedule import KEEP_CALLS
from core.hooks.calls import Call, CallState, HookEvent
from core.lead import utcnow
from core.ports import Embedder
from core.store import Store, open_store
from core.store.hooks import PRUNED_AT_ONCE
from core.store.tables import hook_calls
from tests.databases import KINDS, fresh_database
from tests.product import product
from tests.test_store import accept

NOW = utcnow()
BEFORE = NOW - KEEP_CALLS
OLD, YOUNG = BEFORE - timedelta(hours=1), BEFORE + timedelta(hours=1)


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """On both databases."""
    with fresh_database(request.param, tmp_path) as url:
        store = await open_store(url)
        yield store
        await store.close()


async def tell(store: Store, *told: tuple[datetime, CallState], times: int = 1) -> None:
    """Calls of these times and states, of one lead to one hook."""
    lead = await accept(store)
    hook = await store.hooks.add("https://shop.example/leads", frozenset())
    calls = [
        Call(
            call_id=f"msg_{at:%d%H}_{state}_{number}",
            hook_id=hook.hook_id,
            lead_id=lead.lead_id,
            event=HookEvent.CREATED,
            at=at,
            state=state,
        )
        for at, state in told
        for number in range(times)
    ]

    def write(connection: Connection) -> None:
        connection.execute(insert(hook_calls), [call.model_dump() for call in calls])

    await store.database.write(write)


async def kept(store: Store) -> list[tuple[datetime, CallState]]:
    return [(call.at, call.state) for call, _ in await store.hooks.log(limit=100)]


async def test_after_a_month_it_is_forgotten_what_was_told_and_what_was_given_up(store: Store) -> None:
    every = [(at, state) for at in (YOUNG, OLD) for state in CallState]
    await tell(store, *every)
    assert await store.hooks.prune(BEFORE) == 2
    assert sorted(await kept(store)) == sorted(
        [*((YOUNG, state) for state in CallState), (OLD, CallState.WAITING)]
    )


async def test_more_than_fits_into_one_transaction_is_forgotten_too(store: Store) -> None:
    await tell(store, (OLD, CallState.DONE), times=PRUNED_AT_ONCE + 1)
    assert await store.hooks.prune(BEFORE) == PRUNED_AT_ONCE + 1
    assert await kept(store) == []


async def test_the_nightly_cleaning_forgets_it(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        await tell(bot.app.store, (OLD, CallState.DONE), (YOUNG, CallState.DONE))
        await bot.app.schedule.prune()
        assert await kept(bot.app.store) == [(YOUNG, CallState.DONE)]
