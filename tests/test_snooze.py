"""Until when: what people type is a time to come, in the desk's own zone, or nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.snooze import FURTHEST, when
from tests.lead_examples import foreign

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 25, 15, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("tomorrow", (2026, 11, 26, 9, 0)),
        ("until tomorrow 2pm", (2026, 11, 26, 14, 0)),
        ("today at 17:45", (2026, 11, 25, 17, 45)),
        ("5pm", (2026, 11, 25, 17, 0)),
        ("friday", (2026, 11, 27, 9, 0)),
        ("wed", (2026, 12, 2, 9, 0)),
        ("next week", (2026, 11, 30, 9, 0)),
        ("2h", (2026, 11, 25, 17, 30)),
        ("for 3 days", (2026, 11, 28, 9, 0)),
        ("2w", (2026, 12, 9, 9, 0)),
        ("2026-12-24 8:15", (2026, 12, 24, 8, 15)),
    ],
)
def test_a_time_to_come_is_understood(said: str, at: tuple[int, int, int, int, int]) -> None:
    assert when(said, WEDNESDAY) == datetime(*at, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "said", ["", "yesterday", "2026-11-24", "today 9:00", "2028-01-01", "25:99", "bananas", "0h", "900w"]
)
def test_what_is_no_time_to_come_is_none(said: str) -> None:
    assert when(said, WEDNESDAY) is None


def test_nine_o_clock_stays_nine_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 24, 15, 0, tzinfo=BERLIN)  # they go back in that night
    at = when("tomorrow", before)
    assert at is not None
    assert at.astimezone(UTC) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


@given(st.one_of(foreign, st.from_regex(r"\A(until )?\w{1,9} ?\d{0,3}(:\d\d)?(am|pm)?\Z")))
def test_whatever_is_typed_is_a_time_ahead_or_none(said: str) -> None:
    at = when(said, WEDNESDAY)
    assert at is None or WEDNESDAY < at <= WEDNESDAY + FURTHEST
