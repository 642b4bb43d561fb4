"""Five calls a second, however late each is on its way: the rule behind core.ports.Pace, and one process'.

A call reaches the service somewhere between its start and its answer. So five slots are kept, and a slot is
free again a second after its *answer*: of any six calls the last then reaches the service more than a second
after the first, whatever the machine or the network did to them. Calls that are only spaced out when they
start bunch up on a busy machine (measured: a 429 within a minute at one call every 0.22 s, load 11).

No rule that keeps this promise lets more through: a call that starts now may be seen at once, and each of
the five before it that was answered less than a second ago may just have been seen. What can be saved is time
between: an answer counts from when it came in, not from when somebody had time for it, and a turn is given a
little ahead, so that its call stands ready when its time comes.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from core.ports import Turn

SLOTS: Final = (1, 2, 3, 4, 5)
"""Airtable allows five calls a second and base (SEED.md)."""

SILENCE: Final = 0
"""The slot that holds until when nobody may call."""

SECOND: Final = 1.005
"""Seconds; a clock that runs a little differently shall make no difference."""

AHEAD: Final = 0.1
"""Seconds before its time in which a turn may be given; no more, for until then silence may be asked for."""


def first_free(slots: Mapping[int, float]) -> int:
    """The slot that is free first; slot -> the time from which on it is."""
    return min(SLOTS, key=lambda slot: slots[slot])


class OwnPace:
    """core.ports.Pace of a process that is the only one."""

    def __init__(self, second: float = SECOND) -> None:
        self._second = second
        self._free = dict.fromkeys(SLOTS, 0.0)
        self._quiet_until = 0.0
        self._answered = asyncio.Event()

    async def turn(self) -> Turn:
        """Wait for the next turn; ``quiet``: for so many seconds nobody may call."""
        while True:
            now = time.monotonic()
            if self._quiet_until > now:
                return Turn(quiet=self._quiet_until - now)
            slot = first_free(self._free)
            at = self._free[slot]
            if at <= now + AHEAD:
                self._free[slot] = float("inf")
                return Turn(slot=slot, at=at)
            self._answered.clear()
            try:
                async with asyncio.timeout(min(at - AHEAD - now, self._second)):
                    await self._answered.wait()
            except TimeoutError:
                continue

    async def done(self, turn: Turn, answered: float) -> None:
        """The slot is free a second after the answer."""
        if not turn.quiet:
            self._free[turn.slot] = answered + self._second
            self._answered.set()

    async def hold(self, seconds: float) -> None:
        """Nobody calls for so long."""
        self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)
