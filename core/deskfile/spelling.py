"""How times, days, durations, people and channels are written in a desk's file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from core.lead import Value

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MIDNIGHT: Final = "24:00"

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_CHANNEL = re.compile(r"#[^\s#]{1,80}|[CG][A-Z0-9]{1,30}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SITE = re.compile(r"https?://[a-z0-9.-]{1,100}(:\d{1,5})?")
_DURATION = re.compile(
    r"(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,4})m)?(?:(?P<seconds>\d{1,5})s)?"
)


class Span(Value):
    """A part of a day. ``until`` is None where it lasts to midnight; quiet hours may go past it."""

    since: time
    until: time | None

    @property
    def past_midnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.until is not None and self.until <= self.since


def _span(said: object) -> object:
    if not isinstance(said, str):
        return said
    since, dash, until = (part.strip() for part in said.partition("-"))
    try:
        return Span(
            since=time.fromisoformat(since if dash else ""),
            until=None if until == MIDNIGHT else time.fromisoformat(until),
        )
    except ValueError:
        raise ValueError("is written like 08:00-12:30, the end at most 24:00") from None


def _week(said: object) -> object:
    """``{mon-fri: [08:00-12:00, 13:00-17:00], sat: 09:00-12:00}`` as seven tuples of spans, Monday first."""
    if isinstance(said, Sequence) and not isinstance(said, str):
        return said  # as it was kept
    if not isinstance(said, Mapping):
        raise ValueError("names days with their hours, like mon-fri: 08:00-17:00")  # noqa: TRY004 - pydantic's way
    week: list[tuple[Span, ...]] = [()] * 7
    for days, spans in said.items():
        listed = [spans] if isinstance(spans, str) else spans
        if not isinstance(listed, Sequence):
            raise ValueError(f"{days} has hours like 08:00-12:00, or a list of them")  # noqa: TRY004 - as above
        if list(listed) in (["closed"], []):
            continue
        read = sorted((Span.model_validate(_span(each)) for each in listed), key=lambda span: span.since)
        for span, after in zip(read, [*read[1:], None], strict=True):
            if span.past_midnight:
                raise ValueError(f"{days}: past midnight are the next day's hours, from 00:00")
            if after is not None and (span.until is None or after.since < span.until):
                raise ValueError(f"{days}: hours overlap")
        for day in _days_of(str(days)):
            week[day] = tuple(read)
    return tuple(week)


def _days_of(said: str) -> Iterator[int]:
    """``mon-fri``, ``sat``, ``mon, wed`` as 0 (Monday) to 6."""
    for part in said.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        try:
            begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        except ValueError:
            raise ValueError(f"{said} is no day: use {', '.join(WEEKDAYS)} or mon-fri") from None
        yield from range(begin, end + 1) if begin <= end else (*range(begin, 7), *range(end + 1))


def _duration(said: object) -> object:
    if not isinstance(said, str):
        return said
    found = _DURATION.fullmatch(said.replace(" ", ""))
    parts = {name: int(count) for name, count in found.groupdict().items() if count} if found else {}
    if not parts:
        raise ValueError("is written like 15m, 2h or 1h30m")
    if not any(parts.values()):
        raise ValueError("is longer than nothing")
    return timedelta(**parts)


def _share(said: object) -> object:
    return float(said.rstrip("% ")) / 100 if isinstance(said, str) and said.endswith("%") else said


def away(said: object) -> object:
    """``2026-12-24..2026-12-31``, or one day."""
    if not isinstance(said, str):
        return said
    first, _, last = said.partition("..")
    return {"first": first.strip(), "last": (last or first).strip()}


def or_plain(said: object) -> object:
    """``U0ANA:`` with nothing after it is a rep like any other."""
    return {} if said is None else said


def listed(said: object) -> object:
    """One thing as a list of one."""
    return (said,) if isinstance(said, str) else said


def _matching(pattern: re.Pattern[str], what: str) -> BeforeValidator:
    def check(said: object) -> object:
        if not isinstance(said, str) or not pattern.fullmatch(said):
            raise ValueError(f"is {what}")
        return said

    return BeforeValidator(check)


def _zone(said: object) -> object:
    if said is not None and said not in available_timezones():
        raise ValueError(f"there is no time zone {said}: write one like Europe/Berlin")
    return said


User = Annotated[str, _matching(_USER, "a Slack user id, U…")]
Person = Annotated[
    str, _matching(re.compile(f"{_USER.pattern}|{_GROUP.pattern}"), "a user id, U…, or a group's, S…")
]
ChannelName = Annotated[str, _matching(_CHANNEL, "a channel's id, C…, or its #name")]
TimeZone = Annotated[str, BeforeValidator(_zone)]
Week = Annotated[tuple[tuple[Span, ...], ...], BeforeValidator(_week), Field(min_length=7, max_length=7)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=10)]
SpanText = Annotated[Span, BeforeValidator(_span)]
Colour = Annotated[str, _matching(_COLOUR, "a colour in quotes, like '#1d3557'")]
Site = Annotated[str, _matching(_SITE, "a web site without a path, like https://example.com")]
Words = Annotated[tuple[str, ...], BeforeValidator(listed)]

ALWAYS: Final[Week] = tuple((Span(since=time(0), until=None),) for _ in WEEKDAYS)
"""The hours of a desk that says none."""
