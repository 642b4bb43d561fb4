"""Business hours as a calendar: what is open when, and how much business time lies between two moments. Pure.

It is open while the clock on the wall shows a time within the day's hours, and the day is neither a holiday
nor an absence. So where clocks go forward the hours that nobody lives through do not count, and where they
go back the hour that comes twice counts twice. All arithmetic is on UTC: real time, not the wall's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final

import holidays

from core.deskfile.spelling import Week
from core.deskfile.values import Days, DeskFile, Holidays

HORIZON: Final = timedelta(days=3 * 366)
"""How far ahead an opening is looked for: what does not open until then never does."""

NO_HOLIDAYS: Final = Holidays()

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_PROBES: Final = 4  # a day; between two of them clocks change at most once


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a desk, or one of its people, is at work.

    Attributes:
        week: seven tuples of spans, Monday first.
        zone: where the wall hangs whose clock counts.
        away: days on which this person is not there.
    """

    week: Week
    zone: tzinfo
    holidays: Holidays = NO_HOLIDAYS
    away: tuple[Days, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether this moment (aware) is within the hours."""
        day = _day(at)
        return any(since <= at < until for since, until in self._open_on(day))

    def next_open(self, at: datetime) -> datetime | None:
        """The first moment from ``at`` on that is open, as UTC; None: not within HORIZON."""
        return next((since for since, _ in self._open_from(at)), None)

    def add(self, at: datetime, amount: timedelta) -> datetime | None:
        """The first moment by which this much business time has passed since ``at``, as UTC.

        It may be a closing time. None: so much does not pass within HORIZON, as where it is never open.
        """
        if amount <= timedelta():
            return at.astimezone(UTC)
        for since, until in self._open_from(at):
            if amount <= until - since:
                return since + amount
            amount -= until - since
        return None

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much business time passes between two moments; nothing when the second is not later."""
        spent = timedelta()
        begin, end = since.astimezone(UTC), until.astimezone(UTC)
        day = _day(begin)
        while day < end:
            for opens, closes in self._open_on(day):
                spent += max(min(closes, end) - max(opens, begin), timedelta())
            day += _DAY
        return spent

    def _open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every stretch that is open from ``at`` on, cut off at it, in order, within HORIZON."""
        begin = at.astimezone(UTC)
        if not any(self.week):
            return
        for ahead in range(HORIZON.days):
            for since, until in self._open_on(_day(begin) + ahead * _DAY):
                if until > begin:
                    yield max(since, begin), until

    def _open_on(self, day: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of this UTC day that are open, in order; two may touch."""
        for begin, end, offset in _offsets(self.zone, day):
            local = (begin + offset).date()
            while _wall(local) - offset < end:
                for span in self.week[local.weekday()] if self.works_on(local) else ():
                    opens = _wall(local, span.since) - offset
                    closes = _wall(local, span.until) - offset if span.until else _wall(local) + _DAY - offset
                    if max(opens, begin) < min(closes, end):
                        yield max(opens, begin), min(closes, end)
                local += _DAY

    def works_on(self, day: date) -> bool:
        """Whether there are hours on that day of the wall's calendar: no holiday, no absence."""
        if not self.week[day.weekday()] or any(each.first <= day <= each.last for each in self.away):
            return False
        free = self.holidays
        if day in free.closed:
            return False
        return day in free.open or day not in _free_days(free.country, free.region, day.year)


def desk_calendar(desk: DeskFile) -> Calendar:
    """The desk's own hours."""
    return Calendar(desk.hours, desk.zone, desk.holidays)


def spelled(amount: timedelta) -> str:
    """A length of time as people say it: ``40 s``, ``12 min``, ``3 h 5 min``; hours are the largest unit."""
    minutes, seconds = divmod(int(amount.total_seconds()), 60)
    if not minutes:
        return f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    return " ".join(filter(None, [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]))


@lru_cache(maxsize=256)
def _free_days(country: str | None, region: str | None, year: int) -> frozenset[date]:
    if country is None:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=region, years=year))


def _day(at: datetime) -> datetime:
    """When the UTC day of this moment begins."""
    return datetime.combine(at.astimezone(UTC).date(), time(), UTC)


def _wall(day: date, at: time = time()) -> datetime:
    """What a wall's clock shows, held as if it were UTC, so that its arithmetic is plain."""
    return datetime.combine(day, at, UTC)


@lru_cache(maxsize=4_096)
def _offsets(zone: tzinfo, day: datetime) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The UTC day in parts within which the zone's offset stays the same: (begin, end, offset)."""
    probes = [day + part * _DAY / _PROBES for part in range(_PROBES + 1)]
    parts, begin = [], day
    for early, late in pairwise(probes):
        if _offset(zone, early) != _offset(zone, late):
            change = _change(zone, early, late)
            parts.append((begin, change, _offset(zone, early)))
            begin = change
    parts.append((begin, probes[-1], _offset(zone, probes[-1] - _SECOND)))
    return tuple(part for part in parts if part[0] < part[1])


def _change(zone: tzinfo, early: datetime, late: datetime) -> datetime:
    """The moment between the two at which clocks change, to the second."""
    before = _offset(zone, early)
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
    return late


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
