"""The same request again, a person's new one, nobody known, or a question."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dedupe import Answer, Candidate, Decision, Request, decide, sameness
from core.dedupe.gist import gist, is_follow_up
from core.identity import profile_of
from core.lead import Contact, MatchKind

NOW = datetime(2026, 11, 12, 14, tzinfo=UTC)
BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it this week?"
MIKE = Contact(first_name="Mike", last_name="Chen", email="mike@chen.example", phone="415 555 0123")


def asked(message: str, days: float = 0.0) -> Request:
    return Request(message=message, at=NOW + timedelta(days=days))


def earlier(
    message: str = BRAKES, contact: Contact = MIKE, *, days: float = -1.0, name: str = "a"
) -> Candidate:
    return Candidate(
        lead_id=name,
        number=f"L-{name}",
        person_id=name,
        contact=contact,
        profile=profile_of(contact, message, region="US"),
        request=asked(message, days),
    )


def decided(message: str, contact: Contact, *candidates: Candidate, **known: object) -> Decision:
    profile = profile_of(contact, message, region="US")
    return decide(contact, profile, asked(message), candidates, **known)  # type: ignore[arg-type]  # one of two


def kinds(decision: Decision) -> list[MatchKind]:
    return [match.kind for match in decision.matches]


@pytest.mark.parametrize(
    "again",
    [
        BRAKES,
        "My 2019 Honda Civics brakes are grindign badly, can you look at it this wek",
        "Hi there! Any update on this? My brakes on the 2019 Civic are grinding badly. Thanks, Mike",
        "Did you get my last note? My 2019 Honda Civic's brakes are grinding",
        "The brakes of my Civic 2019 make a grinding noise, could you look at them this week?",
    ],
)
def test_the_same_request_sent_again_is_a_duplicate(again: str) -> None:
    decision = decided(again, MIKE, earlier())
    assert kinds(decision) == [MatchKind.DUPLICATE]
    assert decision.matches[0].score > 0.5
    assert set(decision.links) == {"a"}


@pytest.mark.parametrize(
    "other",
    [
        "Do you sell winter tyres for a motorbike?",
        "My 2012 Ford Escape needs an oil change",
        "My 2012 Toyota Camry's brakes are grinding, can you look at them?",
    ],
)
def test_another_request_of_a_known_person_is_a_repeat(other: str) -> None:
    assert kinds(decided(other, MIKE, earlier())) == [MatchKind.REPEAT]


def test_the_same_words_about_another_car_are_a_question() -> None:
    decision = decided(BRAKES.replace("2019", "2012"), MIKE, earlier())
    assert decision.question is not None
    assert "another vehicle" in [evidence.says for evidence in decision.question.evidence]


def test_the_same_words_four_months_later_are_a_new_request() -> None:
    assert kinds(decided(BRAKES, MIKE, earlier(days=-125))) == [MatchKind.REPEAT]


def test_a_stranger_with_the_same_words_is_nobody_we_know() -> None:
    stranger = Contact(first_name="Ella", last_name="Reid", email="ella@reid.example")
    assert decided(BRAKES, stranger, earlier()) == Decision()


def test_family_behind_one_phone_is_not_the_same_person_even_with_the_same_words() -> None:
    anna = Contact(first_name="Anna", last_name="Chen", phone="+1 415 555 0123")
    decision = decided(BRAKES, anna, earlier())
    assert not decision.matches


def test_a_namesake_with_another_address_is_asked_about_at_most() -> None:
    namesake = Contact(first_name="Mike", last_name="Chen", email="mchen77@mail.example")
    assert not decided("Do you sell tyres?", namesake, earlier()).matches


def test_a_name_alone_is_a_question() -> None:
    decision = decided("Do you sell tyres?", Contact(first_name="Mike", last_name="Chen"), earlier())
    assert not decision.matches
    assert decision.question is not None
    assert not decision.question.sure


def test_a_name_and_the_same_text_are_sure() -> None:
    assert kinds(decided(BRAKES, Contact(first_name="Mike", last_name="Chen"), earlier())) == [
        MatchKind.DUPLICATE
    ]


def test_the_evidence_is_told_field_by_field() -> None:
    mike = Contact(first_name="Michael", last_name="Chen", phone="+1 (415) 555-0123")
    (match,) = decided(BRAKES, mike, earlier()).matches
    assert [evidence.says for evidence in match.evidence] == [
        "same phone, written differently",
        "same surname",
        "Michael = Mike",
        "message 100% alike",
    ]


def test_all_leads_of_a_known_person_are_matches_duplicates_first() -> None:
    tyres = earlier("Do you sell winter tyres?", days=-3, name="b")
    decision = decided(BRAKES, MIKE, tyres, earlier())
    assert [(match.lead_id, match.kind) for match in decision.matches] == [
        ("a", MatchKind.DUPLICATE),
        ("b", MatchKind.REPEAT),
    ]


def test_a_lead_of_the_same_person_counts_whatever_it_says_itself() -> None:
    by_hand = Candidate(
        lead_id="b",
        number="L-b",
        person_id="a",
        contact=Contact(),
        profile=profile_of(Contact(), "", region="US"),
        request=asked("Where are you?", -9),
    )
    assert {match.lead_id for match in decided(BRAKES, MIKE, earlier(), by_hand).matches} == {"a", "b"}


def test_what_a_person_said_goes_before_the_evidence() -> None:
    said = {"a": Answer.SAME_PERSON}
    assert kinds(decided(BRAKES, MIKE, earlier(), said=said)) == [MatchKind.REPEAT]
    assert decided(BRAKES, MIKE, earlier(), said={"a": Answer.DIFFERENT}) == Decision()


def test_once_its_card_is_there_a_duplicate_becomes_a_question() -> None:
    decision = decided(BRAKES, MIKE, earlier()).asked()
    assert decision.question is not None
    assert (decision.question.lead_id, decision.question.sure) == ("a", False)
    assert not decision.matches


@pytest.mark.parametrize(
    ("message", "request_in_it"),
    [
        ("Hi there! Quick question: do you sell tyres? Thanks, kind regards", "do you sell tyres?"),
        ("Dear Sir or Madam, do you sell tyres? Call 415-555-0123", "do you sell tyres?"),
        ("Any update on this? Do you sell tyres", "Do you sell tyres"),
        ("Hello!", "Hello!"),
        ("", ""),
        ("😀", "😀"),
    ],
)
def test_the_gist_is_the_request_without_what_is_put_around_it(message: str, request_in_it: str) -> None:
    assert gist(message) == request_in_it


@pytest.mark.parametrize(
    ("message", "reminds"),
    [
        ("Any update on my request?", True),
        ("I wrote to you last week about the roof", True),
        ("Just following up on this", True),
        ("Still haven't heard from you", True),
        ("Trying once more: do you sell tyres", True),
        ("Do you sell tyres?", False),
        ("My car was serviced last week", False),
    ],
)
def test_a_reminder_is_told_from_a_first_message(message: str, *, reminds: bool) -> None:
    assert is_follow_up(message) is reminds


@given(st.text(max_size=200), st.text(max_size=200), st.none() | st.floats(-1, 1))
def test_any_two_texts_are_compared_without_an_error(one: str, other: str, cosine: float | None) -> None:
    assert 0 <= sameness(asked(one), asked(other, -1), cosine).probability <= 1


@given(st.text(min_size=1, max_size=300))
def test_nobody_is_recognised_by_words_alone(message: str) -> None:
    assert decided(message, Contact(), earlier(message, Contact())) == Decision()
