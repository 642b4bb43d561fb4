"""How often one address may send a form."""

from collections import OrderedDict, deque

VISITS_MAX, VISITS_SECONDS = 20, 600.0
"""Forms that one address may send in so many seconds: an office has many people behind one address."""

ADDRESSES_MAX = 10_000
"""Addresses that are remembered; the one that was quiet longest is forgotten first."""


class Visits:
    """What was sent lately, by address."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def pause(self, address: str, now: float) -> float:
        """Seconds until this address may send again; 0 when it may now, which counts."""
        times = self._times.setdefault(address, deque())
        self._times.move_to_end(address)
        while times and times[0] <= now - VISITS_SECONDS:
            times.popleft()
        if len(times) >= VISITS_MAX:
            return times[0] + VISITS_SECONDS - now
        times.append(now)
        if len(self._times) > ADDRESSES_MAX:
            self._times.popitem(last=False)
        return 0.0
