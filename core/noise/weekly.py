"""The figures of a desk's week: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from statistics import median

from core.lead import DeskStatus

HOURS = 24

OTHERS = "others"
"""The sources beyond the most frequent ones, together."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """A lead of the week, as far as it is counted.

    Attributes:
        acted_at: when a person first did something with it.
        in_time: whether that was within the desk's time; None where no clock runs, or it runs still.
    """

    source: str
    received_at: datetime
    desk_status: DeskStatus
    acted_at: datetime | None
    in_time: bool | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A source's leads by the hour of the day they came, and how many were answered in time, of how many."""

    source: str
    hours: tuple[int, ...]
    met: int
    timed: int

    @property
    def total(self) -> int:
        """All its leads."""
        return sum(self.hours)


@dataclass(frozen=True, kw_only=True)
class Week:
    """The figures.

    Attributes:
        first, last: its days, both in it.
        before: leads of the week before.
        rows: by source, the most frequent first.
        outcomes: how many of the leads are where by now.
        first_act: the median from a lead to the first thing that somebody did with it.
    """

    first: date
    last: date
    before: int
    rows: Sequence[Row]
    outcomes: Mapping[DeskStatus, int]
    first_act: timedelta | None

    @property
    def total(self) -> int:
        """All leads of the week."""
        return sum(row.total for row in self.rows)

    @property
    def met(self) -> float | None:
        """The share that was answered in time, 0 to 1; None where no clock ran."""
        timed = sum(row.timed for row in self.rows)
        return sum(row.met for row in self.rows) / timed if timed else None


def days_of(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when until when the week goes that is told of on this day: the seven days before it, in UTC."""
    since, until = (datetime.combine(each, time(0), zone) for each in (day - timedelta(days=7), day))
    return since.astimezone(UTC), until.astimezone(UTC)


def week(came: Sequence[Came], day: date, zone: tzinfo, *, before: int, most: int = 8) -> Week:
    """The figures of the seven days before this one.

    Args:
        came: the leads of those days.
        day: when it is told.
        zone: the desk's, in which hours are counted.
        before: leads of the week before.
        most: sources with a row of their own; the rarer ones share one.
    """
    frequent = [source for source, _ in Counter(each.source for each in came).most_common()]
    named = frequent if len(frequent) <= most else frequent[: most - 1]
    rows = [_row(source, [each for each in came if each.source == source], zone) for source in named]
    if rest := [each for each in came if each.source not in named]:
        rows.append(_row(OTHERS, rest, zone))
    waits = [(each.acted_at - each.received_at).total_seconds() for each in came if each.acted_at is not None]
    return Week(
        first=day - timedelta(days=7),
        last=day - timedelta(days=1),
        before=before,
        rows=rows,
        outcomes=Counter(each.desk_status for each in came),
        first_act=timedelta(seconds=median(waits)) if waits else None,
    )


def _row(source: str, came: Sequence[Came], zone: tzinfo) -> Row:
    by_hour = Counter(each.received_at.astimezone(zone).hour for each in came)
    return Row(
        source=source,
        hours=tuple(by_hour[hour] for hour in range(HOURS)),
        met=sum(each.in_time is True for each in came),
        timed=sum(each.in_time is not None for each in came),
    )
