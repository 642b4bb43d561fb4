"""What in a channel is a request, part of a known one, or talk: measured on messages labelled by hand."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import prompts
from core import conversation, intake
from core.analyze import Analyst
from core.conversation import Matter, State
from core.conversation.sorting import follows, is_talk
from core.ports import Embedder
from core.rules import analyze_by_rules
from tests.dialogues import NOW, matter_of
from tests.lead_examples import lead

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "channel_messages.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


async def sorted_as(row: dict[str, Any], analyst: Analyst) -> str:
    """What the product makes of a labelled message."""
    business = prompts.load(row["business"])
    if "after" in row:
        before = lead(
            business_type=business.name,
            message=row["after"],
            contact=intake.find_contact(row["after"], region="US"),
            analysis=analyze_by_rules(
                row["after"], intake.find_contact(row["after"], region="US"), business, now=NOW
            ),
            matches=(),
            custom_fields={},
        )
        about = matter_of(before, business)
        asked = conversation.missing(State(), about)[:2]
        if follows(row["text"], State(asked=dict.fromkeys(asked, 1), pending=tuple(asked)), about):
            return "follow_up"
    about = Matter(business=business, known={}, intent=None, now=NOW, region="US")
    return (
        "chatter"
        if is_talk(row["text"], about, await analyst.likeness(row["text"], business.name))
        else "lead"
    )


async def counts(half: str, embedder: Embedder) -> Counter[tuple[str, str]]:
    """(label, what the product says) -> how many of that half."""
    analyst = Analyst({name: prompts.load(name) for name in prompts.names()}, embedder, None)
    return Counter([(row["is"], await sorted_as(row, analyst)) for row in ROWS if row["half"] == half])


@pytest.mark.parametrize("half", ["first", "second"])
async def test_no_request_is_taken_for_talk_and_most_talk_is_left_alone(
    half: str, embedder: Embedder
) -> None:
    found = await counts(half, embedder)
    assert found["lead", "chatter"] == 0
    assert found["chatter", "chatter"] >= 0.6 * sum(
        n for (label, _), n in found.items() if label == "chatter"
    )


@pytest.mark.parametrize("half", ["first", "second"])
async def test_what_goes_on_about_a_request_is_mostly_known_as_that(half: str, embedder: Embedder) -> None:
    found = await counts(half, embedder)
    assert found["lead", "follow_up"] == 0
    assert found["follow_up", "follow_up"] >= 0.8 * sum(
        n for (label, _), n in found.items() if label == "follow_up"
    )


def test_there_are_enough_labelled_messages() -> None:
    assert len(ROWS) >= 150


def test_without_the_embedding_only_courtesies_are_talk() -> None:
    about = Matter(business=prompts.load("general"), known={}, intent=None, now=NOW, region="US")
    assert is_talk("thanks Dana!", about, None)
    assert not is_talk("The printer is out of paper again", about, None)
