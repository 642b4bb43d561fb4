"""Hours typed into a form are read as people mean them, and written as they can be read again."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deskfile import Span
from core.deskfile.weeks import read_span, read_week, written_span, written_week
from tests.lead_examples import foreign

MORNING, AFTERNOON = (
    Span(since=time(9), until=time(12, 30)),
    Span(since=time(13), until=time(17)),
)
FREE: tuple[Span, ...] = ()


def _spans(times: set[time], *, to_midnight: bool) -> tuple[Span, ...]:
    ordered = sorted(times)
    spans = [Span(since=a, until=b) for a, b in zip(ordered[::2], ordered[1::2], strict=False)]
    if to_midnight and len(ordered) % 2:
        spans.append(Span(since=ordered[-1], until=None))
    return tuple(spans)


_minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.builds(_spans, st.sets(_minutes, max_size=6), to_midnight=st.booleans())
weeks = st.one_of(
    st.tuples(*[days] * 7),
    st.tuples(days, days).map(lambda two: (two[0],) * 5 + (two[1],) * 2),
)


@given(weeks)
def test_hours_that_were_written_are_read_again_as_they_were(week: tuple[tuple[Span, ...], ...]) -> None:
    assert read_week(written_week(week)) == week


@pytest.mark.parametrize(
    "said",
    [
        "mon-fri 9:00-12:30, 13:00-17:00",
        "Mon-Fri: 9:00-12:30,13-17",
        "mon, tue, wed 09:00-12:30, 13:00-17:00; thu-fri 9:00-12:30, 13:00 - 17:00\nsun closed",
    ],
)
def test_hours_are_read_however_they_are_typed(said: str) -> None:
    assert read_week(said) == ((MORNING, AFTERNOON),) * 5 + (FREE, FREE)


@pytest.mark.parametrize("said", ["", "  ", "\n;\n"])
def test_no_hours_are_no_hours_of_one_s_own(said: str) -> None:
    assert read_week(said) is None


def test_days_of_equal_hours_are_written_in_one_line() -> None:
    week = ((MORNING, AFTERNOON),) * 5 + ((MORNING,), FREE)
    assert written_week(week) == "mon-fri 09:00-12:30, 13:00-17:00\nsat 09:00-12:30"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("always", "is no day with its hours"),
        ("funday 9:00-17:00", "is no day: use mon"),
        ("mon 9:00", "is written like 08:00-12:30"),
        ("mon 9:00-25:00", "is written like 08:00-12:30"),
        ("mon 20:00-04:00", "past midnight are the next day's hours"),
        ("mon 9:00-12:00, 11:00-13:00", "hours overlap"),
    ],
)
def test_hours_that_cannot_be_read_are_told_in_a_sentence(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_week(said)


@given(foreign)
def test_whatever_is_typed_as_hours_is_read_or_refused(said: str) -> None:
    for read in (read_week, read_span):
        try:
            read(said)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either way is right


def test_quiet_hours_may_go_past_midnight() -> None:
    span = read_span("20:00-7:00")
    assert span == Span(since=time(20), until=time(7))
    assert written_span(Span(since=time(20), until=time(7))) == "20:00-07:00"
