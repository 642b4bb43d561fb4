"""Working hours as one writes them in a form: a line a day or days, ``mon-fri 9:00-12:00, 13:00-17:00``."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.deskfile.spelling import MIDNIGHT, WEEKDAYS, Span, SpanText, Week

T = TypeVar("T")

EXAMPLE: Final = "mon-fri 9:00-17:00"

_LINE = re.compile(r"(?P<days>[a-z][a-z, -]*?)\s*:?\s*(?P<spans>\d.*|closed)", re.IGNORECASE)
_HOUR = re.compile(r"(?<![\d:])(\d)(?=[:\s-]|$)")  # 9:00 and 9, where ISO wants 09:00
_MISTAKE = re.compile(r"^Value error, ")

_WEEK: Final[TypeAdapter[Week]] = TypeAdapter(Week)
_SPAN: Final[TypeAdapter[Span]] = TypeAdapter(SpanText)


def read_week(said: str) -> Week | None:
    """The hours in this text, seven days, Monday first; None where it says nothing.

    ValueError with a sentence about what cannot be read. A day that is not named is free.
    """
    named: dict[str, list[str]] = {}
    for line in filter(None, (part.strip() for part in re.split(r"[;\n]", said))):
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(
                f"“{line}” is no day with its hours: write {EXAMPLE}, a line for each day or days"
            )
        spans = found["spans"].lower()
        listed = [] if spans == "closed" else [_padded(span) for span in spans.split(",") if span.strip()]
        named.setdefault(found["days"].strip(), []).extend(listed)
    return _valid(_WEEK, named) if named else None


def read_span(said: str) -> Span | None:
    """A part of a day such as ``20:00-7:00``, which may go past midnight; None where it says nothing.

    ValueError with a sentence about what cannot be read.
    """
    return _valid(_SPAN, _padded(said)) if said.strip() else None


def written_week(week: Week) -> str:
    """The week as ``read_week`` takes it: days of the same hours that follow each other in one line."""
    lines: list[str] = []
    first = 0
    for day in range(1, len(week) + 1):
        if day == len(week) or week[day] != week[first]:
            if week[first]:
                last = "" if day - first == 1 else f"-{WEEKDAYS[day - 1]}"
                lines.append(f"{WEEKDAYS[first]}{last} {', '.join(map(written_span, week[first]))}")
            first = day
    return "\n".join(lines) or "mon-sun closed"


def written_span(span: Span) -> str:
    """The span as ``read_span`` takes it."""
    return f"{span.since:%H:%M}-{MIDNIGHT if span.until is None else format(span.until, '%H:%M')}"


def _padded(span: str) -> str:
    return _HOUR.sub(r"0\1", span.strip())


def _valid(kind: TypeAdapter[T], said: Mapping[str, Sequence[str]] | str) -> T:
    try:
        return kind.validate_python(said)
    except ValidationError as error:
        raise ValueError(_MISTAKE.sub("", error.errors()[0]["msg"])) from None
