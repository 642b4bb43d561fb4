"""A circuit breaker as a value: after five failures in a row a service is left alone for a minute."""

from dataclasses import dataclass, replace
from typing import Self

FAILURES = 5
REST = 60.0
"""Seconds without a call once it is open (both figures are the original's, SEED)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Closed: calls go out. Open: none does for ``rest`` seconds. Then one probe decides.

    Every change gives a new value; ``now`` is in seconds on a clock that never goes back.
    """

    most_failures: int = FAILURES
    rest: float = REST
    failures: int = 0
    opened_at: float | None = None
    probing: bool = False

    @property
    def closed(self) -> bool:
        """Whether calls go out freely."""
        return self.opened_at is None

    def allows(self, now: float) -> bool:
        """Whether a call may go out now: closed, or rested and nobody is probing."""
        return self.opened_at is None or (not self.probing and self.wait(now) <= 0)

    def wait(self, now: float) -> float:
        """Seconds until a call may be tried again; 0 if one may."""
        return 0.0 if self.opened_at is None else max(0.0, self.opened_at + self.rest - now)

    def called(self) -> Self:
        """A call that was allowed goes out; of an open breaker it is the one probe."""
        return self if self.closed else replace(self, probing=True)

    def succeeded(self) -> Self:
        """A call came back: closed, and all failures forgotten."""
        return replace(self, failures=0, opened_at=None, probing=False)

    def failed(self, now: float) -> Self:
        """A call failed: enough in a row, or a failed probe, open it and start the rest anew."""
        failures = self.failures + 1
        opens = failures >= self.most_failures
        return replace(self, failures=failures, opened_at=now if opens else None, probing=False)

    def abandoned(self) -> Self:
        """A call ended without telling anything (cancelled): another may probe."""
        return replace(self, probing=False)
