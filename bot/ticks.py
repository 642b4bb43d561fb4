"""What APScheduler calls by the clock, and a stop in the middle of which nothing is reported as an error."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

Tick = Callable[[], Awaitable[object]]
"""What is done when it is time; a bound method, by whose name logs call it."""

LATE = 3600
"""Seconds: what is due at an hour of the day is still done when the machine was asleep so long."""


class Ticks:
    """The process' clock. Make it inside the running loop."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[object]] = set()
        self._stopping = False

    def every(self, seconds: float, tick: Tick, *, first: datetime | None = None, at_once: int = 1) -> None:
        """From ``first`` on, else from when they passed once.

        at_once: how often it may run at once; one that comes too soon is left out.
        """
        when = {"next_run_time": first} if first is not None else {}
        self._add(tick, "interval", seconds=seconds, max_instances=at_once, coalesce=True, **when)

    def at(self, when: CronTrigger, tick: Tick, *, late: int | None = LATE) -> None:
        """At these times; late: how many seconds afterwards still, None: ever."""
        self._add(tick, when, misfire_grace_time=late, coalesce=True)

    def now(self, tick: Tick, *, name: str) -> None:
        """Once; asked again under that name before it began, still once."""
        self._add(tick, id=name, replace_existing=True)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    async def stop(self) -> None:
        """No further ticks; those under way are ended here, for APScheduler would call that an error."""
        self._stopping = True
        self._scheduler.pause()
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._scheduler.shutdown(wait=False)

    def _add(self, tick: Tick, trigger: object = None, **options: object) -> None:
        name = getattr(tick, "__qualname__", None)
        self._scheduler.add_job(self._run, trigger, args=[tick], name=name, **options)

    async def _run(self, tick: Tick) -> None:
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._under_way.add(task)
        try:
            await tick()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._under_way.discard(task)
