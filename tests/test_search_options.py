"""Options of a similarity search are read as people type them, and every mistake is a sentence."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidSearch
from core.lead import DeskStatus
from core.similar.wanted import NOBODY, Wanted
from handlers import search_options
from tests.lead_examples import foreign

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TYPES = frozenset({"automotive", "medspa"})
NAMES = ("business_type", "owner", "outcome", "from_date", "to_date", "limit", "threshold")


def wanted(**options: str) -> Wanted:
    return search_options.wanted(options, business_types=TYPES, now=NOW)


@pytest.mark.parametrize(
    ("typed", "words", "options"),
    [
        ("brake noise", "brake noise", {}),
        ("L-1042 type:automotive owner:@ana", "L-1042", {"business_type": "automotive", "owner": "@ana"}),
        ("outcome:won brake noise limit:3", "brake noise", {"outcome": "won", "limit": "3"}),
        ("L-1 --type automotive —limit 3", "L-1", {"business_type": "automotive", "limit": "3"}),
        ("L-1 status=won Since=2026-01-01", "L-1", {"outcome": "won", "from_date": "2026-01-01"}),
        ('x owner:"Ana Silva" y', "x y", {"owner": "Ana Silva"}),
        ("x owner:“Ana Silva”", "x", {"owner": "Ana Silva"}),
        ("L-1 from:0.7", "L-1", {"threshold": "0.7"}),
        ("L-1 from:2026-03", "L-1", {"from_date": "2026-03"}),
        ("L-1 from:6w", "L-1", {"from_date": "6w"}),
        ("https://example.com/type:x at 10:30", "https://example.com/type:x at 10:30", {}),
    ],
)
def test_options_stand_anywhere_among_the_words(typed: str, words: str, options: dict[str, str]) -> None:
    taken = search_options.take_apart(typed)
    assert (taken.words, taken.options, taken.unknown) == (words, options, ())


def test_what_looks_like_an_option_and_is_none_stays_in_the_words_and_is_named() -> None:
    taken = search_options.take_apart("red car colour:red ownr:me")
    assert (taken.words, taken.unknown) == ("red car colour:red ownr:me", ("colour", "ownr"))


def test_a_misspelt_option_is_near_the_right_one() -> None:
    assert search_options.meant("ownr") == "owner"


@given(foreign)
def test_whatever_is_typed_is_taken_apart(typed: str) -> None:
    taken = search_options.take_apart(typed)
    assert set(taken.options) <= set(NAMES)


@given(st.sampled_from(NAMES), foreign | st.text("0123456789-:%.dwmyTZ+", max_size=25))
def test_any_value_is_understood_or_refused(name: str, value: str) -> None:
    with contextlib.suppress(InvalidSearch):
        wanted(**{name: value})


def test_no_option_wants_everything() -> None:
    assert not wanted().filters


def test_a_limit_and_a_threshold_filter_nothing() -> None:
    assert not wanted(limit="3", threshold="0.7").filters


def test_business_types_are_known_in_any_case() -> None:
    assert wanted(business_type="Automotive").business_type == "automotive"


def test_several_outcomes_may_be_named() -> None:
    assert wanted(outcome="won, LOST").outcomes == {DeskStatus.WON, DeskStatus.LOST}


@pytest.mark.parametrize("said", ["none", "nobody", "Unclaimed"])
def test_leads_of_nobody_can_be_asked_for(said: str) -> None:
    assert wanted(owner=said).owner == NOBODY


@pytest.mark.parametrize(("said", "value"), [("0.7", 0.7), ("70%", 0.7), ("1", 1.0), ("0", 0.0)])
def test_a_threshold_is_a_share_or_a_percentage(said: str, value: float) -> None:
    assert wanted(threshold=said).threshold == pytest.approx(value)


@pytest.mark.parametrize(
    ("said", "first", "after"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-12", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("2025", datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("2w", NOW - timedelta(days=14), NOW - timedelta(days=14)),
    ],
)
def test_a_period_begins_with_its_first_moment_and_ends_with_its_last(
    said: str, first: datetime, after: datetime
) -> None:
    assert wanted(from_date=said).received_from == first
    assert wanted(to_date=said).received_before == after


def test_a_full_time_stands_for_itself() -> None:
    assert wanted(from_date="2026-01-31T10:00:00+02:00").received_from == datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"business_type": "florist"}, "business_type is one of automotive, medspa"),
        ({"outcome": "won,gone"}, "outcome is one or more of new, claimed"),
        ({"owner": "ana"}, "owner is a Slack user id"),
        ({"limit": "0"}, "limit is a number from 1 to 50"),
        ({"limit": "9" * 5_000}, "limit is a number"),
        ({"threshold": "nan"}, "threshold is a likeness from 0 to 1"),
        ({"threshold": "70"}, "threshold is a likeness from 0 to 1"),
        ({"from_date": "2026-02-30"}, "from_date is a day like"),
        ({"from_date": "9999y"}, "from_date is a day like"),
        ({"from_date": "2026-02-01", "to_date": "2026-01-01"}, "to_date is before from_date"),
    ],
)
def test_a_mistake_says_what_is_possible(options: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidSearch, match=why):
        wanted(**options)
