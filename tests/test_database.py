"""SQLite's writers take turns: what somebody waits for first, and none of the others for ever."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from core.store.database import GATHER_BESIDE, GATHER_MOST, Database
from tests.databases import fresh_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    with fresh_database("sqlite", tmp_path) as url:
        database = await Database.open(url)
        yield database
        await database.close()


class Busy:
    """A database whose writer is held up, and the order in which it does what it was given meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun, self._go_on = threading.Event(), threading.Event()
        self._writes = [asyncio.create_task(database.write(self._hold))]
        self.order: list[str] = []

    async def begun(self) -> None:
        await asyncio.to_thread(self._begun.wait)

    async def give(self, name: str, *, first: bool = False) -> None:
        self._writes.append(asyncio.create_task(self._database.write(self._note(name), first=first)))
        await asyncio.sleep(0)

    async def end(self) -> None:
        self._go_on.set()
        await asyncio.gather(*self._writes)

    def _hold(self, _connection: Connection) -> None:
        self._begun.set()
        self._go_on.wait()

    def _note(self, name: str) -> Callable[[Connection], None]:
        return lambda _: self.order.append(name)


async def test_what_somebody_waits_for_is_written_before_what_nobody_waits_for(database: Database) -> None:
    busy = Busy(database)
    await busy.begun()
    for _ in range(10):
        await busy.give("pipeline")
    await busy.give("door", first=True)
    await busy.end()
    assert busy.order == ["door", *["pipeline"] * 10]


async def test_a_rush_at_the_doors_does_not_stop_what_nobody_waits_for(database: Database) -> None:
    busy = Busy(database)
    await busy.begun()
    for _ in range(10):
        await busy.give("pipeline")
    for _ in range(2 * GATHER_MOST):
        await busy.give("door", first=True)
    await busy.end()
    assert busy.order[: GATHER_MOST + GATHER_BESIDE] == ["door"] * GATHER_MOST + ["pipeline"] * GATHER_BESIDE
