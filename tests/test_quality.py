"""How well the rules read messages of trades they were not written for, and that all they say is quoted."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import prompts
from core.analyze import Analyst
from core.lead import Analysis, Contact
from core.learning import measure
from core.model.answer import believed
from core.model.question import Answer, parse
from core.ports import Embedder
from core.rules import analyze_by_rules
from core.rules.vehicles import vehicles

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BUSINESSES = {name: prompts.load(name) for name in prompts.names()}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


async def read(embedder: Embedder, rows: list[dict[str, Any]]) -> list[Analysis]:
    analyst = Analyst(BUSINESSES, embedder, None)
    vectors = await embedder.embed([row["message"] for row in rows])
    return [
        await analyst.by_rules(row["message"], Contact(), row["business_type"], NOW, vector)
        for row, vector in zip(rows, vectors, strict=True)
    ]


async def test_intents_of_other_trades_are_read_as_well_as_promised(embedder: Embedder) -> None:
    rows = lines("held_back.jsonl")
    said = await read(embedder, rows)
    pairs = [(row["intent"], analysis.intent.value) for row, analysis in zip(rows, said, strict=True)]
    assert measure.macro_f1(pairs) >= 0.80
    assert measure.f1(pairs, "spam") >= 0.93


async def test_confidence_is_near_the_share_that_is_right(embedder: Embedder) -> None:
    rows = lines("held_back.jsonl") + lines("other_trades.jsonl")
    said = await read(embedder, rows)
    sure = [
        (each.intent_confidence, each.intent == row["intent"]) for row, each in zip(rows, said, strict=True)
    ]
    assert measure.calibration_error(sure) < 0.1


async def test_what_cannot_wait_scores_above_what_can(embedder: Embedder) -> None:
    rows = lines("urgency.jsonl")
    said = await read(embedder, rows)
    scores = [(row["urgent"], analysis.urgency_score) for row, analysis in zip(rows, said, strict=True)]
    urgent, calm = ([score for is_urgent, score in scores if is_urgent == wanted] for wanted in (1, 0))
    assert measure.auc(urgent, calm) >= 0.95


@pytest.mark.parametrize(
    ("complaint", "cars"),
    [
        ("TL* THE CONTACT OWNS A 2011 FORD EXPLORER. THE STEERING WHEEL SEIZED.", ["2011 Ford Explorer"]),
        ("2004 NISSAN ARMADA BRAKES FAILED TWICE. *KB", ["2004 Nissan Armada"]),
        ("USED BUICK LESABRE CUSTOM 2003 CUTS OFF WHILE DRIVING", ["2003 Buick LeSabre"]),
        ("The contact owns a 2010 Mazda Mazda6 with 82,000 miles.", ["2010 Mazda6"]),
        ("I TOOK MY CAR TO THE TOYOTA DEALER ABOUT MY 2007 RAV4", ["2007 Toyota RAV4"]),
        ("hit by a Ford while I sat in my 2012 Mazda 3", ["Ford", "2012 Mazda3"]),
        ("MY 02 HONDA ODYSSEY LEAKS", ["2002 Honda Odyssey"]),
        ("my old 99 Jeep Grand Cherokee Laredo", ["1999 Jeep Grand Cherokee"]),
        ("In 2014 I purchased a used Kia Optima 2011", ["2011 Kia Optima"]),
        ("THE CONTACT OWNS A 2009 HARLEY DAVIDSON FLHR.", ["2009 Harley-Davidson"]),
        ("2019 Ram 1500 Classic Regular Cab", ["2019 Ram 1500"]),
        ("I have 3 kids and 2 dogs, the tires are 4 years old", []),
    ],
)
def test_owners_complaints_name_their_cars(complaint: str, cars: list[str]) -> None:
    assert [car.name for car in vehicles(complaint)] == cars


# --- Nothing without its quote ----------------------------------------------------------------------------


def written(message: str) -> list[str]:
    """The message as senders send it: plain, shouted, as an HTML mail with a thread below, signed."""
    mail = (
        f"<html><body><p>{message}</p><blockquote>My Honda needs brakes tomorrow</blockquote></body></html>"
    )
    return [
        message,
        message.upper(),
        mail,
        f"{message}\n\nBest regards,\nAnn Ward\nAcme Inc\n+1 415 555 0123",
    ]


MESSAGES = [
    (text, row["business_type"])
    for name in ("held_back.jsonl", "other_trades.jsonl")
    for row in lines(name)
    for text in written(row["message"])
][:1_100]


def inventing(business: str) -> Answer:
    """A model's answer whose every fact is made up, or quoted from elsewhere."""
    facts = [
        {"value": "horse carriage", "quote": "my horse carriage"},
        {"value": "brakes", "quote": "needs brakes tomorrow</blockquote>"},
        {"value": "everything", "quote": ""},
    ]
    entities = dict.fromkeys(BUSINESSES[business].entities, facts)
    said = {"wants": "x", "intent": "support", "urgency": "low", "summary": "x", "business_insights": {}}
    return parse(BUSINESSES[business], json.dumps(said | {"entities": entities}))


def test_no_entity_of_over_a_thousand_messages_is_without_its_quote() -> None:
    assert len(MESSAGES) > 1_000
    answers = {business: inventing(business) for business in BUSINESSES}
    for message, business in MESSAGES:
        rules = analyze_by_rules(message, Contact(), BUSINESSES[business], now=NOW)
        model = believed(answers[business], rules, message, Contact(), BUSINESSES[business], model="m")
        for analysis in (rules, model):
            quotes = [found.quote for founds in analysis.entities.values() for found in founds]
            assert [quote for quote in quotes if not quote or quote not in message] == []


def test_of_a_mail_only_the_newest_part_is_quoted() -> None:
    analysis = analyze_by_rules(
        written("Can I come on Friday?")[2], Contact(), BUSINESSES["automotive"], now=NOW
    )
    assert [found.value for found in analysis.entities["dates"]] == ["2026-11-27"]
    assert analysis.entities["vehicle_info"] == ()
    assert "<" not in analysis.summary


def test_a_signature_is_no_part_of_the_request() -> None:
    mail = "Do you rotate tires?\n\nKind regards,\nAnn Ford\nRegional Manager, Dallas, TX 75201"
    assert analyze_by_rules(mail, Contact(), BUSINESSES["automotive"], now=NOW).entities["locations"] == ()


# --- Bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "brakes",
        "🔥🔥🔥",
        "HELP MY CAR IS ON FIRE!!!",
        "a" * 10_000,
        "x y " * 2_500,
        "<p></p>",
        "??",
        "\n\n\n-- \nme",
    ],
    ids=[
        "one word",
        "emoji",
        "all caps",
        "one long word",
        "10,000 characters",
        "no text",
        "marks",
        "signature",
    ],
)
@pytest.mark.parametrize("business", prompts.names())
def test_odd_input_gets_a_whole_analysis(message: str, business: str) -> None:
    analysis = analyze_by_rules(message, Contact(), BUSINESSES[business], now=NOW)
    assert analysis.wants
    assert set(analysis.entities) == set(BUSINESSES[business].entities)


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [
        ("Guten Tag, ich brauche einen Termin für mein Auto", "de", "in German"),
        ("Bonjour, combien coûte une séance de laser ?", "fr", "in French"),
        ("Necesito una cita mañana por la mañana, por favor", "es", "in Spanish"),
        ("车坏了请尽快给我打电话", "zh", "in Chinese"),
        ("Сколько стоит ремонт тормозов?", "ru", "in Russian"),
    ],
)
def test_another_language_is_detected_and_said(message: str, code: str, said: str) -> None:
    analysis = analyze_by_rules(message, Contact(), BUSINESSES["general"], now=NOW)
    assert analysis.language == code
    assert said in analysis.summary


def test_english_is_not_said() -> None:
    rows = lines("held_back.jsonl") + lines("other_trades.jsonl")
    said = {analyze_by_rules(r["message"], Contact(), BUSINESSES["general"], now=NOW).language for r in rows}
    assert said == {"en"}
