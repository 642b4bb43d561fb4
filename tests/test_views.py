"""The modals keep Slack's limits and give back what was typed."""

from typing import Any

import pytest
from hypothesis import given

from core.errors import InvalidLead
from core.lead import Contact
from handlers import views
from tests.conftest import Snapshot
from tests.lead_examples import foreign
from tests.slack_limits import check_view


def typed(**fields: str | None) -> dict[str, dict[str, dict[str, Any]]]:
    """A view's state as Slack sends it."""
    return {name: {name: {"type": "plain_text_input", "value": value}} for name, value in fields.items()}


def test_the_new_lead_modal_looks_as_it_did(snapshot: Snapshot) -> None:
    snapshot("view_new_lead", views.new_lead(message="Oil change"))


@given(foreign)
def test_the_new_lead_modal_takes_any_words(message: str) -> None:
    check_view(views.new_lead(message=message * 50))


@given(foreign, foreign)
def test_the_modal_of_a_message_takes_whatever_it_says(message: str, wants: str) -> None:
    contact = Contact(first_name=message or None, company=message * 50, email=wants)
    link = "https://desk.slack.com/archives/C1/p1"
    check_view(
        views.message_lead(message=message * 50, contact=contact, wants=wants * 9, link=link, meta="{}")
    )


def test_only_the_message_must_be_filled_in() -> None:
    needed = [block["block_id"] for block in views.new_lead()["blocks"] if not block["optional"]]
    assert needed == ["message"]


def test_what_was_typed_becomes_a_payload_without_the_empty_fields() -> None:
    state = typed(name="Ana Lee", email=None, phone="  ", company="", message="Oil change")
    assert views.read_new_lead(state) == {"name": "Ana Lee", "message": "Oil change"}


def test_an_untouched_modal_gives_an_empty_payload() -> None:
    assert views.read_new_lead({}) == {}


@pytest.mark.parametrize(
    ("field", "block"),
    [
        ("contact.email", "email"),
        ("contact.first_name", "name"),
        ("contact.last_name", "name"),
        ("contact.phone", "phone"),
        ("message", "message"),
        ("custom_fields", "message"),
    ],
)
def test_a_mistake_is_shown_at_its_own_input(field: str, block: str) -> None:
    assert list(views.errors_of(InvalidLead(field, "is wrong"))) == [block]


def test_a_mistake_reads_as_a_sentence() -> None:
    error = InvalidLead("contact.email", "is not an e-mail address")
    assert views.errors_of(error) == {"email": "E-mail is not an e-mail address."}
