"""The alarm of a clock's next step: what the engine keeps until it is due."""

from collections.abc import Callable
from typing import Self

from pydantic import AwareDatetime
from sqlalchemy import Connection

from core.lead import Value
from core.sla.clock import Clock


class Alarm(Value):
    """Rings when a step of a lead's ladder is due.

    Attributes:
        started_at: of the clock that it belongs to.
        rung: which step of the ladder.
        at: when it is to ring.
        again: how many times it was set anew, because nobody could be told, or it did not ring.
    """

    lead_id: str
    started_at: AwareDatetime
    rung: int
    at: AwareDatetime
    again: int = 0

    @classmethod
    def of(cls, lead_id: str, clock: Clock, *, again: int = 0) -> Self | None:
        """The alarm of the clock's next step, if there is one."""
        if clock.next_at is None:
            return None
        return cls(
            lead_id=lead_id, started_at=clock.started_at, rung=clock.rung, at=clock.next_at, again=again
        )

    @property
    def step(self) -> str:
        """Which step of which clock, whenever it rings: how its history lines and notices begin."""
        return f"sla:{self.lead_id}:{self.started_at.timestamp():.0f}:{self.rung}"

    @property
    def key(self) -> str:
        """Unique to this alarm: a step that moved to another moment has another one."""
        return f"{self.step}:{self.at.timestamp():.0f}:{self.again}"


SetAlarm = Callable[[Connection, Alarm], None]
"""Enqueue the alarm inside the caller's transaction; the same key twice is one."""
