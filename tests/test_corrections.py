"""What a person corrects: checked against the message, shown at once, kept once, and never overwritten."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import prompts
from core import corrections
from core.corrections import Correction
from core.errors import NotAllowed
from core.lead import Analysis, Contact, Draft, Event, Intent, Lead, Urgency, utcnow
from core.rules import analyze_by_rules
from core.store import Store, open_store
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
MESSAGE = "My 2019 Honda Civic pulls to the right, can somebody look at it next week?"
CARS = prompts.load("automotive")


def read(message: str = MESSAGE) -> Analysis:
    return analyze_by_rules(message, Contact(), CARS, now=FRIDAY)


def corrected(correction: Correction, message: str = MESSAGE) -> Analysis:
    return corrections.corrected(read(message), correction, message, CARS, by="U1")


def test_an_intent_that_a_person_sets_is_certain() -> None:
    analysis = corrected(Correction(intent=Intent.QUOTE_REQUEST))
    assert analysis.intent is Intent.QUOTE_REQUEST
    assert analysis.intent_confidence == 1.0
    assert analysis.corrected_by == "U1"


def test_the_headline_follows_the_corrected_intent() -> None:
    assert corrected(Correction(intent=Intent.QUOTE_REQUEST)).wants != read().wants


def test_an_urgency_that_a_person_sets_says_so() -> None:
    analysis = corrected(Correction(urgency=Urgency.URGENT))
    assert analysis.urgency is Urgency.URGENT
    assert analysis.urgency_score == 0.87
    assert analysis.urgency_reason == "as corrected"


def test_a_value_that_a_person_types_is_quoted_from_the_message() -> None:
    analysis = corrected(Correction(entities={"symptoms": ("PULLS to the right",)}))
    (found,) = analysis.entities["symptoms"]
    assert found.quote == "pulls to the right"


def test_a_value_that_stands_nowhere_in_the_message_is_refused() -> None:
    with pytest.raises(NotAllowed, match="“new engine” is not in the message"):
        corrected(Correction(entities={"services": ("new engine",)}))


def test_a_value_found_before_keeps_its_quote() -> None:
    kept = read().entities["vehicle_info"]
    analysis = corrected(Correction(entities={"vehicle_info": tuple(entity.value for entity in kept)}))
    assert analysis.entities["vehicle_info"] == kept


def test_a_field_the_business_does_not_have_is_refused() -> None:
    with pytest.raises(NotAllowed, match="no field treatments"):
        corrected(Correction(entities={"treatments": ("Civic",)}))


def test_what_is_no_lead_becomes_spam() -> None:
    assert corrected(Correction(not_a_lead=True)).intent is Intent.SPAM


def test_a_sales_pitch_stays_one_when_it_is_no_lead() -> None:
    analysis = corrected(Correction(intent=Intent.SOLICITATION, not_a_lead=True))
    assert analysis.intent is Intent.SOLICITATION


# --- Kept -------------------------------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """The store on it."""
    store = await open_store(database_url)
    yield store
    await store.close()


async def a_lead(store: Store, message: str = MESSAGE) -> Lead:
    accepted = await store.submissions.accept(
        Submission(
            source="api",
            event_key=message,
            fingerprint="f" * 64,
            content_type="application/json",
            body=b"{}",
            received_at=FRIDAY,
        ),
        Draft(message=message, source="api", received_at=FRIDAY),
        desk="C1",
        business_type="automotive",
        actor="api",
        enlist=lambda _connection, _lead_id: None,
    )
    await store.leads.understood(accepted.lead_id, analysis=read(message), final=True)
    return await store.leads.get(accepted.lead_id)


async def correct(store: Store, lead: Lead, correction: Correction, key: str = "click-1") -> None:
    def decide(now: Lead) -> Mapping[str, Any]:
        assert now.analysis is not None
        analysis = corrections.corrected(now.analysis, correction, now.message, CARS, by="U1")
        return {"analysis": analysis.model_dump(mode="json")}

    line = Event(event_id=key, lead_id=lead.lead_id, at=utcnow(), actor="U1", what="corrected", told=True)
    await store.labels.correct(line, correction, decide)


async def test_a_correction_changes_the_lead_its_history_and_the_labels_at_once(store: Store) -> None:
    lead = await a_lead(store)
    await correct(store, lead, Correction(intent=Intent.QUOTE_REQUEST))
    after = await store.leads.get(lead.lead_id)
    (labelled,) = await store.labels.every()
    assert after.analysis is not None
    assert after.analysis.intent is Intent.QUOTE_REQUEST
    assert labelled.label.said["intent"] == "appointment_request"
    assert labelled.label.by == "U1"
    assert labelled.answers["rules"].intent is Intent.APPOINTMENT_REQUEST
    assert "corrected" in [event.what for event in await store.events.of(lead.lead_id)]


async def test_the_same_click_twice_is_one_label(store: Store) -> None:
    lead = await a_lead(store)
    await correct(store, lead, Correction(urgency=Urgency.LOW))
    await correct(store, lead, Correction(urgency=Urgency.LOW))
    assert len(await store.labels.every()) == 1


async def test_a_refused_correction_keeps_nothing(store: Store) -> None:
    lead = await a_lead(store)
    with pytest.raises(NotAllowed):
        await correct(store, lead, Correction(entities={"services": ("a spaceship",)}))
    assert await store.labels.every() == []
    assert (await store.leads.get(lead.lead_id)).version == lead.version


async def test_a_model_that_answers_later_does_not_overwrite_a_person(store: Store) -> None:
    lead = await a_lead(store)
    await correct(store, lead, Correction(intent=Intent.COMPLAINT))
    late = read().model_copy(update={"model_used": "qwen3:4b"})
    await store.leads.understood(lead.lead_id, analysis=late, final=True)
    shown = (await store.leads.get(lead.lead_id)).analysis
    (labelled,) = await store.labels.every()
    assert shown is not None
    assert shown.intent is Intent.COMPLAINT
    assert set(labelled.answers) == {"rules", "qwen3:4b"}


async def test_the_newest_label_of_a_lead_counts(store: Store) -> None:
    lead = await a_lead(store)
    await correct(store, lead, Correction(intent=Intent.COMPLAINT))
    await correct(store, lead, Correction(intent=Intent.SUPPORT), key="2")
    (labelled,) = await store.labels.every()
    assert labelled.label.corrected.intent is Intent.SUPPORT


async def test_a_kept_answer_is_given_back_by_message_prompt_and_model(store: Store) -> None:
    await store.answers.keep("m", "p", "qwen3:4b", '{"wants": "x"}', FRIDAY)
    await store.answers.keep("m", "p", "qwen3:4b", "other", FRIDAY)
    assert await store.answers.get("m", "p", "qwen3:4b") == '{"wants": "x"}'
    assert await store.answers.get("m", "other", "qwen3:4b") is None
    assert await store.answers.get("m", "p", "llama") is None


async def test_answers_to_a_message_can_be_forgotten(store: Store) -> None:
    await store.answers.keep("m", "p", "qwen3:4b", "{}", FRIDAY)
    await store.answers.forget(["m"])
    assert await store.answers.get("m", "p", "qwen3:4b") is None
