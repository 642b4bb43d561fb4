"""How loud it was, and whether it was worth it: pure.

A ping is a message that notifies one particular person: a direct message, or a mention. A card in the channel
is a post, and none.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from core.deskfile import Level
from core.noise.notices import Reason
from core.store.notices import Ping

WORTH_IT = timedelta(hours=1)
"""A ping was worth it if somebody acted on its lead within this time."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Share:
    """Some notices, the pings they came in, and how many of them somebody acted on in time."""

    notices: int
    pings: int
    acted: int

    @property
    def acted_on(self) -> float | None:
        """The share that somebody acted on, 0 to 1; None of none."""
        return self.acted / self.notices if self.notices else None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The figures of some time."""

    leads: int
    all: Share
    by_level: Mapping[Level, Share]
    by_reason: Mapping[Reason, Share]

    @property
    def per_lead(self) -> float | None:
        """Pings for each lead that came in; None when none did."""
        return self.all.pings / self.leads if self.leads else None


def counts(said: Sequence[Ping], leads: int) -> Counts:
    """The figures. leads: how many came in at the time; what no person was told is left out."""
    personal = [each for each in said if each.to is not None]
    return Counts(
        leads=leads,
        all=_share(personal),
        by_level=_by(personal, lambda each: each.level),
        by_reason=_by(personal, lambda each: each.reason),
    )


def _by(said: Sequence[Ping], key: Callable[[Ping], K]) -> dict[K, Share]:
    groups: dict[K, list[Ping]] = defaultdict(list)
    for each in said:
        groups[key(each)].append(each)
    return {name: _share(group) for name, group in sorted(groups.items(), key=lambda item: -len(item[1]))}


def _share(said: Sequence[Ping]) -> Share:
    messages: dict[tuple[str, str], int] = {}
    for each in said:  # several notices in one message are one ping
        messages[each.place] = max(each.times, messages.get(each.place, 0))
    acted = sum(each.acted_at is not None and each.acted_at - each.sent_at <= WORTH_IT for each in said)
    return Share(notices=len(said), pings=sum(messages.values()), acted=acted)
