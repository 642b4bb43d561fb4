"""What a program changes of a lead: as the card's form of an edit does, and everything follows."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from core.api.keys import Scope
from core.lead import Intent, Urgency
from core.ports import Embedder
from core.store.labels import Labelled
from core.understanding import Understanding
from tests.asking import LEADS, ask, made
from tests.product import Product, text_of
from tests.standing import desk, there

GRINDING = "My 2019 Honda Civic's brakes grind, could somebody look at it next week?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("changes"), business_type="automotive") as bot:
        yield bot


async def record_of(bot: Product, lead_id: str, field: str, value: str) -> dict[str, Any]:
    """The lead's cells in the CRM, once this field has this value."""
    async with asyncio.timeout(20):
        while True:
            cells = (await bot.app.desk.parts.crm.table.rows([lead_id]))[lead_id].cells
            if cells[field] == value:
                return {**cells}
            await asyncio.sleep(0.05)


async def labels_of(bot: Product, lead_id: str) -> list[Labelled]:
    """What was kept to learn from."""
    return [each for each in await bot.app.store.labels.every() if each.label.lead_id == lead_id]


@there
async def test_a_change_names_what_changes_and_leaves_the_rest(bot: Product) -> None:
    lead_id = await made(
        bot, "Change my address", email="old@example.com", phone="+1 415 555 0101", colour="red"
    )
    body = {"contact": {"email": "new@example.com"}, "custom_fields": {"tier": "gold", "colour": None}}
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    lead = envelope["data"]
    assert (status, lead["contact"]["email"], lead["contact"]["phone"]) == (
        200,
        "new@example.com",
        "+1 415 555 0101",
    )
    assert lead["custom_fields"] == {"tier": "gold"}
    await bot.card_with(lead_id, "new@example.com")


@there
async def test_a_change_of_a_lead_that_was_changed_meanwhile_is_refused(bot: Product) -> None:
    lead_id = await made(bot, "Two programs at once", email="two@example.com")
    version = (await bot.lead(lead_id)).version
    path, stale = f"{LEADS}/{lead_id}", {"If-Match": f'"{version}"'}
    first, _, _ = await ask(bot, "PUT", path, json={"contact": {"company": "A"}}, headers=stale)
    header, _, _ = await ask(bot, "PUT", path, json={"contact": {"company": "B"}}, headers=stale)
    body, envelope, _ = await ask(bot, "PUT", path, json={"contact": {"company": "C"}, "version": version})
    assert (first, header, body, envelope["errors"][0]["code"]) == (200, 412, 409, "VERSION_CONFLICT")
    assert (await bot.lead(lead_id)).contact.company == "A"


@there
async def test_an_outcome_that_a_program_sets_is_on_the_card(bot: Product) -> None:
    lead_id = await made(bot, "Won by a program", email="won@example.com")
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json={"desk_status": "won"})
    assert (status, envelope["data"]["desk_status"], envelope["data"]["owner"]) == (200, "won", None)
    await bot.card_with(lead_id, "Won")


@there
async def test_somebody_to_whom_a_program_hands_a_lead_has_it(bot: Product) -> None:
    lead_id = await made(bot, "Hand me over by a program", email="handed@example.com")
    dana = bot.slack.user("dana")
    body = {"owner": dana, "contact": {"company": "Handed Ltd"}}
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    lead = envelope["data"]
    assert (status, lead["owner"], lead["desk_status"], lead["contact"]["company"]) == (
        200,
        dana,
        "claimed",
        "Handed Ltd",
    )
    history = [event.what for event in await bot.app.store.events.of(lead_id) if event.told]
    assert history == ["edited"]
    await bot.card_with(lead_id, "Claimed by")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"contact": {"email": "no mail"}}, 422, "contact.email"),
        ({"owner": "U0NOBODY"}, 409, "owner"),
        ({"desk_status": "merged"}, 409, "desk_status"),
        ({"message": " "}, 422, "message"),
        ({"message": "x" * 10_001}, 422, "message"),
        ({"analysis": {"intent": "lukewarm"}}, 422, "analysis.intent"),
        ({"analysis": {"urgency": "now"}}, 422, "analysis.urgency"),
        ({"analysis": {"summary": "mine"}}, 422, "analysis.summary"),
        ({"analysis": {"entities": {"services": ["a spaceship"]}}}, 409, "analysis.entities.services"),
        ({"analysis": {"entities": {"colour": ["fixed"]}}}, 409, "analysis.entities.colour"),
        ({"number": "L-1"}, 422, "number"),
        ({"version": "1"}, 422, "version"),
    ],
)
@there
async def test_a_change_that_may_not_be_is_refused(
    bot: Product, body: dict[str, Any], status: int, field: str | None
) -> None:
    lead_id = await made(bot, "Please leave the ignition as it is", email="fixed@example.com")
    before = await bot.lead(lead_id)
    told, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    assert (told, envelope["errors"][0]["field"]) == (status, field)
    assert await bot.lead(lead_id) == before


@there
async def test_a_lead_that_is_merged_or_not_there_is_named_as_what_is_wrong(bot: Product) -> None:
    kept = await made(bot, "The bonnet does not close", email="kept@example.com")
    gone = await made(bot, "Which hours do you have in May?", email="gone@example.com")
    await ask(bot, "POST", f"{LEADS}/{gone}/merge", json={"into": kept})
    merged, told, _ = await ask(bot, "PUT", f"{LEADS}/{gone}", json={"message": "x"})
    unknown, said, _ = await ask(bot, "PUT", f"{LEADS}/L-999999", json={"message": "x"})
    assert (merged, told["errors"][0]["field"]) == (409, "lead_id")
    assert (unknown, said["errors"][0]["field"]) == (404, "lead_id")


@there
async def test_a_corrected_reading_is_on_the_lead_its_card_and_in_the_crm(bot: Product) -> None:
    lead_id = await made(bot, GRINDING, email="reading@example.com")
    body = {"analysis": {"intent": "complaint", "urgency": "urgent", "wants": "Brakes, again"}}
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    read = envelope["data"]["analysis"]
    assert (status, read["intent"], read["urgency"], read["urgency_score"]) == (
        200,
        "complaint",
        "urgent",
        0.87,
    )
    await bot.card_with(lead_id, "Brakes, again")
    cells = await record_of(bot, lead_id, "Intent", "Complaint")
    assert cells["Urgency Score"] == 0.87


@there
async def test_a_corrected_reading_is_kept_to_learn_from_and_no_later_one_undoes_it(bot: Product) -> None:
    _, key = await bot.app.store.api_keys.create("corrector", frozenset(Scope))
    lead_id = await made(bot, f"{GRINDING} Thanks!", email="learn@example.com")
    body = {"analysis": {"intent": "support"}}
    await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body, api_key=key)
    await Understanding(parts=bot.app.desk.parts).reread(lead_id)
    (kept,) = await labels_of(bot, lead_id)
    lead = await bot.lead(lead_id)
    assert (kept.label.corrected.intent, kept.label.by) == (Intent.SUPPORT, "api:corrector")
    assert lead.analysis is not None
    assert (lead.analysis.intent, lead.analysis.corrected_by) == (Intent.SUPPORT, "api:corrector")
    (line,) = [each for each in await bot.app.store.events.of(lead_id) if each.told]
    assert (line.actor, line.what, line.why) == ("api:corrector", "edited", "kind of request")


@there
async def test_a_fact_is_corrected_in_the_words_of_the_message(bot: Product) -> None:
    lead_id = await made(bot, f"Hello! {GRINDING}", email="fact@example.com")
    body = {"analysis": {"entities": {"symptoms": ["GRIND"], "dates": []}}}
    _, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    facts = envelope["data"]["analysis"]["entities"]
    assert (facts["symptoms"], facts["dates"]) == ([{"value": "GRIND", "quote": "grind"}], [])


@there
async def test_what_is_so_already_changes_nothing(bot: Product) -> None:
    lead_id = await made(bot, f"Hi. {GRINDING}", email="same@example.com")
    before = await bot.lead(lead_id)
    assert before.analysis is not None
    body = {
        "message": before.message,
        "contact": {"email": "same@example.com"},
        "analysis": {"intent": before.analysis.intent, "wants": before.analysis.wants},
    }
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    assert (status, envelope["data"]["version"]) == (200, before.version)
    assert await labels_of(bot, lead_id) == []


@there
async def test_another_wording_is_read_and_compared_anew(bot: Product) -> None:
    lead_id = await made(bot, "The wipers smear a little, no hurry", email="words@example.com")
    body = {"message": "My car broke down on the highway, I need a tow right now!! Call (415) 555-0142"}
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body)
    assert (status, envelope["data"]["message"], envelope["data"]["contact"]["phone"]) == (
        200,
        body["message"],
        "(415) 555-0142",
    )
    lead = await bot.lead_when(
        lead_id, lambda lead: lead.analysis is not None and lead.analysis.urgency == Urgency.URGENT
    )
    assert lead.contact.email == "words@example.com"
    assert "tow" in text_of(await bot.card_with(lead_id, "tow"))
    question = {"message": "a tow from the highway, right now"}
    _, envelope, _ = await ask(bot, "POST", f"{LEADS}/check-similar", json=question)
    assert lead_id in [each["lead_id"] for each in envelope["data"]]


@there
async def test_wording_and_reading_are_changed_at_once_and_the_same_key_twice_is_one_change(
    bot: Product,
) -> None:
    lead_id = await made(bot, f"Good day. {GRINDING}", email="both@example.com")
    dana = bot.slack.user("dana")
    body = {
        "message": "The gearbox of my 2011 Ford Focus whines",
        "analysis": {"entities": {"symptoms": ["whines"]}, "urgency": "high"},
        "owner": dana,
    }
    headers = {"Idempotency-Key": "at-once"}
    for _ in range(2):
        status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json=body, headers=headers)
        assert status == 200
    lead = envelope["data"]
    assert (lead["message"], lead["owner"], lead["analysis"]["urgency"]) == (body["message"], dana, "high")
    assert [each["quote"] for each in lead["analysis"]["entities"]["symptoms"]] == ["whines"]
    assert len(await labels_of(bot, lead_id)) == 1
    history = [event.what for event in await bot.app.store.events.of(lead_id) if event.told]
    assert history == ["edited"]
    await bot.card_with(lead_id, "whines", "Claimed by")


@there
async def test_what_a_program_calls_spam_is_kept_to_learn_from(bot: Product) -> None:
    lead_id = await made(bot, f"Dear all. {GRINDING}", email="spam@example.com")
    status, envelope, _ = await ask(bot, "PUT", f"{LEADS}/{lead_id}", json={"desk_status": "spam"})
    (kept,) = await labels_of(bot, lead_id)
    lead = envelope["data"]
    assert (status, lead["desk_status"], lead["analysis"]["intent"]) == (200, "spam", "spam")
    assert kept.label.corrected.not_a_lead
