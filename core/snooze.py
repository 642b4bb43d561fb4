"""When a snoozed lead comes back, from what people type: ``tomorrow``, ``friday 2pm``, ``2026-12-01``."""

import re
from datetime import date, datetime, time, timedelta
from typing import Final

FIRST_THING: Final = time(9)
"""The hour of a day that was named without one."""

FURTHEST = timedelta(days=366)

EXAMPLES: Final = "tomorrow, friday 2pm, 3d, 2h or 2026-12-01"

_FILLER = re.compile(r"^(?:until|till|til|for|in|on|next)\s+", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,3})\s*(h|d|w)(?:ours?|ays?|eeks?)?", re.ASCII | re.IGNORECASE)
_DAYS = {"h": 0, "d": 1, "w": 7}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMED = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"(?:^|\s)(?:at\s+)?(\d{1,2})(?::(\d\d))?\s*(am|pm)?$", re.ASCII | re.IGNORECASE)


def when(said: str, now: datetime) -> datetime | None:
    """The time that was named, aware; None if it is none, is over, or is more than a year away.

    ``now`` is aware, in the desk's time zone: it says what tomorrow is, and when nine o'clock.
    """
    words = _FILLER.sub("", said.strip())
    if (span := _SPAN.fullmatch(words)) and not _DAYS[span[2].lower()]:
        at = now + timedelta(hours=int(span[1]))
        return at if is_ahead(at, now) else None
    named, hour = _day(words, now.date()), FIRST_THING
    if named is None and (clock := _TIME.search(words)) and (found := _clock(clock)) is not None:
        before = words[: clock.start()].strip()
        named, hour = _day(before, now.date()) if before else now.date(), found
    if named is None:
        return None
    at = datetime.combine(named, hour, now.tzinfo)
    return at if is_ahead(at, now) else None


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether a lead may be snoozed until then."""
    return now < at <= now + FURTHEST


def _day(words: str, today: date) -> date | None:
    low = words.lower()
    if low in {"today", "tomorrow"}:
        return today + timedelta(days=int(low == "tomorrow"))
    if low == "week":  # next week
        return today + timedelta(days=7 - today.weekday())
    if span := _SPAN.fullmatch(words):
        return today + timedelta(days=int(span[1]) * _DAYS[span[2].lower()])
    if name := _NAMED.fullmatch(words):
        ahead = (_WEEKDAYS.index(name[1].lower()) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> time | None:
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None
