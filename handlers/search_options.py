"""The options of a similarity search, as people type them and as the API's query has them."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from core.errors import InvalidSearch
from core.lead import DeskStatus
from core.similar.wanted import NOBODY, Wanted

T = TypeVar("T")

LIMIT_MAX = 50
"""Most leads of one answer; MAX_SIMILAR_LEADS has the same bound."""

TYPED = {
    "type": "business_type",
    "business": "business_type",
    "business_type": "business_type",
    "owner": "owner",
    "rep": "owner",
    "outcome": "outcome",
    "status": "outcome",
    "result": "outcome",
    "since": "from_date",
    "after": "from_date",
    "from_date": "from_date",
    "until": "to_date",
    "before": "to_date",
    "to_date": "to_date",
    "limit": "limit",
    "max": "limit",
    "from": "threshold",
    "threshold": "threshold",
}
"""What people type -> the API's name. ``from:`` is a likeness, or the first day when a date follows."""

SHOWN = "type, owner, outcome, since, until, limit and from"
"""The options as they are told to people."""

EXAMPLE = "type:automotive owner:me outcome:won since:2026-01-01 limit:10 from:70%"

MINE = frozenset({"me", "mine", "myself", "i"})
UNOWNED = frozenset({NOBODY, "none", "unclaimed", "-"})

_NAME = r"[A-Za-z][A-Za-z_-]{1,19}"
_TOKEN = re.compile(
    rf"(?<!\S)(?:(?:--|[\u2013\u2014])(?P<flag>{_NAME})(?:[:=]|\s+)|(?P<name>{_NAME})[:=])"
    r"(?P<value>[\"\u201c](?P<quoted>[^\"\u201d]*)[\"\u201d]|(?!//)\S+)"
)
"""``type:automotive``, ``--type automotive``, ``owner:"Ana Silva"``; phones make a dash of two hyphens."""

_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?", re.ASCII)
_AGO = re.compile(r"(?P<count>\d{1,4})(?P<unit>[dwmy])", re.ASCII | re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True)
class Typed:
    """What was typed, taken apart.

    Attributes:
        words: what is left without the options.
        options: by the API's names, as typed.
        unknown: what looked like an option and is none; it stays in the words.
    """

    words: str
    options: Mapping[str, str]
    unknown: tuple[str, ...] = ()


def take_apart(text: str) -> Typed:
    """Words and options, in any order; a colon in a customer's own words is left alone."""
    options: dict[str, str] = {}
    unknown: list[str] = []

    def read(match: re.Match[str]) -> str:
        written = match["flag"] or match["name"]
        name = written.lower().replace("-", "_")
        value = match["value"]
        known = TYPED.get(name)
        if known is None:
            unknown.append(written)
            return match[0]
        value = value if match["quoted"] is None else match["quoted"]
        if name == "from" and (_DATE.fullmatch(value) or _AGO.fullmatch(value)):
            known = "from_date"
        options[known] = value.strip().rstrip(",;")
        return ""

    words = _TOKEN.sub(read, text)
    return Typed(" ".join(words.split()), options, tuple(unknown))


def meant(name: str) -> str | None:
    """The option that a word which is none is nearest to."""
    near = difflib.get_close_matches(name.lower(), TYPED, n=1, cutoff=0.7)
    return near[0] if near else None


def wanted(options: Mapping[str, str], *, business_types: Collection[str], now: datetime) -> Wanted:
    """The search that the options, by the API's names, ask for; the owner must be an id by now.

    Raises InvalidSearch, with what is possible, for a value that is none.
    """
    said = {name: value.strip() for name, value in options.items() if value.strip()}

    def read(name: str, how: Callable[[str], T]) -> T | None:
        return how(said[name]) if name in said else None

    received_from = read("from_date", lambda value: moment_of("from_date", value, now))
    received_before = read("to_date", lambda value: moment_of("to_date", value, now, end=True))
    if received_from and received_before and received_from >= received_before:
        raise InvalidSearch("to_date", "is before from_date")
    return Wanted(
        business_type=read("business_type", lambda value: _business_type(value, business_types)),
        owner=read("owner", _owner),
        outcomes=read("outcome", _outcomes) or frozenset(),
        received_from=received_from,
        received_before=received_before,
        limit=read("limit", _limit),
        threshold=read("threshold", _threshold),
    )


def _business_type(said: str, known: Collection[str]) -> str:
    if said.lower() not in known:
        raise InvalidSearch("business_type", f"is one of {', '.join(sorted(known))}")
    return said.lower()


def _owner(said: str) -> str:
    if said.lower() in UNOWNED:
        return NOBODY
    if not re.fullmatch(r"[UW][A-Z0-9]{2,30}", said):
        raise InvalidSearch("owner", f"is a Slack user id, U…, or {NOBODY}")
    return said


def _outcomes(said: str) -> frozenset[DeskStatus]:
    names = [name.strip().lower() for name in said.split(",") if name.strip()]
    try:
        return frozenset(DeskStatus(name) for name in names)
    except ValueError:
        raise InvalidSearch("outcome", f"is one or more of {', '.join(DeskStatus)}") from None


def _limit(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) <= 4 and 1 <= int(said) <= LIMIT_MAX):  # noqa: PLR2004 - longer is out of bounds
        raise InvalidSearch("limit", f"is a number from 1 to {LIMIT_MAX}")
    return int(said)


def _threshold(said: str) -> float:
    try:
        value = float(said.rstrip("% ")) / (100 if said.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not -1 <= value <= 1:  # also what is no number
        raise InvalidSearch("threshold", "is a likeness from 0 to 1, or in percent: 0.7 or 70%")
    return value


def moment_of(field: str, said: str, now: datetime, *, end: bool = False) -> datetime:
    """The first moment of a day, month or year, or the first after it; a full time stands for itself."""
    try:
        if ago := _AGO.fullmatch(said):
            return now - timedelta(days=int(ago["count"]) * _DAYS[ago["unit"].lower()])
        if (date := _DATE.fullmatch(said)) is None:
            moment = datetime.fromisoformat(said)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        year, month, day = (int(date[part] or 1) for part in ("year", "month", "day"))
        first = datetime(year, month, day, tzinfo=UTC)
        if not end:
            return first
        if date["day"]:
            return first + timedelta(days=1)
        if date["month"]:
            return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidSearch(
            field, "is a day like 2026-01-31, a month, a year, or 30d, 6w, 3m, 1y ago"
        ) from None
