"""Whose a new lead is: who comes first, who is passed over, and what is said about it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deskfile import Days, DeskFile, Routing, read_desk_file
from core.lead import Intent, Lead, Urgency
from core.routing import About, Decision, Room, Seat, reachable, route
from core.routing.decide import FOR_ALL, IN_TURN, OWN_REP
from core.routing.turns import LEAD
from tests import lead_examples
from tests.desk_examples import MONDAY, room, seat
from tests.lead_examples import analysis, lead

DESK = "C0DESK"
HOURS = DeskFile.model_validate({"channel": "#a", "hours": {"mon-fri": "08:00-17:00"}}).hours
SPANISH = {"name": "Spanish", "when": {"language": "es"}, "to": "U0ANA"}


def decided(
    new: Lead, *rooms: Room, known: tuple[str, ...] = (), now: datetime = MONDAY, **other: Room
) -> Decision:
    return route(new, DESK, {DESK: rooms[0], **other}, known=known, now=now)


def why(decision: Decision, name: str) -> str:
    return next(each.why for each in decision.trace if each.name == name)


def test_a_customer_goes_to_their_own_rep_before_any_rule() -> None:
    here = room(seat("U0ANA"), seat("U0BEN"), rules=[{"name": "All", "when": {}, "to": "U0ANA"}])
    decision = decided(lead(), here, known=("U0BEN",))
    assert (decision.owner, decision.reason, decision.credits) == ("U0BEN", OWN_REP, {})


def test_a_customer_s_own_rep_who_is_full_still_gets_them() -> None:
    here = room(seat("U0ANA"), seat("U0BEN", capacity=3, open_leads=3))
    assert decided(lead(), here, known=("U0BEN",)).owner == "U0BEN"


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (seat("U0BEN", left=True), "left the workspace"),
        (seat("U0BEN", away=(Days(first=date(2026, 11, 20), last=date(2026, 12, 4)),)), "away until 05 Dec"),
    ],
    ids=["left", "away"],
)
def test_a_customer_s_own_rep_who_is_gone_is_passed_over(own: Seat, says: str) -> None:
    decision = decided(lead(), room(seat("U0ANA"), own), known=("U0BEN",))
    assert decision.owner == "U0ANA"
    assert says in why(decision, "U0BEN")


def test_a_customer_s_own_rep_who_is_back_tomorrow_gets_what_is_not_urgent() -> None:
    here = room(seat("U0ANA"), seat("U0BEN", away=(Days(first=MONDAY.date(), last=MONDAY.date()),)))
    calm = lead(analysis=analysis(urgency=Urgency.LOW))
    assert decided(calm, here, known=("U0BEN",)).owner == "U0BEN"
    assert decided(lead(), here, known=("U0BEN",)).owner == "U0ANA"


def test_an_owner_who_is_no_rep_of_the_desk_is_passed_over() -> None:
    decision = decided(lead(), room(seat("U0ANA")), known=("U0GONE",))
    assert decision.owner == "U0ANA"
    assert "gets no leads of this desk" in why(decision, "U0GONE")


def test_known_owners_can_be_switched_off() -> None:
    here = room(seat("U0ANA"), seat("U0BEN"), known_owner=False)
    assert decided(lead(), here, known=("U0BEN",)).owner == "U0ANA"


def test_the_first_rule_that_fits_and_has_somebody_there_decides() -> None:
    rules = [
        SPANISH,
        {"name": "Urgent", "when": {"urgency": "urgent"}, "to": "U0BEN"},
        {"name": "Cars", "when": {"business_type": "automotive"}, "to": ["U0CAT", "U0DAN"]},
        {"name": "All", "when": {}, "to": "U0ANA"},
    ]
    here = room(
        seat("U0ANA"), seat("U0BEN", capacity=1, open_leads=1), seat("U0CAT"), seat("U0DAN"), rules=rules
    )
    decision = decided(lead(), here)
    assert (decision.owner, decision.reason) == ("U0CAT", "rule “Cars”")
    assert [(each.name, each.so) for each in decision.trace] == [
        ("Spanish", False),
        ("Urgent", False),
        ("Cars", True),
        ("U0CAT", True),
        ("U0DAN", False),
    ]
    assert why(decision, "Spanish") == "language is not es"
    assert why(decision, "Urgent") == "fits, but nobody of it is there"


def test_a_rule_sends_a_lead_to_another_desk_which_then_decides() -> None:
    rules = [{"name": "Fleets", "when": {"quality_from": 70}, "desk": "#fleet"}]
    fleet = room(seat("U0FLO"), rules=[SPANISH])
    decision = route(lead(), DESK, {DESK: room(seat(), rules=rules), "#fleet": fleet}, known=(), now=MONDAY)
    assert (decision.desk, decision.owner) == ("#fleet", "U0FLO")


def test_desks_that_send_leads_to_each_other_come_to_an_end() -> None:
    there = {"name": "There", "when": {}, "desk": "#fleet"}
    back = {"name": "Back", "when": {}, "desk": DESK}
    rooms = {DESK: room(seat(), rules=[there]), "#fleet": room(seat("U0FLO"), rules=[back])}
    decision = route(lead(), DESK, rooms, known=(), now=MONDAY)
    assert (decision.desk, decision.owner) == ("#fleet", "U0FLO")
    assert why(decision, "Back") == "the lead was there already"


def test_all_desks_that_rules_lead_to_are_reachable() -> None:
    def to(*channels: str) -> Routing:
        rules = [{"name": channel, "when": {}, "desk": channel} for channel in channels]
        return Routing.model_validate({"rules": rules})

    routings = {"#a": to("#b", "#c"), "#b": to("#a"), "#d": to("#e")}
    assert reachable("#a", routings) == {"#a", "#b", "#c"}
    assert reachable("#e", routings) == {"#e"}


@pytest.mark.parametrize("intent", [Intent.SPAM, Intent.SOLICITATION])
def test_nobody_is_given_what_is_no_lead(intent: Intent) -> None:
    decision = decided(lead(analysis=analysis(intent=intent)), room(seat()), known=("U0ANA",))
    assert decision.owner is None
    assert decision.reason.startswith("looks like")


def test_those_who_are_away_full_or_gone_are_passed_over_and_it_is_said_why() -> None:
    here = room(
        seat("U0ANA", away=(Days(first=date(2026, 11, 20), last=date(2026, 11, 24)),)),
        seat("U0BEN", capacity=15, open_leads=15),
        seat("U0CAT", left=True),
        seat("U0DAN", hours=HOURS, time_zone="America/Los_Angeles"),
        seat("U0EVE", credit=-LEAD // 2),
    )
    decision = decided(lead(), here)
    assert (decision.owner, decision.reason) == ("U0EVE", IN_TURN)
    assert [each.why for each in decision.trace] == [
        "away until Wed 00:00",
        "full, 15 of 15",
        "left the workspace",
        "off duty until Mon 08:00",
        "ahead by 0.50",
    ]


def test_while_all_are_off_duty_whoever_is_back_first_gets_the_lead() -> None:
    night = datetime.fromisoformat("2026-11-23T23:00+00:00")
    here = room(
        seat("U0ANA", hours=HOURS, time_zone="America/New_York"),
        seat("U0BEN", hours=HOURS, time_zone="Europe/Berlin"),
        seat("U0CAT", hours=HOURS, time_zone="Europe/Paris", credit=1),
        seat("U0DAN", hours=HOURS, time_zone="Europe/Lisbon"),
    )
    decision = decided(lead(), here, now=night)
    assert (decision.owner, decision.reason) == ("U0CAT", "back first")
    assert set(decision.credits) == {"U0BEN", "U0CAT"}


def test_while_all_are_off_duty_a_rule_s_people_come_first() -> None:
    night = datetime.fromisoformat("2026-11-23T23:00+00:00")
    here = room(
        seat("U0ANA", hours=HOURS, time_zone="America/New_York"),
        seat("U0BEN", hours=HOURS, time_zone="Europe/Berlin"),
        rules=[SPANISH],
    )
    decision = decided(lead(analysis=analysis(language="es")), here, now=night)
    assert (decision.owner, decision.reason) == ("U0ANA", "rule “Spanish”, back first")


def test_while_those_who_are_there_are_full_the_lead_stays_in_the_pool() -> None:
    here = room(seat("U0ANA", capacity=1, open_leads=1), seat("U0BEN", hours=HOURS, time_zone="Asia/Tokyo"))
    decision = decided(lead(), here)
    assert (decision.owner, decision.reason, decision.credits) == (None, "everybody is full", {})


def test_a_desk_that_keeps_a_pool_gives_leads_by_rules_only() -> None:
    here = room(seat("U0ANA"), rules=[SPANISH], otherwise="pool")
    assert decided(lead(), here).owner is None
    assert decided(lead(), here).reason == FOR_ALL
    assert decided(lead(analysis=analysis(language="es")), here).owner == "U0ANA"


def test_a_desk_without_reps_has_a_pool() -> None:
    assert decided(lead(), room()).owner is None


@pytest.mark.parametrize(
    ("area", "phone", "fields", "message", "so"),
    [
        ("606", None, {"ZIP code": "60611"}, "Hello", True),
        ("606", None, {"order": "60611"}, "Hello", False),
        ("606", None, {}, "we live in Chicago, IL 60611", True),
        ("606", None, {}, "I owe 60611 dollars", False),
        ("312", "+1 312 555 0123", {}, "Hello", True),
        ("312", "(312) 555-0123", {}, "Hello", True),
        ("312", "+49 312 5550123", {}, "Hello", True),
        ("+49", "+49 30 5550123", {}, "Hello", True),
        ("+49", "0049 30 5550123", {}, "Hello", True),
        ("+49", "4930 5550123", {}, "Hello", False),
        ("Chicago", None, {}, "My car is in CHICAGO.", True),
        ("Chicago", None, {}, "The Chicagoland fair", False),
        ("Chicago", None, {"City": "chicago"}, "Hello", True),
        ("SW1", None, {"Postcode": "SW1A 1AA"}, "Hello", True),
    ],
)
def test_an_area_is_a_beginning_of_postcodes_and_phones_or_a_place(
    area: str, phone: str | None, fields: dict[str, Any], message: str, *, so: bool
) -> None:
    contact = lead().contact.model_copy(update={"phone": phone})
    new = lead(contact=contact, custom_fields=fields, message=message)
    here = room(seat("U0ANA"), seat("U0BEN"), rules=[{"name": "A", "when": {"area": area}, "to": "U0BEN"}])
    assert (decided(new, here).owner == "U0BEN") is so


@pytest.mark.parametrize(
    ("when", "so"),
    [
        ({"business_type": "Automotive"}, True),
        ({"source": ["typeform", "web_form"]}, True),
        ({"source": "typeform"}, False),
        ({"intent": "appointment_request", "urgency": "low"}, False),
        ({"quality_from": 82, "quality_below": 83}, True),
        ({"quality_below": 82}, False),
        ({"quality_from": 83}, False),
    ],
)
def test_a_rule_fits_when_all_it_names_holds(when: dict[str, Any], *, so: bool) -> None:
    here = room(seat("U0ANA"), seat("U0BEN"), rules=[{"name": "A", "when": when, "to": "U0BEN"}])
    assert (decided(lead(), here).owner == "U0BEN") is so


seats = st.lists(
    st.builds(
        seat,
        st.sampled_from(["U0ANA", "U0BEN", "U0CAT", "U0DAN"]),
        open_leads=st.integers(0, 3),
        credit=st.integers(-4 * LEAD, 4 * LEAD),
        left=st.booleans(),
        weight=st.sampled_from([0.5, 1, 3]),
        capacity=st.none() | st.integers(1, 3),
        hours=st.sampled_from([HOURS, DeskFile(channel="#a").hours]),
        time_zone=st.sampled_from(["UTC", "America/Chicago", "Asia/Tokyo"]),
    ),
    max_size=4,
    unique_by=lambda each: each.user,
)


@given(lead_examples.leads, seats, st.integers(0, 10_000), st.lists(st.sampled_from(["U0ANA", "U0NEW"])))
def test_whatever_comes_the_owner_is_a_rep_who_works_there_and_the_trace_says_so(
    new: Lead, here: list[Seat], minutes: int, known: list[str]
) -> None:
    now = MONDAY + timedelta(minutes=minutes)
    rules = [{"name": "R", "when": {"language": "en"}, "to": ["U0ANA", "U0BEN"]}]
    decision = route(new, DESK, {DESK: room(*here, rules=rules)}, known=known, now=now)
    by_user = {each.user: each for each in here}
    if decision.owner is not None:
        owner = by_user[decision.owner]
        assert not owner.left
        assert decision.reason == OWN_REP or not owner.full
        assert [each.so for each in decision.trace if each.about in {About.REP, About.OWNER}].count(True) == 1
        assert sum(decision.credits.values()) in {0, *decision.credits.values()} or any(
            abs(each.credit) > 3 * LEAD for each in here
        )
    else:
        assert not decision.credits
    assert decision == route(new, DESK, {DESK: room(*here, rules=rules)}, known=known, now=now)


def test_a_desk_file_s_rules_are_what_is_decided_by() -> None:
    file = read_desk_file("channel: '#a'\nreps: {U0ANA: {}}\nrouting: {otherwise: pool}", "a.yaml")
    assert decided(lead(), Room(routing=file.routing, seats=(seat(),))).owner is None
