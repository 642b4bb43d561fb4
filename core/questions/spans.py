"""Stretches of time that have begun, as people name them: ``this month``, ``last 7 days``, ``since May``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_COUNTS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10,
    "couple of": 2, "few": 3,
}  # fmt: skip
_UNIT_DAYS: Final = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_DAY = (
    r"(?:(?P<iso>20\d\d-\d\d?-\d\d?)"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})(?:,? (?P<year>20\d\d))?"
    rf"|(?P<month2>{_MONTH}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (?P<year2>20\d\d))?"
    rf"|(?P<month3>{_MONTH})(?: (?P<year3>20\d\d))?"
    r"|(?P<near>today|yesterday)"
    rf"|(?:last |this )?(?P<weekday>{_WEEKDAY})\b"
    r"|(?P<year4>20\d\d))"
)

_COUNTED = re.compile(
    r"\b(?:(?:in|over|during|within|for|from) )?(?:the )?(?:last|past|previous) "
    r"(?:(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|ten|couple of|few) )?"
    r"(?P<unit>hour|day|week|month|quarter|year)s?\b"
)
_NAMED = re.compile(r"\b(?:(?:in|during|from|of) )?(?P<which>this|last|current) (?P<unit>week|month|year)\b")
_SINCE = re.compile(rf"\b(?P<how>since|after) {_DAY}")
_FROM = re.compile(rf"\b(?P<how>from|between) {_DAY}")
_UNTIL = re.compile(rf"\b(?P<how>until|till|through|to|and|before) {_DAY}")
_IN = re.compile(rf"\b(?:in|on|during|of|for|from) (?:the )?{_DAY}")
_BARE = re.compile(r"\b(?P<near>today|yesterday)\b")


@dataclass(frozen=True)
class Span:
    """A stretch of time, either end open.

    Attributes:
        first: the first moment in it.
        before: the first moment after it.
    """

    first: datetime | None = None
    before: datetime | None = None


def take(text: str, now: datetime) -> tuple[Span, str]:
    """The stretch that a lower-case text names, and the text without those words; never raises.

    now: aware, where the desk is; days begin and end there.
    """
    span, left = _relative(text, now)
    if span is not None:
        return span, left
    edges: dict[str, datetime | None] = {}
    begins = _FROM if _FROM.search(left) and _UNTIL.search(left) else _SINCE
    for name, pattern in (("first", begins), ("before", _UNTIL)):
        if (found := pattern.search(left)) and (days := _days(found, now.date())):
            edges[name] = _midnight(days[found["how"] not in {"since", "from", "between", "before"}], now)
            left = _without(left, found)
    if edges:
        return Span(**edges), left
    for pattern in (_IN, _BARE):
        if (found := pattern.search(left)) and (days := _days(found, now.date())):
            return Span(_midnight(days[0], now), _midnight(days[1], now)), _without(left, found)
    return Span(), left


def _relative(text: str, now: datetime) -> tuple[Span | None, str]:
    if found := _NAMED.search(text):
        return _named(found["which"], found["unit"], now), _without(text, found)
    if found := _COUNTED.search(text):
        said = found["count"] or "one"
        count = int(said) if said.isdecimal() else _COUNTS[said]
        if found["unit"] == "hour":
            return Span(now - timedelta(hours=count)), _without(text, found)
        # Whole days, today's included: "the last 7 days" begin with a morning, not at this hour.
        days = count * _UNIT_DAYS[found["unit"]]
        return Span(_midnight(now.date() - timedelta(days=days - 1), now)), _without(text, found)
    return None, text


def _named(which: str, unit: str, now: datetime) -> Span:
    """This or the last calendar week, month or year."""
    start, previous = _STARTS[unit]
    first = start(now.date())
    if which == "last":
        return Span(_midnight(previous(first), now), _midnight(first, now))
    return Span(_midnight(first, now))


_STARTS: Final[dict[str, tuple[Callable[[date], date], Callable[[date], date]]]] = {
    "week": (lambda day: day - timedelta(days=day.weekday()), lambda first: first - timedelta(days=7)),
    "month": (
        lambda day: day.replace(day=1),
        lambda first: (first - timedelta(days=1)).replace(day=1),
    ),
    "year": (
        lambda day: day.replace(month=1, day=1),
        lambda first: first.replace(year=first.year - 1),
    ),
}
"""Unit -> the first day of the one a day is in, and of the one before."""


def _days(found: re.Match[str], today: date) -> tuple[date, date] | None:
    """The first day that is named, and the first after what is named."""
    said = found.groupdict()
    try:
        if said.get("near"):
            day = today - timedelta(days=said["near"] == "yesterday")
        elif said.get("iso"):
            day = date(*map(int, said["iso"].split("-")))
        elif said.get("weekday"):
            back = (today.weekday() - _WEEKDAYS.index(said["weekday"][:3])) % 7
            day = today - timedelta(days=back or (7 if "last" in found[0] else 0))
        elif said.get("month3"):
            return _month(said["month3"], said["year3"], today)
        elif said.get("year4"):
            return date(int(said["year4"]), 1, 1), date(int(said["year4"]) + 1, 1, 1)
        else:
            month, number = said["month"] or said["month2"], int(said["day"] or said["day2"])
            day = _gone(_number_of(month), number, said["year"] or said["year2"], today)
        return day, day + timedelta(days=1)
    except (ValueError, OverflowError):  # 30 February, the year 9999
        return None


def _month(month: str, year: str | None, today: date) -> tuple[date, date]:
    first = _gone(_number_of(month), 1, year, today)
    return first, (first + timedelta(days=31)).replace(day=1)


def _gone(month: int, day: int, year: str | None, today: date) -> date:
    """That day in that year, without one the newest that has begun."""
    if year is not None:
        return date(int(year), month, day)
    found = date(today.year, month, day)
    return found if found <= today else date(today.year - 1, month, day)


def _number_of(month: str) -> int:
    return _MONTHS.index(month[:3]) + 1


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
