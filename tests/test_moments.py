"""Moments and days as people type them become times in the desk's zone, whatever is typed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moments import day_range, moment, moment_first

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=ZONE)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2h", "2026-11-25 16:00"),
        ("in 30 minutes", "2026-11-25 14:30"),
        ("an hour", "2026-11-25 15:00"),
        ("2d", "2026-11-27 09:00"),
        ("for 2 weeks", "2026-12-09 09:00"),
        ("tomorrow", "2026-11-26 09:00"),
        ("until tomorrow at 8:30", "2026-11-26 08:30"),
        ("tomorrow noon", "2026-11-26 12:00"),
        ("day after tomorrow 3pm", "2026-11-27 15:00"),
        ("tonight", "2026-11-25 18:00"),
        ("today 17:15", "2026-11-25 17:15"),
        ("friday", "2026-11-27 09:00"),
        ("Fri 9:00 am", "2026-11-27 09:00"),
        ("on monday morning", "2026-11-30 09:00"),
        ("wednesday", "2026-12-02 09:00"),  # 9:00 today is gone
        ("wednesday 16:00", "2026-11-25 16:00"),
        ("9:00", "2026-11-26 09:00"),
        ("16:00", "2026-11-25 16:00"),
        ("2026-12-01", "2026-12-01 09:00"),
        ("2026-12-01T14:30", "2026-12-01 14:30"),
        ("24 dec", "2026-12-24 09:00"),
        ("december 24th at 10:00", "2026-12-24 10:00"),
        ("24.12.2026 10:00", "2026-12-24 10:00"),
        ("12/24", "2026-12-24 09:00"),
        ("next week", "2026-11-30 09:00"),
        ("next month", "2026-12-01 09:00"),
    ],
)
def test_a_moment_is_read_in_the_desks_zone(said: str, at: str) -> None:
    found = moment(said, NOW)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == at


@pytest.mark.parametrize("said", ["", "soon", "31 feb", "L-1042", "9999999d", "2026-13-40", "for", "99:99"])
def test_what_names_no_moment_is_none(said: str) -> None:
    assert moment(said, NOW) is None


def test_the_words_after_a_moment_are_left() -> None:
    found, rest = moment_first("until friday 9:00 waiting for the part", NOW)
    assert (found, rest) == (datetime(2026, 11, 27, 9, tzinfo=ZONE), "waiting for the part")


def test_words_without_a_moment_stay_whole() -> None:
    assert moment_first(" she is on holiday ", NOW) == (None, "she is on holiday")


def test_an_hour_that_a_clock_change_leaves_out_is_the_one_after() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=ZONE)
    found = moment("tomorrow 2:30", before)
    assert found is not None
    assert f"{found:%H:%M}" == "03:30"


def test_two_hours_are_two_hours_over_a_clock_change() -> None:
    before = datetime(2026, 3, 29, 1, 30, tzinfo=ZONE)
    found = moment("2h", before)
    assert found is not None
    assert found.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=2)


@pytest.mark.parametrize(
    "said", ["24 dec to 31 dec", "2026-12-24..2026-12-31", "from dec 24 until dec 31", "24.12. - 31.12."]
)
def test_days_off_have_a_first_and_a_last_day(said: str) -> None:
    assert day_range(said, NOW.date()) == (date(2026, 12, 24), date(2026, 12, 31))


def test_one_day_is_its_own_first_and_last() -> None:
    assert day_range("friday", NOW.date()) == (date(2026, 11, 27), date(2026, 11, 27))


def test_days_off_may_go_past_the_new_year() -> None:
    assert day_range("28 dec to 3 jan", NOW.date()) == (date(2026, 12, 28), date(2027, 1, 3))


@pytest.mark.parametrize("said", ["", "31 dec to 24 dec", "some time", "to", ".."])
def test_what_is_no_range_of_days_is_none(said: str) -> None:
    assert day_range(said, NOW.date()) is None


TYPED = st.text(max_size=40) | st.lists(
    st.sampled_from(
        ["until", "friday", "9:00", "24", "dec", "to", "..", "2d", "february", "next", "week", "-"]
    ),
    max_size=9,
).map(" ".join)


@given(TYPED)
def test_nothing_that_can_be_typed_breaks_it(said: str) -> None:
    found = moment(said, NOW)
    assert found is None or found.tzinfo is ZONE
    moment_first(said, NOW)
    day_range(said, NOW.date())
