"""What people set for themselves in words changes that, and nothing else."""

from contextlib import suppress
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deskfile import Days, Level
from core.reps import UNSET, OwnSettings
from handlers.mine import HOW, changed
from handlers.orders import Unclear

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(("what", "written"), HOW.items())
def test_what_is_told_how_to_write_is_read(what: str, written: str) -> None:
    assert what in written
    assert (changed(UNSET, written, TODAY) != UNSET) == (what != "back")


def test_days_off_are_added_and_those_gone_by_fall_away() -> None:
    own = OwnSettings(away=(Days(first=date(2026, 1, 1), last=date(2026, 1, 9)),))
    once = changed(own, "away 24 dec to 31 dec", TODAY)
    twice = changed(once, "away friday", TODAY)
    assert [(each.first.day, each.last.day) for each in twice.away] == [(27, 27), (24, 31)]
    assert changed(twice, "away 24 dec to 31 dec", TODAY) == twice
    assert changed(twice, "back", TODAY).away == ()


def test_the_word_desk_takes_back_what_was_set() -> None:
    own = UNSET
    for words in ("hours mon-fri 9:00-17:00", "zone Europe/Berlin", "level silent", "quiet 20:00-7:00"):
        own = changed(own, words, TODAY)
    assert (own.level, own.time_zone) == (Level.SILENT, "Europe/Berlin")
    assert own.quiet is not None
    assert own.quiet.since == time(20)
    for what in ("hours", "zone", "level", "quiet"):
        own = changed(own, f"{what} desk", TODAY)
    assert own == UNSET


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "What can be set"),
        ("loud", "What can be set"),
        ("away", "first and the last day"),
        ("away 1 nov to 3 nov", "over already"),
        ("level loud", "one of page, dm"),
        ("zone Mars", "no such time zone"),
        ("hours", "mon-fri 9:00-17:00"),
        ("hours sometimes", "mon-fri 9:00-17:00"),
        ("quiet never", "20:00-7:00"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_can(words: str, says: str) -> None:
    with pytest.raises(Unclear, match=says):
        changed(UNSET, words, TODAY)


@given(st.tuples(st.sampled_from([*HOW, ""]), st.text(max_size=40)).map(" ".join))
def test_nothing_that_can_be_typed_breaks_it(words: str) -> None:
    with suppress(Unclear):
        OwnSettings.model_validate_json(changed(UNSET, words, TODAY).model_dump_json())
