"""The pieces of the senders: answers as a lead, signatures, and readers that nothing breaks."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidLead
from core.intake.answered import Answer, as_lead
from handlers.web.senders import SENDERS, Delivery, sender_of
from handlers.web.senders.hubspot import decoded
from handlers.web.senders.sender import is_near
from handlers.web.senders.standard import key_in
from tests.senders import CASES

ABOUT = "Filled in a form."

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def lead(*answers: Answer) -> dict[str, Any]:
    return as_lead(answers, about=ABOUT, region="US")


@pytest.mark.parametrize(
    ("question", "said", "field"),
    [
        ("What is your first name?", "Ana", "first_name"),
        ("Your name (required)", "Ana Silva", "name"),
        ("What's your company?", "Silva Ltd", "company"),
        ("Where can we write to you?", "ana@example.com", "email"),
        ("Best number", "(415) 555-0123", "phone"),
        ("Tell us all about it", "The brakes squeal on every stop", "message"),
    ],
)
def test_an_open_answer_is_told_by_its_question_or_by_what_it_says(
    question: str, said: str, field: str
) -> None:
    assert lead(Answer(question, said, open=True))[field] == said


@pytest.mark.parametrize("said", ["2026-12-01", "12/01/2026", "01.12.2026"])
def test_a_day_is_no_number_to_call(said: str) -> None:
    assert "phone" not in lead(Answer("When?", said, open=True))


def test_a_choice_follows_the_message() -> None:
    found = lead(Answer("More", "They squeal", field="message"), Answer("Service?", "Brakes"))
    assert found["message"] == "They squeal\nService: Brakes"


def test_a_form_without_a_word_has_a_message_too() -> None:
    assert lead(Answer("E-mail", "ana@example.com", field="email"))["message"] == ABOUT


def test_what_the_form_knew_by_itself_is_kept_beside_the_message() -> None:
    found = lead(Answer("More", "They squeal", field="message"), Answer("utm_source", "mail", hidden=True))
    assert (found["message"], found["utm_source"]) == ("They squeal", "mail")


@pytest.mark.parametrize("question", ["Business type", "source", "Received at"])
def test_a_question_does_not_become_what_the_door_says_of_the_lead(question: str) -> None:
    assert lead(Answer(question, "Bakery"))[f"{question}?"] == "Bakery"


@given(st.lists(st.builds(Answer, st.text(), anything, open=st.booleans(), hidden=st.booleans()), max_size=6))
def test_whatever_is_answered_has_a_message(answers: list[Answer]) -> None:
    assert lead(*answers)["message"]


def spoilt(value: Any, path: list[int], other: Any) -> Any:
    """The value with what is at the path replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return other
    changed = copy.copy(value)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[path[0] % len(keys)]
    changed[key] = spoilt(value[key], path[1:], other)
    return changed


def test_answers_that_are_no_list_are_no_form() -> None:
    with pytest.raises(InvalidLead) as refused:
        SENDERS["typeform"].reads({"form_response": {"answers": "no"}})
    assert (refused.value.field, refused.value.code) == ("answers", "BAD_SHAPE")


def test_a_form_without_a_name_is_told_by_its_vendor() -> None:
    (delivery,) = SENDERS["typeform"].reads({"form_response": {"token": "1"}})
    assert delivery.about == "Filled in a form of Typeform."


@pytest.mark.parametrize("source", SENDERS)
@given(path=st.lists(st.integers(0, 20), max_size=6), other=anything)
def test_no_payload_breaks_a_reader(source: str, path: list[int], other: Any) -> None:
    for case in (case for case in CASES.values() if sender_of(case.source) is SENDERS[source]):
        try:
            found = SENDERS[source].reads(spoilt(case.payload, path, other))
        except InvalidLead as error:
            assert error.why == "is not what this sender sends"  # noqa: PT017 - either outcome is right
        else:
            assert all(isinstance(each, Delivery) and lead(*each.answers) for each in found)


@pytest.mark.parametrize("source", SENDERS)
@given(payload=anything)
def test_no_secret_is_found_where_there_is_none(source: str, payload: Any) -> None:
    carried = SENDERS[source].carried
    assert carried is None or isinstance(carried(payload), str)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("typeform", "Typeform"),
        ("typeform-spa", "Typeform"),
        ("google-ads", "Google Ads"),
        ("gravity_forms", "Gravity Forms"),
    ],
)
def test_a_vendor_s_accounts_are_told_apart_by_a_hyphen(source: str, name: str) -> None:
    found = sender_of(source)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("source", ["contact-form", "typeforms", "my-typeform", "google"])
def test_other_sources_are_no_vendor_s(source: str) -> None:
    assert sender_of(source) is None


def test_hubspot_s_address_is_decoded_as_hubspot_does() -> None:
    assert decoded("https://a.example/webhooks/hubspot?to=a%40b&x=%2f%20") == (
        "https://a.example/webhooks/hubspot?to=a@b&x=/%20"
    )


@pytest.mark.parametrize("text", ["", "-1", "1.5", "１７００００００００", "9" * 14, "1e9", "now"])  # noqa: RUF001 - digits too
def test_what_is_no_time_is_near_nothing(text: str) -> None:
    assert not is_near(text, 1_700_000_000.0)


@pytest.mark.parametrize("text", ["1700000000", "1700000299", "1699999701000"])
def test_a_time_is_near_in_seconds_and_in_milliseconds(text: str) -> None:
    assert is_near(text, 1_700_000_000.0)


@pytest.mark.parametrize("secret", ["plain", "whsec_***", ""])
def test_what_is_no_key_signs_nothing(secret: str) -> None:
    assert key_in(secret) is None
