"""The scripted dialogues of tests/data/dialogues, and how one is played with nothing but pure functions."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import prompts
from core import conversation, intake
from core.conversation import Heard, Kept, Matter, Phase, Say, State, Turn
from core.conversation.changes import CONTACT, columns
from core.conversation.missing import is_answered
from core.lead import Analysis, Contact, Lead
from core.rules import analyze_by_rules
from prompts import BusinessType
from tests import lead_examples

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
WRITER, TEAM, OTHER = "U000000OLGA", "U00000DANA0", "U0000SOMEBODY"

MOST_TURNS = 9
"""What a lead counts that does not become complete."""

LONG = "We had one before and it was fine for years, but the winter was hard on it and now it wobbles. " * 90
"""What stands for LONG in a turn: some 8,700 characters."""


@dataclass(frozen=True)
class Dialogue:
    """What is written, and what has to come of it.

    Attributes:
        added: it was written later than the others; what is measured is measured without it, too.
        answers: slot -> the turn that answers it, as a person reads it; 0 is the first message.
        keeps: field -> what is kept in the end, as value or as quoted words; nothing else may be.
        loose: fields that may be kept or not, and ``phase``.
        says: how often the bot speaks, where that matters.
    """

    name: str
    kind: str
    first: str
    turns: tuple[str, ...]
    answers: Mapping[str, int]
    keeps: Mapping[str, str]
    business: str = "automotive"
    phase: str | None = None
    loose: tuple[str, ...] = ()
    says: int | None = None
    added: bool = False


def dialogues() -> list[Dialogue]:
    """All of them."""
    return list(_read())


def _read() -> Iterator[Dialogue]:
    for file in sorted((Path(__file__).parent / "data" / "dialogues").glob("*.toml")):
        for each in tomllib.loads(file.read_text(encoding="utf-8"))["dialogue"]:
            turns = tuple(turn.replace("LONG", LONG) for turn in each.pop("turns"))
            yield Dialogue(turns=turns, loose=tuple(each.pop("loose", ())), **each)


@dataclass
class Played:
    """What came of a dialogue.

    Attributes:
        asked: (turn after which it was asked, slot), in order.
        said: each thing the bot said, with the turn after which.
    """

    lead: Lead
    state: State
    kept: list[Kept] = field(default_factory=list)
    said: list[tuple[int, Say]] = field(default_factory=list)

    @property
    def asked(self) -> list[tuple[int, str]]:
        return [(turn, slot) for turn, say in self.said for slot in say.slots]


def play(dialogue: Dialogue) -> Played:
    """Play it by rules, with nothing but the pure functions."""
    business = prompts.load(dialogue.business)
    contact = intake.find_contact(dialogue.first, region="US")
    lead = lead_examples.lead(
        business_type=dialogue.business,
        contact=contact,
        message=dialogue.first,
        analysis=analyze_by_rules(dialogue.first, contact, business, now=NOW),
        matches=(),
        custom_fields={},
        received_at=NOW,
    )
    matter = matter_of(lead, business)
    first = Turn(who=WRITER, text=dialogue.first, at=NOW)
    played = Played(lead, conversation.begin(matter))
    said = conversation.propose(dialogue.first, (), matter)
    _take(played, conversation.opening(played.state, first, said, matter), business, 0)
    for number, written in enumerate(dialogue.turns, start=1):
        matter = matter_of(played.lead, business)
        _take(played, _heard(played.state, written, number, matter), business, number)
        # What is kept is JSON: a process that dies between two turns finds the same again.
        played.state = State.model_validate_json(played.state.model_dump_json())
    return played


def _heard(state: State, written: str, number: int, matter: Matter) -> Heard:
    who = written.partition(": ")[0]
    if written == "!silence":
        return conversation.nudge(state, matter)
    if written == "!resume":
        return conversation.resume(state, matter)
    if who == "team":
        return Heard(conversation.take_over(state))
    if who == "other" or written == "!restart":
        return Heard(state)
    turn = Turn(who=WRITER, text=written, at=NOW + timedelta(minutes=number))
    return conversation.hear(state, turn, conversation.propose(written, state.asked_for, matter), matter)


def _take(played: Played, heard: Heard, business: BusinessType, number: int) -> None:
    changes = columns(played.lead, heard, heard.state.before, business, NOW)
    update: dict[str, Any] = {}
    if "analysis" in changes:
        update["analysis"] = Analysis.model_validate(changes["analysis"])
    contact = {name: value for name, value in changes.items() if name in Contact.model_fields}
    update["contact"] = played.lead.contact.model_copy(update=contact)
    played.lead, played.state = played.lead.model_copy(update=update), heard.state
    played.kept += heard.changes
    if heard.say is not None:
        played.said.append((number, heard.say))


def matter_of(lead: Lead, business: BusinessType) -> Matter:
    return Matter(
        business=business,
        known=conversation.known(lead, business, NOW),
        intent=lead.analysis.intent if lead.analysis else None,
        now=NOW,
        region="US",
    )


def written_by_the_writer(dialogue: Dialogue) -> list[str]:
    """All that the writer wrote."""
    others = ("team: ", "other: ", "!")
    return [dialogue.first, *(turn for turn in dialogue.turns if not turn.startswith(others))]


def faults(dialogue: Dialogue, lead: Lead, state: State, said: list[tuple[int, Say]]) -> list[str]:
    """What is wrong with what came of a dialogue; empty when all is right."""
    wrong: list[str] = []
    kept = {each.fills: each for each in state.kept}
    for name, value in dialogue.keeps.items():
        shown = values_of(lead, name)
        if not any(value.casefold() in one.casefold() for one in shown):
            wrong.append(f"{name} is {shown}, not {value}")
    wrong += [
        f"{name} = {each.value} was kept, though nobody said it"
        for name, each in kept.items()
        if name not in dialogue.keeps and name not in dialogue.loose
    ]
    words = written_by_the_writer(dialogue)
    wrong += [
        f"invented: “{each.quote}” was not written"
        for each in state.kept
        if not any(each.quote in one for one in words)
    ]
    wrong += [
        f"{slot} was asked for after turn {turn}, answered in turn {dialogue.answers[slot]}"
        for turn, say in said
        for slot in say.slots
        if slot in dialogue.answers and turn >= dialogue.answers[slot]
    ]
    wrong += [f"{len(say.slots)} slots in one message" for _, say in said if len(say.slots) > 3]
    counts = [slot for _, say in said for slot in say.slots]
    reset = dialogue.kind == "reset"
    wrong += [
        f"{slot} was asked {counts.count(slot)} times"
        for slot in set(counts)
        if counts.count(slot) > 2 * (1 + reset)
    ]
    if dialogue.phase and "phase" not in dialogue.loose and state.phase != Phase(dialogue.phase):
        wrong.append(f"ends {state.phase}, not {dialogue.phase}")
    if dialogue.says is not None and len(said) != dialogue.says:
        wrong.append(f"spoke {len(said)} times, not {dialogue.says}")
    return wrong


def values_of(lead: Lead, name: str) -> list[str]:
    """What the lead says of a field, in values and quotes."""
    if name == "name":
        return [lead.contact.name or ""]
    if name in CONTACT:
        return [getattr(lead.contact, name) or ""]
    found = lead.analysis.entities.get(name, ()) if lead.analysis else ()
    return [text for entity in found for text in (entity.value, entity.quote)]


def turns_needed(dialogue: Dialogue) -> tuple[int, int]:
    """The writer's turns until all was answered as scripted, and how many a bot needs with a question a slot.

    Turns that answer nothing, such as corrections, are the same to both.
    """
    last = max(dialogue.answers.values(), default=0)
    slots = [turn for turn in dialogue.answers.values() if turn > 0]
    return last, len(slots) + last - len(set(slots))


def turns_answering(dialogue: Dialogue) -> tuple[int, int]:
    """The same two figures of a writer who does not follow the script, but answers what the bot asks for.

    Each turn says what the script knows of the slots of the last question, in the script's words, and nothing
    else. What the bot asks for and does not understand costs MOST_TURNS.
    """
    business = prompts.load(dialogue.business)
    said = {slot: _words_for(slot, dialogue, business) for slot, at in dialogue.answers.items() if at > 0}
    played = play(replace(dialogue, turns=()))
    turns = 0
    while asked := [slot for slot in played.state.pending if slot in said]:
        turns += 1
        matter = matter_of(played.lead, business)
        written = ", ".join(dict.fromkeys(said[slot] for slot in asked))
        _take(played, _heard(played.state, written, turns, matter), business, turns)
    answered = {slot for _, slot in played.asked if slot in said}
    if any(not is_answered(slot, matter_of(played.lead, business)) for slot in answered):
        turns = MOST_TURNS
    _, single = turns_needed(dialogue)
    idle = single - len(said)
    return turns + idle, len(answered) + idle


def _words_for(slot: str, dialogue: Dialogue, business: BusinessType) -> str:
    """What the script's writer says of a slot: what is kept of it, else the turn that answers it."""
    kept = [dialogue.keeps[name] for name in business.slots[slot].fills if name in dialogue.keeps]
    return ", ".join(kept) or dialogue.turns[dialogue.answers[slot] - 1]
