"""Who is told how loudly and when: levels, quiet hours, the morning digest. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deskfile import DeskFile, Level, Noise, Span, read_desk_file
from core.hours import desk_calendar
from core.lead import DeskStatus, Lead, Urgency
from core.noise.loudness import PAGES, Plan, again_at, is_moot, next_digest, plan, quiet_until
from core.noise.notices import Notice, Reason
from core.reps import OwnSettings, Person, person
from tests.lead_examples import analysis, lead

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = Span(since=time(20), until=time(7, 30))
DESK = DeskFile(channel="#leads", time_zone="America/New_York", noise=Noise(quiet=NIGHT))
NOON = datetime(2026, 11, 25, 12, tzinfo=NEW_YORK)
MIDNIGHT = datetime(2026, 11, 25, 23, 59, tzinfo=NEW_YORK)
MORNING = datetime(2026, 11, 26, 7, 30, tzinfo=NEW_YORK)


def calm(**changes: Any) -> Lead:
    return lead(analysis=analysis(urgency=Urgency.MEDIUM), **changes)


def who(**own: Any) -> Person:
    return person(DESK, "U1", OwnSettings(**own))


def at(level: Level, now: datetime = NOON) -> Plan:
    return plan(calm(), who(level=level), DESK, now)


def test_the_desks_level_is_that_of_whoever_set_none() -> None:
    assert plan(calm(), who(), DESK, NOON).level == Level.CHANNEL


def test_an_urgent_lead_is_told_as_the_desk_wants_it_for_urgent_ones() -> None:
    assert plan(lead(), who(), DESK, NOON).level == Level.DM


def test_what_somebody_set_for_themselves_is_so_for_urgent_leads_too() -> None:
    assert plan(lead(), who(level=Level.DIGEST), DESK, NOON).level == Level.DIGEST


def test_in_quiet_hours_a_message_waits_until_they_end() -> None:
    assert at(Level.DM, MIDNIGHT).due_at == at(Level.CHANNEL, MIDNIGHT).due_at == MORNING


def test_a_page_does_not_wait_for_quiet_hours_to_end() -> None:
    assert at(Level.PAGE, MIDNIGHT).due_at == MIDNIGHT


def test_somebodys_own_quiet_hours_are_in_their_own_zone() -> None:
    berlin = who(quiet=NIGHT, time_zone="Europe/Berlin")
    evening = datetime(2026, 11, 25, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    assert plan(calm(), berlin, DESK, evening).due_at == evening + timedelta(hours=11, minutes=30)


def test_who_wants_silence_is_told_nothing() -> None:
    assert at(Level.SILENT).due_at is None


def test_whoever_is_at_the_desk_is_told_at_once_and_nobody_is_pinged() -> None:
    assert plan(lead(), None, DESK, MIDNIGHT) == Plan(level=Level.CHANNEL, due_at=MIDNIGHT, hurries=True)


def test_the_digest_comes_on_the_next_business_day() -> None:
    desk = read_desk_file(
        "{channel: '#a', time_zone: America/New_York, hours: {mon-fri: 09:00-17:00},"
        " holidays: {country: US}, noise: {digest: '08:30'}}",
        "a",
    )
    before_thanksgiving = datetime(2026, 11, 25, 9, tzinfo=NEW_YORK)
    assert next_digest(desk, before_thanksgiving) == datetime(2026, 11, 27, 8, 30, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("day", "works"), [(date(2026, 11, 26), False), (date(2026, 11, 27), True), (date(2026, 11, 28), False)]
)
def test_holidays_and_days_without_hours_are_no_business_days(day: date, works: bool) -> None:  # noqa: FBT001 - the expectation
    desk = read_desk_file("{channel: '#a', hours: {mon-fri: 09:00-17:00}, holidays: {country: US}}", "a")
    assert desk_calendar(desk).works_on(day) == works


def test_a_page_is_repeated_until_it_was_sent_three_times() -> None:
    again = [again_at(Level.PAGE, sent, NOON) for sent in range(1, PAGES + 1)]
    assert again == [NOON + timedelta(minutes=5)] * (PAGES - 1) + [None]


@pytest.mark.parametrize("level", [each for each in Level if each != Level.PAGE])
def test_nothing_but_a_page_is_repeated(level: Level) -> None:
    assert again_at(level, 1, NOON) is None


def notice(reason: Reason = Reason.REMINDER) -> Notice:
    return Notice(key="k", reason=reason, lead_id=lead().lead_id, desk="C0DESK", to="U1")


def test_what_somebody_acted_on_need_not_be_said() -> None:
    assert is_moot(notice(), lead(owner="U1"), acted=True)


def test_what_is_over_need_not_be_said() -> None:
    assert is_moot(notice(), lead(owner="U1", desk_status=DeskStatus.WON), acted=False)


def test_what_is_anothers_by_now_need_not_be_said_to_its_old_owner() -> None:
    assert is_moot(notice(), lead(owner="U2"), acted=False)
    assert not is_moot(notice(Reason.ESCALATION), lead(owner="U2"), acted=False)


spans = st.builds(Span, since=st.times(), until=st.none() | st.times())
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@given(spans, moments)
def test_quiet_hours_end_after_now_and_within_a_day(span: Span, now: datetime) -> None:
    ends = quiet_until(span, NEW_YORK, now)
    assert ends is None or timedelta() < ends - now <= timedelta(hours=25)


@given(st.times(), st.times(), moments)
def test_it_is_quiet_just_when_the_clock_on_the_wall_says_so(since: time, until: time, now: datetime) -> None:
    wall = now.astimezone(UTC).time()
    quiet = since <= wall < until if since < until else wall >= since or wall < until
    assert (quiet_until(Span(since=since, until=until), ZoneInfo("UTC"), now) is not None) == quiet


def test_when_clocks_go_back_the_night_is_an_hour_longer() -> None:
    evening = datetime(2026, 10, 31, 20, tzinfo=NEW_YORK)
    ends = quiet_until(NIGHT, NEW_YORK, evening)
    assert ends is not None
    assert ends - evening.astimezone(UTC) == timedelta(hours=12, minutes=30)


def test_what_does_not_hurry_is_gathered_after_a_message() -> None:
    said = NOON - timedelta(seconds=20)
    assert at(Level.CHANNEL).after(said) == said + timedelta(minutes=1)
    assert at(Level.CHANNEL).after(None) == at(Level.CHANNEL).after(NOON - timedelta(hours=1)) == NOON


def test_urgent_leads_and_pages_are_not_gathered() -> None:
    assert at(Level.PAGE).after(NOON) == plan(lead(), who(), DESK, NOON).after(NOON) == NOON
