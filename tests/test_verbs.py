"""What people type after /lead and after a mention is understood, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.listing import Filter
from handlers.verbs import ABOUT_ONE, ABOUT_TWO, BARE, Asked, Verb, listed, parse, write


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("claim L-1042", Asked(verb=Verb.CLAIM, numbers=("L-1042",))),
        ("CLAIM l-1042", Asked(verb=Verb.CLAIM, numbers=("L-1042",))),
        ("claim 1042", Asked(verb=Verb.CLAIM, numbers=("L-1042",))),
        ("claim", Asked(verb=Verb.CLAIM)),
        ("take #1042", Asked(verb=Verb.CLAIM, numbers=("L-1042",))),
        ("L-1042", Asked(verb=Verb.SHOW, numbers=("L-1042",))),
        ("assign to <@U0ANA|ana>", Asked(verb=Verb.ASSIGN, people=("U0ANA",))),
        ("assign L-7 <@U0ANA>", Asked(verb=Verb.ASSIGN, numbers=("L-7",), people=("U0ANA",))),
        ("assign <@U0ANA> L-7", Asked(verb=Verb.ASSIGN, numbers=("L-7",), people=("U0ANA",))),
        ("assign L-7 to ana", Asked(verb=Verb.ASSIGN, numbers=("L-7",), words="ana")),
        ("note L-7 L-8 is hers too", Asked(verb=Verb.NOTE, numbers=("L-7",), words="L-8 is hers too")),
        ("note 2 calls made", Asked(verb=Verb.NOTE, words="2 calls made")),
        ("won 4500", Asked(verb=Verb.WON, words="4500")),
        (
            "snooze L-7 until friday 9:00",
            Asked(verb=Verb.SNOOZE, numbers=("L-7",), words="until friday 9:00"),
        ),
        ("move L-7 to <#C0WEST|west>", Asked(verb=Verb.MOVE, numbers=("L-7",), channel="C0WEST")),
        ("move L-7 #west", Asked(verb=Verb.MOVE, numbers=("L-7",), channel="#west")),
        ("merge L-7 and L-8", Asked(verb=Verb.MERGE, numbers=("L-7", "L-8"))),
        ("merge L-7 into 8", Asked(verb=Verb.MERGE, numbers=("L-7", "L-8"), into=True)),
        ("find  mike  chen", Asked(verb=Verb.FIND, words="mike  chen")),
        ("similar L-7", Asked(verb=Verb.SIMILAR, words="L-7")),
    ],
)
def test_it_is_read(typed: str, asked: Asked) -> None:
    assert parse(typed) == asked


@pytest.mark.parametrize("typed", ["", "brakes", "L-7 please", "clai L-7", "<@U0ANA>"])
def test_what_begins_with_no_verb_is_none(typed: str) -> None:
    assert parse(typed) is None


def test_lists_are_named() -> None:
    assert [listed(words) for words in ("", " Hot ", "mine", "found", "cold")] == [
        Filter.OPEN,
        Filter.HOT,
        Filter.MINE,
        None,
        None,
    ]


NUMBERS = st.integers(1, 999_999_999).map(lambda number: f"L-{number}")
USERS = st.from_regex(r"\A[UW][A-Z0-9]{1,20}\Z")
CHANNELS = st.from_regex(r"\A(?:[CG][A-Z0-9]{1,20}|#[a-z][a-z-]{1,20})\Z")
WORDS = st.sampled_from(["", "Called him back", "100 EUR, she said", "friday 9:00", "a  b"])


@st.composite
def asks(draw: st.DrawFn) -> Asked:
    verb = draw(st.sampled_from(Verb))
    if verb in ABOUT_TWO:
        numbers = (draw(NUMBERS), draw(NUMBERS))
        return Asked(verb=verb, numbers=numbers, into=verb == Verb.MERGE and draw(st.booleans()))
    if verb not in ABOUT_ONE:
        return Asked(verb=verb, words=draw(WORDS))
    return Asked(
        verb=verb,
        numbers=(draw(NUMBERS),),
        people=(draw(USERS),) if verb == Verb.ASSIGN else (),
        channel=draw(CHANNELS) if verb == Verb.MOVE else None,
        words="" if verb in BARE else draw(WORDS),
    )


@given(asks())
def test_what_is_written_is_read_the_same(asked: Asked) -> None:
    assert parse(write(asked)) == asked


@given(st.text(max_size=60) | st.tuples(st.sampled_from(Verb), st.text(max_size=60)).map(" ".join))
def test_nothing_that_can_be_typed_breaks_it(typed: str) -> None:
    parse(typed)
