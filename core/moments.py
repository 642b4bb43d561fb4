"""Moments and days as people type them after a command: ``2d``, ``friday 9:00``, ``24 dec to 31 dec``."""

import re
from datetime import UTC, date, datetime, time, timedelta

from core.rules import days
from core.snooze import FIRST_THING

LONGEST = 7
"""Most words that one moment is made of: ``on friday 4 december 2026 at 9:00``."""

_COUNT = re.compile(r"(?P<count>\d{1,4}|an?) ?(?P<unit>[a-z]+)")
_MINUTES = {"m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1}
_MINUTES |= dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60)
_DAYS = dict.fromkeys(("d", "day", "days"), 1) | dict.fromkeys(("w", "wk", "week", "weeks"), 7)
_DAYS |= dict.fromkeys(("month", "months"), 30)

_LEADS_IN = re.compile(r"^(?:(?:until|till|for|in|on|at|by|from|the)\b\s*)+")
_CLOCK = re.compile(
    r"(?:\bat )?\b(?:(?P<hour>[01]?\d|2[0-3])[:h](?P<minute>[0-5]\d)(?: ?(?P<half>[ap])\.?m\b\.?)?"
    r"|(?P<full>1[0-2]|0?[1-9]) ?(?P<its_half>[ap])\.?m\b\.?|(?P<named>noon|midnight|evening|morning))"
)
_NAMED = {"noon": time(12), "midnight": time(0), "evening": time(18), "morning": FIRST_THING}

_WEEKDAY = r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_KINDS = {
    "today": re.compile("today|tonight"),
    "tomorrow": re.compile("(?:day after )?tomorrow"),
    "iso": re.compile(r"20\d\d-\d\d?-\d\d?"),
    "slashed": re.compile(r"\d\d?/\d\d?(?:/(?:20)?\d\d)?|\d\d?\.\d\d?\.(?:(?:20)?\d\d)?"),
    "day_month": re.compile(rf"(?:{_WEEKDAY},? )?{_NUMBER}(?: of)? {_MONTH}(?:,? 20\d\d)?"),
    "month_day": re.compile(rf"(?:{_WEEKDAY},? )?{_MONTH} {_NUMBER}(?:,? 20\d\d)?"),
    "weekday": re.compile(f"(?:this |next )?{_WEEKDAY}"),
}
"""Kinds of core.rules.days -> how a day of that kind is typed."""

_TO = re.compile(r"\s+(?:to|until|till|through|-|\N{EN DASH})\s+|\.\.")


def moment(said: str, now: datetime) -> datetime | None:
    """The moment that is named, in the zone of ``now``; a day without an hour is its FIRST_THING.

    Never raises; None where no moment is named. What is named may be past, and is the caller's to refuse;
    only an hour or a weekday alone is always the next one.

    Args:
        said: ``2h``, ``tomorrow``, ``friday 9:00``, ``24 dec``, ``2026-12-01 14:30``, ``next week``.
        now: aware, in the desk's time zone.
    """
    text = _bare(said)
    counted = _COUNT.fullmatch(text)
    if counted and counted["unit"] in _MINUTES:
        return _later(now, timedelta(minutes=_number(counted["count"]) * _MINUTES[counted["unit"]]))
    clock = _CLOCK.search(text)
    hour = _hour(clock) if clock else None
    named = _bare(text.replace(clock[0], " ", 1)).rstrip(",") if clock else text
    if not named:
        days_on = (now.date(), now.date() + timedelta(days=1)) if hour is not None else ()
        return next(
            (at for each in days_on if (at := _on(each, hour or FIRST_THING, now)) and at > now), None
        )
    on = day(named, now.date())
    at = _on(on, hour or (time(18) if named == "tonight" else FIRST_THING), now) if on else None
    if on and at and at <= now and _KINDS["weekday"].fullmatch(named):
        return _on(on + timedelta(days=7), hour or FIRST_THING, now)
    return at


def moment_first(words: str, now: datetime) -> tuple[datetime | None, str]:
    """The moment at the beginning of these words, as long as possible, and the words after it."""
    typed = words.split()
    for count in range(min(LONGEST, len(typed)), 0, -1):
        if (found := moment(" ".join(typed[:count]), now)) is not None:
            return found, " ".join(typed[count:])
    return None, words.strip()


def day(said: str, today: date) -> date | None:
    """The day that is named, None where none is; a weekday is the next one, today's included."""
    text = _bare(said)
    if text in {"next week", "next month"}:
        ahead = -today.weekday() % 7 or 7
        return _ahead(today, ahead) if text == "next week" else _ahead(today.replace(day=1), 32, first=True)
    counted = _COUNT.fullmatch(text)
    if counted and counted["unit"] in _DAYS:
        return _ahead(today, _number(counted["count"]) * _DAYS[counted["unit"]])
    kind = next((name for name, pattern in _KINDS.items() if pattern.fullmatch(text)), None)
    if kind is None:
        return None
    try:
        return days.resolve(kind, text, today)[0]
    except (OverflowError, ValueError):  # the 31st of a month that has 30, the year 9999
        return None


def day_range(said: str, today: date) -> tuple[date, date] | None:
    """First and last day of ``24 dec to 31 dec``, ``2026-12-24..2026-12-31`` or ``friday``, else None."""
    typed = [part for part in _TO.split(said.strip(), maxsplit=1) if part.strip()]
    found = [day(part, today) for part in typed]
    first, last = (found[0], found[-1]) if found else (None, None)
    if first is None or last is None or last < first:
        return None
    return first, last


def _bare(said: str) -> str:
    """One line, lower case, without the words that only lead in."""
    text = " ".join(re.sub(r"(?<=\d)t(?=\d)", " ", said.lower()).split())
    return _LEADS_IN.sub("", text).strip()


def _number(count: str) -> int:
    return int(count) if count.isdecimal() else 1


def _hour(clock: re.Match[str]) -> time:
    if clock["named"]:
        return _NAMED[clock["named"]]
    hour, half = int(clock["hour"] or clock["full"]), clock["half"] or clock["its_half"]
    if half and hour <= 12:  # noqa: PLR2004 - twelve-hour clocks count to it
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, int(clock["minute"] or 0))


def _on(on: date, hour: time, now: datetime) -> datetime | None:
    """That hour of that day where ``now`` is; an hour that a clock change leaves out is the one after it."""
    try:
        return datetime.combine(on, hour, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)
    except OverflowError:
        return None


def _later(now: datetime, by: timedelta) -> datetime | None:
    try:
        return (now.astimezone(UTC) + by).astimezone(now.tzinfo)
    except OverflowError:
        return None


def _ahead(today: date, by: int, *, first: bool = False) -> date | None:
    try:
        found = today + timedelta(days=by)
    except OverflowError:
        return None
    return found.replace(day=1) if first else found
