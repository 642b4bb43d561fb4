"""Edits: only what was changed is written, what two changed is shown to both, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prompts
from core import edits
from core.edits import Edit
from core.errors import NotAllowed
from core.lead import DeskStatus, Lead
from handlers import editing, steps
from tests.conftest import Snapshot
from tests.lead_examples import NOW, foreign, lead, leads
from tests.slack_limits import check_view

BUSINESSES = prompts.load_every(None)
CARS = BUSINESSES["automotive"]


def shown(of: Lead) -> dict[str, str]:
    return edits.fields(of, CARS)


def seen(of: Lead) -> dict[str, str]:
    return {name: edits.digest(value) for name, value in shown(of).items()}


def edit(**typed: str) -> Edit:
    """An edit of the everyday lead's form."""
    return edits.edit_of({**shown(lead()), **typed}, seen(lead()))


def company(name: str) -> Lead:
    """The everyday lead after somebody else gave it this company."""
    of = lead()
    return of.model_copy(update={"contact": of.contact.model_copy(update={"company": name})})


def test_a_form_that_was_sent_as_it_was_changes_nothing() -> None:
    assert edit().empty


def test_only_what_was_typed_is_changed() -> None:
    changes = edits.decide(lead(), edit(phone="+1 415 555 0999"), CARS, by="U1")
    assert changes == {"phone": "+1 415 555 0999"}


def test_a_field_that_was_emptied_is_nothing_afterwards() -> None:
    assert edits.decide(lead(), edit(company=""), CARS, by="U1") == {"company": None}


def test_what_somebody_else_changed_elsewhere_stays() -> None:
    changes = edits.decide(company("Other Ltd"), edit(phone="+1 415 555 0999"), CARS, by="U1")
    assert "company" not in changes


def test_the_same_field_changed_by_two_is_refused_with_both_sides() -> None:
    with pytest.raises(NotAllowed, match="Company: now “Other Ltd”, yours “Mine Ltd”"):
        edits.decide(company("Other Ltd"), edit(company="Mine Ltd"), CARS, by="U1")


def test_two_who_say_the_same_do_not_disagree() -> None:
    assert edits.conflicts(edit(company="Other Ltd"), shown(company("Other Ltd"))) == {}


def test_a_merged_lead_is_not_edited() -> None:
    gone = lead(desk_status=DeskStatus.MERGED, merged_number="L-1001")
    with pytest.raises(NotAllowed, match="merged into L-1001"):
        edits.decide(gone, edit(phone="1"), CARS, by="U1")


def test_a_lead_that_is_over_is_not_made_spam_by_an_edit() -> None:
    with pytest.raises(NotAllowed, match="is won already"):
        edits.decide(lead(desk_status=DeskStatus.WON), Edit(not_a_lead=True), CARS, by="U1")


def test_before_the_reading_only_the_contact_can_be_edited() -> None:
    assert set(edits.fields(lead(analysis=None), CARS)) == set(edits.CONTACT)


def test_what_a_desk_hides_is_not_in_the_form() -> None:
    hidden = frozenset({"symptoms"})
    assert "fact:symptoms" not in edits.fields(lead(), CARS, hidden)


@given(leads, st.dictionaries(st.sampled_from(sorted(shown(lead()))), foreign, max_size=4))
def test_any_edit_of_any_lead_is_made_or_refused_in_a_sentence(of: Lead, typed: dict[str, str]) -> None:
    now = edits.fields(of, CARS)
    choices: dict[str, str] = {name: now[name] for name in ("intent", "urgency") if name in now}
    asked = edits.edit_of(
        {**now, **typed, **choices}, {name: edits.digest(text) for name, text in now.items()}
    )
    try:
        changes = edits.decide(of, asked, CARS, by="U1")
    except NotAllowed as refusal:
        said = str(refusal)
        assert said
    else:
        assert set(changes) <= {*edits.CONTACT, "analysis"}


@given(leads, st.sampled_from(sorted(BUSINESSES)))
def test_the_form_of_any_lead_is_one_that_slack_takes(of: Lead, business: str) -> None:
    values = edits.fields(of, BUSINESSES[business])
    check_view(editing.form(of, values))
    both = edits.edit_of(dict.fromkeys(edits.CONTACT, "x"), dict.fromkeys(values, "-"))
    check_view(editing.side_by_side(of, values, both, edits.conflicts(both, values)))


@given(leads)
def test_the_small_forms_of_any_lead_are_such_that_slack_takes(of: Lead) -> None:
    for view in (steps.note(of), steps.snoozing(of, NOW), steps.closing(of), steps.spam(of)):
        check_view(view)


def test_the_forms_look_as_they_did(snapshot: Snapshot) -> None:
    snapshot("view_edit", editing.form(lead(), shown(lead())))
    asked = edit(company="Mine Ltd")
    theirs = edits.conflicts(asked, shown(company("Other Ltd")))
    other = company("Other Ltd")
    snapshot("view_edit_side_by_side", editing.side_by_side(other, shown(other), asked, theirs))
    snapshot("view_note", steps.note(lead()))
    snapshot("view_snooze", steps.snoozing(lead(), NOW))
    snapshot("view_close", steps.closing(lead()))
    snapshot("view_not_a_lead", steps.spam(lead()))
