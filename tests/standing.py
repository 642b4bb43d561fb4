"""A product that stands for all tests of a module, in a thread whose loop never stops between them.

Starting one takes two seconds. It cannot live on pytest's own loop: that one rests between tests, and dbos
then runs what comes due on a loop where our clients are strangers.
"""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

from tests.product import Product

T = TypeVar("T")

PATIENCE = 100.0


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
