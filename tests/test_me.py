"""The form of one's own hours, absences and notices: what it offers, and what it reads."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deskfile import Days, Level, Span
from core.deskfile.weeks import read_week
from core.home import Place
from core.reps import UNSET, OwnSettings, person
from handlers import me
from tests.conftest import Snapshot
from tests.home_examples import DESK
from tests.lead_examples import NOW, foreign
from tests.slack_limits import check_view

TODAY = date(2026, 11, 12)
ANA = person(DESK, "U0ANA")
SET = OwnSettings(
    hours=read_week("mon-thu 9:00-15:00"),
    time_zone="Europe/Lisbon",
    away=(Days(first=date(2026, 12, 24), last=date(2026, 12, 31)), Days(first=TODAY, last=TODAY)),
    level=Level.DIGEST,
    quiet=Span(since=time(19), until=time(8)),
)


def sent(**values: Any) -> dict[str, Any]:
    """A submission: text by block id, days, ticked absences, a level."""
    shapes = {
        "first": "selected_date",
        "last": "selected_date",
        "kept": "selected_options",
        "level": "selected_option",
    }

    def shaped(block: str, value: Any) -> Any:
        if block == "kept":
            return [{"value": each} for each in value]
        return {"value": value} if block == "level" and value else value

    values = {**dict.fromkeys(("hours", "zone", "first", "last", "level", "quiet")), **values}
    state = {
        block: {block: {shapes.get(block, "value"): shaped(block, value)}} for block, value in values.items()
    }
    return {"state": {"values": state}}


def test_the_form_of_one_s_own_settings_looks_as_it_did(snapshot: Snapshot) -> None:
    snapshot("view_my_settings", me.form(ANA, SET, TODAY, place=Place(desk="C0DESK")))


absences = st.lists(
    st.tuples(st.dates(date(2026, 11, 1), date(2027, 12, 31)), st.integers(0, 30)).map(
        lambda each: Days(first=each[0], last=each[0] + timedelta(days=each[1]))
    ),
    max_size=20,
).map(tuple)


@given(absences, st.none() | st.sampled_from(Level))
def test_the_form_holds_any_settings_within_slack_s_limits(off: tuple[Days, ...], level: Level) -> None:
    check_view(me.form(ANA, OwnSettings(away=off, level=level), TODAY, place=Place(desk="#" + "x" * 80)))


def test_an_empty_form_sets_nothing() -> None:
    assert me.read(sent(), TODAY) == (UNSET, {})


def test_what_a_form_shows_is_what_it_sets_when_nothing_is_changed() -> None:
    view = sent(
        hours="mon-thu 09:00-15:00",
        zone="Europe/Lisbon",
        kept=["2026-12-24..2026-12-31", "2026-11-12..2026-11-12"],
        level="digest",
        quiet="19:00-08:00",
    )
    assert me.read(view, TODAY) == (SET, {})


def test_one_day_off_needs_no_end() -> None:
    off = Days(first=date(2026, 11, 20), last=date(2026, 11, 20))
    assert me.read(sent(first="2026-11-20"), TODAY)[0].away == (off,)


def test_an_absence_that_is_unticked_is_gone_and_a_new_one_is_sorted_in() -> None:
    settings, _ = me.read(sent(kept=["2026-12-24..2026-12-31"], first="2026-11-20"), TODAY)
    assert [each.first for each in settings.away] == [date(2026, 11, 20), date(2026, 12, 24)]


def test_more_absences_than_the_form_can_show_are_refused() -> None:
    kept = [f"2026-12-{day:02}..2026-12-{day:02}" for day in range(1, 11)]
    assert me.read(sent(kept=kept, first="2027-01-01"), TODAY)[1] == {"first": me.NO_ROOM}


def test_every_mistake_is_told_at_once() -> None:
    wrong = me.read(sent(hours="x", zone="x", quiet="x", last="2026-12-01"), TODAY)[1]
    assert set(wrong) == {"hours", "zone", "quiet", "first"}


@given(foreign, foreign, foreign)
def test_whatever_is_typed_is_read_or_told(hours: str, zone: str, quiet: str) -> None:
    settings, wrong = me.read(sent(hours=hours, zone=zone, quiet=quiet), TODAY)
    assert settings == UNSET or not wrong
    assert all(0 < len(why) <= 200 for why in wrong.values())


@pytest.mark.parametrize(
    ("own", "line"),
    [
        (UNSET, "*New leads of mine* direct message, outside quiet hours, as the desk has it"),
        (SET, "*New leads of mine* only in the morning digest"),
        (UNSET, "*Quiet hours* 20:00-07:00, as the desk has them"),
        (SET, "*Quiet hours* 19:00-08:00"),
        (SET, "*At work* mon-thu 09:00-15:00, Europe/Lisbon"),
    ],
)
def test_how_it_stands_is_said_with_whose_setting_it_is(own: OwnSettings, line: str) -> None:
    lines = [each.replace("\N{WORD JOINER}", "") for each in _lines(own)]
    assert line in lines


def _lines(own: OwnSettings) -> list[str]:
    return me.lines(DESK, person(DESK, "U0ANA", own), own, NOW)
