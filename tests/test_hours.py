"""The business calendar: several hours a day, holidays, absences, and clocks that go forward and back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.deskfile import ALWAYS, Days, Holidays, Span, Week, read_desk_file
from core.hours import NO_HOLIDAYS, Calendar, desk_calendar

MINUTE = timedelta(minutes=1)

ZONES = ["UTC", "Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo"]
"""Lord Howe's clocks move by half an hour; Cairo's at midnight, which comes twice or not at all."""

YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def week(**days: str) -> Week:
    """``week(mon="08:00-12:00 13:00-17:00")``; other days are free."""
    hours = "".join(f"  {day}: [{', '.join(spans.split())}]\n" for day, spans in days.items())
    return read_desk_file(f"channel: '#leads'\nhours:\n{hours}", "test.yaml").hours


OFFICE = week(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-12:00 13:00-17:30"))
NIGHTS = week(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-03:30 22:15-24:00"))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def office(*, free: Holidays = NO_HOLIDAYS, away: tuple[Days, ...] = ()) -> Calendar:
    return Calendar(OFFICE, ZoneInfo("Europe/Berlin"), free, away)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = []
    for _ in range(7):
        ends = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
        ends = ends[: len(ends) // 2 * 2]
        days.append(
            tuple(
                Span(since=_time(since), until=None if until == 1440 else _time(until))
                for since, until in zip(ends[::2], ends[1::2], strict=True)
            )
        )
    closed = frozenset(draw(st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3)))
    free = Holidays(country=draw(st.sampled_from([None, "DE", "US"])), closed=closed)
    return Calendar(tuple(days), ZoneInfo(draw(st.sampled_from(ZONES))), free)


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def minutes_open(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """Minute by minute, by what the clock on the wall shows."""
    counted, at = timedelta(), since
    while at < until:
        wall = at.astimezone(calendar.zone)
        spans = calendar.week[wall.weekday()]
        within = any(
            span.since <= wall.time() and (span.until is None or wall.time() < span.until) for span in spans
        )
        counted += MINUTE if within and wall.date() not in calendar.holidays.closed else timedelta()
        at += MINUTE
    return counted


moments = st.integers(0, 366 * 24 * 60).map(lambda minutes: YEAR + minutes * MINUTE)
amounts = st.integers(0, 60 * 200).map(lambda minutes: minutes * MINUTE)


@given(calendars(), moments, amounts)
def test_time_that_was_added_lies_between(calendar: Calendar, at: datetime, amount: timedelta) -> None:
    later = calendar.add(at, amount)
    assert later is None or calendar.between(at, later) == amount


@given(calendars(), moments, amounts)
def test_what_is_added_ends_at_the_first_moment_that_will_do(
    calendar: Calendar, at: datetime, amount: timedelta
) -> None:
    later = calendar.add(at, amount)
    if later is not None and later > at:
        assert calendar.between(at, later - timedelta(microseconds=1)) < amount


@given(calendars(), moments, moments, amounts, amounts)
def test_later_or_longer_never_ends_earlier(
    calendar: Calendar, one: datetime, other: datetime, some: timedelta, more: timedelta
) -> None:
    early, late = sorted((one, other))
    short, long = sorted((some, more))
    first, second = calendar.add(early, short), calendar.add(late, long)
    assert second is None or (first is not None and first <= second)


@given(calendars(), moments, moments, moments)
def test_two_stretches_count_as_much_as_the_whole(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted((one, two, three))
    assert calendar.between(first, middle) + calendar.between(middle, last) == calendar.between(first, last)


@given(calendars(), moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar: Calendar, at: datetime) -> None:
    opening = calendar.next_open(at)
    if opening is not None:
        assert calendar.is_open(opening)
        assert calendar.between(at, opening) == timedelta()
    assert calendar.is_open(at) == (opening == at)


@pytest.mark.parametrize("hours", [OFFICE, NIGHTS, ALWAYS], ids=["office", "nights", "always"])
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "around", ["2026-03-08", "2026-03-29", "2026-04-05", "2026-04-24", "2026-10-25", "2026-11-01"]
)
def test_around_every_change_of_clocks_it_is_what_counting_minutes_gives(
    hours: Week, zone: str, around: str
) -> None:
    calendar = Calendar(hours, ZoneInfo(zone))
    since = datetime.fromisoformat(around).replace(tzinfo=UTC) - timedelta(days=1, hours=3)
    until = since + timedelta(days=3)
    assert calendar.between(since, until) == minutes_open(calendar, since, until)


def test_over_the_two_changes_of_a_year_it_is_what_counting_minutes_gives() -> None:
    for zone in ("Europe/Berlin", "America/Chicago"):
        calendar = Calendar(NIGHTS, ZoneInfo(zone))
        since, until = datetime(2026, 3, 1, 0, 7, tzinfo=UTC), datetime(2026, 11, 10, 11, 3, tzinfo=UTC)
        assert calendar.between(since, until) == minutes_open(calendar, since, until)


@given(calendars(), moments, st.integers(0, 3 * 24 * 60))
@example(Calendar(NIGHTS, ZoneInfo("Africa/Cairo")), datetime(2026, 10, 28, tzinfo=UTC), 3 * 24 * 60)
def test_any_stretch_is_what_counting_minutes_gives(calendar: Calendar, at: datetime, length: int) -> None:
    plain = Calendar(calendar.week, calendar.zone, Holidays(closed=calendar.holidays.closed))
    until = at + length * MINUTE
    assert plain.between(at, until) == minutes_open(plain, at, until)


def test_the_lunch_break_and_the_weekend_do_not_count() -> None:
    friday = berlin("2026-11-13T11:30")
    assert office().add(friday, timedelta(hours=6)) == berlin("2026-11-16T09:00")


def test_the_last_minute_of_a_day_ends_at_closing_and_not_at_the_next_opening() -> None:
    assert office().add(berlin("2026-11-13T17:00"), timedelta(minutes=30)) == berlin("2026-11-13T17:30")


def test_an_hour_that_is_skipped_is_not_worked() -> None:
    assert Calendar(NIGHTS, ZoneInfo("Europe/Berlin")).between(
        berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00")
    ) == timedelta(hours=2, minutes=30)


def test_an_hour_that_comes_twice_is_worked_twice() -> None:
    assert Calendar(NIGHTS, ZoneInfo("Europe/Berlin")).between(
        berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")
    ) == timedelta(hours=4, minutes=30)


def test_holidays_are_closed_but_for_those_that_are_worked() -> None:
    unity = berlin("2026-05-01T10:00")  # a Friday, and a holiday in all of Germany
    assert office().is_open(unity)
    assert not office(free=Holidays(country="DE")).is_open(unity)
    assert office(free=Holidays(country="DE", open=frozenset({unity.date()}))).is_open(unity)


def test_days_of_absence_are_closed() -> None:
    days = Days(first=date(2026, 12, 21), last=date(2027, 1, 3))
    assert office(away=(days,)).next_open(berlin("2026-12-20T12:00")) == berlin("2027-01-04T08:00")


def test_a_calendar_that_never_opens_says_so() -> None:
    never = Calendar(((),) * 7, UTC)
    on_leave = office(away=(Days(first=date(2020, 1, 1), last=date(2099, 1, 1)),))
    for calendar in (never, on_leave):
        at = berlin("2026-11-13T12:00")
        assert calendar.next_open(at) is None
        assert calendar.add(at, MINUTE) is None
        assert calendar.add(at, timedelta()) == at
        assert calendar.between(at, at + timedelta(days=400)) == timedelta()
        assert not calendar.is_open(at)


def test_a_desks_file_makes_its_calendar() -> None:
    desk = read_desk_file(
        "channel: '#leads'\ntime_zone: America/Chicago\nhours: {mon: 09:00-10:00}", "x.yaml"
    )
    assert desk_calendar(desk).next_open(datetime(2026, 11, 13, tzinfo=UTC)) == datetime(
        2026, 11, 16, 15, tzinfo=UTC
    )
