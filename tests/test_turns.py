"""Turns are fair: nobody is more than a lead away from their share, whoever is away when."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.routing import measure
from core.lead import DeskStatus
from core.routing.replay import Past, changes, replay
from core.routing.turns import LEAD, OWED_MOST, take
from tests.desk_examples import MONDAY, room, seat
from tests.lead_examples import lead

weights = st.lists(st.sampled_from([0.5, 1, 1.5, 2, 7]), min_size=1, max_size=8) | st.integers(1, 8).map(
    lambda people: [1.0] * people
)


@pytest.mark.parametrize(("reps", "seed"), [(3, 1), (6, 2)])
def test_over_ten_thousand_leads_with_random_absences_nobody_is_more_than_a_lead_from_their_share(
    reps: int, seed: int
) -> None:
    found = measure(reps=reps, leads=10_000, seed=seed)
    assert found.at_end <= 1
    assert found.worst <= 1.5
    assert found.same_again


@given(weights, st.integers(1, 200))
def test_while_the_same_people_are_there_nobody_of_equal_weight_is_ever_a_lead_from_their_share(
    given_weights: list[float], leads: int
) -> None:
    owed: Counter[str] = Counter()
    for _ in range(leads):
        seats = [
            seat(f"U0{n}", weight=weight, credit=owed[f"U0{n}"]) for n, weight in enumerate(given_weights)
        ]
        taker, changed = take(seats)
        assert taker in {each.user for each in seats}
        owed.update(changed)
        assert sum(owed.values()) == 0
        most = LEAD if len(set(given_weights)) == 1 else 2 * LEAD
        assert all(abs(credit) < most for credit in owed.values())


@given(weights, st.data())
def test_a_turn_adds_up_to_nothing_and_can_be_given_back(
    given_weights: list[float], data: st.DataObject
) -> None:
    owed = st.integers(-OWED_MOST, OWED_MOST)
    seats = [seat(f"U0{n}", weight=w, credit=data.draw(owed)) for n, w in enumerate(given_weights)]
    taker, changed = take(seats)
    assert sum(changed.values()) == 0
    assert changed.get(taker, 0) <= 0


def test_the_first_of_equals_goes_first() -> None:
    assert take([seat("U02"), seat("U01")])[0] == "U02"


def test_what_somebody_is_owed_beyond_three_leads_is_forgotten() -> None:
    taker, changed = take([seat("U01", credit=20 * LEAD), seat("U02")])
    assert taker == "U01"
    assert changed["U01"] == 3 * LEAD + LEAD // 2 - LEAD - 20 * LEAD


def past(number: int, **more: object) -> Past:
    received = MONDAY.replace(minute=number)
    came = lead(lead_id=f"id-{number}", number=f"L-{number}", received_at=received, **more)
    return Past(lead=came, came_to="#a", given_to=None, closed_at=None)


def test_a_replay_shows_which_leads_would_have_another_owner_under_other_rules() -> None:
    leads = [past(number, source=("web_form", "typeform")[number % 2]) for number in range(6)]
    now = replay(leads, {"#a": room(seat("U01"), seat("U02"))})
    other = {
        "#a": room(
            seat("U01"), seat("U02"), rules=[{"name": "T", "when": {"source": "typeform"}, "to": "U01"}]
        )
    }
    before = {lead_id: decision.owner for lead_id, decision in now.items()}
    assert list(before.values()) == ["U01", "U02", "U01", "U02", "U01", "U02"]
    found = changes(leads, before, replay(leads, other))
    assert [(each.number, each.before, each.after) for each in found] == [
        ("L-1", "U02", "U01"),
        ("L-2", "U01", "U02"),
        ("L-3", "U02", "U01"),
        ("L-5", "U02", "U01"),
    ]


def test_a_replay_knows_whose_customer_somebody_is_and_who_is_full() -> None:
    leads = [past(1, person_id="p"), past(2), past(3, person_id="p"), past(4)]
    given_to = replay(leads, {"#a": room(seat("U01", capacity=1), seat("U02", capacity=1))})
    assert [decision.owner for decision in given_to.values()] == ["U01", "U02", "U01", None]


def test_a_replayed_lead_that_was_none_counts_for_nobody() -> None:
    spam = Past(
        lead=past(1, desk_status=DeskStatus.SPAM).lead,
        came_to="#a",
        given_to=None,
        closed_at=MONDAY.replace(minute=1, second=30),
        counted=False,
    )
    given_to = replay([spam, past(2)], {"#a": room(seat("U01"), seat("U02"))})
    assert [decision.owner for decision in given_to.values()] == ["U01", "U01"]
