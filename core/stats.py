"""How soon somebody acted on the leads: figures over their clocks. Pure."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from core.lead import Value
from core.sla import State
from core.store.clocks import Timed

K = TypeVar("K")


class Share(Value):
    """Of so many leads, so many on which nobody acted in time."""

    breaches: int
    leads: int


class Responses(Value):
    """Figures over some leads' clocks.

    A lead counts as decided once it was acted upon or its time is up; where there is time left nobody can
    know yet. Times are business time from receipt to the first act of a person.

    Attributes:
        met: acted upon in time.
        missed: acted upon too late.
        overdue: time is up, and nobody has acted yet.
        running: there is time left.
        median, p90: of those that were acted upon (nearest rank); None where there are none.
        by_owner: Slack user id of who had the lead while its clock ran, None for nobody -> its share.
        by_hour: hour of day at receipt, 0 to 23 in the desk's zone -> its share.
        by_source: where it came from -> its share.
    """

    met: int
    missed: int
    overdue: int
    running: int
    median: timedelta | None
    p90: timedelta | None
    by_owner: Mapping[str | None, Share]
    by_hour: Mapping[int, Share]
    by_source: Mapping[str, Share]

    @property
    def decided(self) -> int:
        """Leads of which it is known."""
        return self.met + self.missed + self.overdue

    @property
    def share_met(self) -> float | None:
        """0 to 1 of those decided; None where there are none."""
        return self.met / self.decided if self.decided else None


def responses(timed: Sequence[Timed], zone_of: Callable[[str], tzinfo], now: datetime) -> Responses:
    """The figures, as they are now.

    Args:
        timed: the clocks; at most one a lead.
        zone_of: a desk's channel -> its time zone.
        now: aware.
    """
    states = Counter(each.clock.state(now) for each in timed)
    took = sorted(each.clock.took for each in timed if each.clock.took is not None)
    decided = [each for each in timed if each.clock.state(now) != State.RUNNING]
    return Responses(
        met=states[State.MET],
        missed=states[State.MISSED],
        overdue=states[State.OVERDUE],
        running=states[State.RUNNING],
        median=rank(took, 0.5),
        p90=rank(took, 0.9),
        by_owner=_shares(decided, lambda each: each.clock.owner, now),
        by_hour=_shares(decided, lambda each: each.clock.started_at.astimezone(zone_of(each.desk)).hour, now),
        by_source=_shares(decided, lambda each: each.source, now),
    )


def rank(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """The least of them that is not exceeded by that share (nearest rank); None of none."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def _shares(decided: Sequence[Timed], key: Callable[[Timed], K], now: datetime) -> dict[K, Share]:
    """The shares by that key, the most breaches first."""
    leads = Counter(key(each) for each in decided)
    breaches = Counter(key(each) for each in decided if each.clock.state(now) != State.MET)
    order = sorted(leads, key=lambda one: (-breaches[one], -leads[one], str(one)))
    return {one: Share(breaches=breaches[one], leads=leads[one]) for one in order}
