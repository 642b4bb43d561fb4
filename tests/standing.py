"""A product that stands for all tests of a module, in a thread whose loop never stops between them.

Starting one takes two seconds. It cannot live on pytest's own loop: that one rests between tests, and dbos
then runs what comes due on a loop where our clients are strangers.
"""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.sandbox.slack.server import running as running_slack
from core.ports import Embedder
from tests.product import Product, product

T = TypeVar("T")

PATIENCE = 100.0


@contextmanager
def desk(embedder: Embedder, folder: Path, **changes: Any) -> Iterator[Product]:
    """A product with a local workspace, for the tests of a module."""
    with standing(_warm(embedder, folder, changes)) as product:
        yield product


@asynccontextmanager
async def _warm(embedder: Embedder, folder: Path, changes: dict[str, Any]) -> AsyncIterator[Product]:
    """With one lead through: late imports are done. They make loggers, and pytest walks over them all."""
    async with running_slack(port=0) as slack, product(slack, folder, embedder, **changes) as bot:
        await bot.synced(await bot.send("The first one"))
        yield bot


@contextmanager
def standing(made: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What is made, alive in a thread of its own until this ends."""
    loop = asyncio.new_event_loop()
    ready: asyncio.Future[T] = loop.create_future()
    enough = asyncio.Event()

    async def live() -> None:
        async with made as value:
            ready.set_result(value)
            await enough.wait()

    async def value() -> T:
        return await ready

    thread = threading.Thread(target=loop.run_forever, name="standing")
    thread.start()
    living = asyncio.run_coroutine_threadsafe(live(), loop)
    living.add_done_callback(lambda _: loop.call_soon_threadsafe(ready.cancel))  # if it failed to start
    try:
        yield asyncio.run_coroutine_threadsafe(value(), loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(enough.set)
        try:
            living.result(PATIENCE)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def there(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run this async test where its ``bot`` stands; goes below ``given`` and above nothing else."""

    @functools.wraps(test)
    def run(bot: Product, **arguments: Any) -> None:
        async def body() -> None:
            await test(bot, **arguments)

        asyncio.run_coroutine_threadsafe(body(), bot.loop).result(PATIENCE)

    return run
