"""The conversation as a state machine: from a state and what happened to the next state and what to say."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.conversation import phrases
from core.conversation.believe import believed
from core.conversation.missing import fields, is_answered, to_ask
from core.conversation.phrases import Wish
from core.conversation.propose import is_aside
from core.conversation.state import Heard, Kept, Matter, Phase, Proposal, Say, SayKind, State, Turn

_SINGLE: Final = frozenset({"vehicle", "timeframe", "money", "headcount", "location"})
"""Finders of facts of which a request has one; of the others, such as services, it may have several."""

_CONTACT: Final = frozenset({"name", "email", "phone", "company"})

_BESIDE: Final = re.compile(r"\b(?:also|too|as well|plus|in addition|besides|and)\b", re.IGNORECASE)


def begin(matter: Matter) -> State:
    """A conversation about a lead of which so much is known."""
    return State(before=dict(matter.known))


def opening(state: State, first: Turn, proposals: Sequence[Proposal], matter: Matter) -> Heard:
    """The first question; nothing is said when nothing is missing, or somebody talks with the writer.

    Args:
        state: before it.
        first: the message that became the lead.
        proposals: what the rules read in it: who it is from is kept, the rest its analysis has.
        matter: the lead as it is now.
    """
    if state.opened:
        return Heard(state)
    contact = [each for each in proposals if each.fills in _CONTACT]
    kept = _keep(state, first, contact, matter)
    known = {each.fills: each.value for each in kept}
    before = {**known, **state.before}
    state = state.model_copy(update={"opened": True, "before": before})
    if state.phase != Phase.ASKING:
        return Heard(state, kept)
    after = replace(matter, known={**known, **matter.known})
    asked = _ask(state, after, SayKind.OPENING, otherwise=None)
    return replace(asked, changes=kept)


def hear(
    state: State, turn: Turn, proposals: Sequence[Proposal], matter: Matter, *, speaks: bool = True
) -> Heard:
    """A turn of the writer, with what it may say.

    Args:
        state: before it.
        turn: what was written.
        proposals: what a model or the rules read in it; only what is believed is kept.
        matter: the lead as it is now.
        speaks: False: nothing is said, since the writer has gone on writing.
    """
    if phrases.spoken_to(turn.text) is not None:
        return Heard(state)
    wished = phrases.wish(turn.text)
    if wished is not None and state.phase != Phase.PAUSED:
        return _wished(state, wished, matter)
    kept = _keep(state, turn, proposals, matter)
    after = replace(matter, known={**matter.known, **{each.fills: each.value for each in kept}})
    state = state.model_copy(update={"kept": (*state.kept, *kept)})
    skipped = phrases.skips(turn.text)
    if skipped:
        left = [slot for slot in state.pending if not is_answered(slot, after)]
        named = phrases.left_out(turn.text)
        meant = [slot for slot in left if fields([slot], matter) & named] if named else left
        state = state.model_copy(update={"dropped": (*state.dropped, *(meant or left))})
    asks_back = phrases.is_question(turn.text)
    heard = Heard(state, kept, asks_back=asks_back)
    if not speaks or state.phase in {Phase.PAUSED, Phase.CANCELLED}:
        return heard
    if state.phase == Phase.DONE:
        return replace(heard, say=Say(kind=SayKind.NOTED) if kept else None)
    if kept or (skipped and state.pending):
        asked = _ask(state, after, SayKind.MORE, otherwise=SayKind.DONE)
    elif phrases.is_chat(turn.text):
        return heard
    elif asks_back:
        asked = _ask(state, after, SayKind.QUESTION, otherwise=SayKind.QUESTION)
    else:
        asked = _ask(state, after, SayKind.UNCLEAR, otherwise=SayKind.DONE)
    return replace(heard, state=asked.state, say=asked.say)


def nudge(state: State, matter: Matter) -> Heard:
    """After silence: the open question once more, and never again."""
    if state.phase != Phase.ASKING or state.nudged or not state.pending:
        return Heard(state)
    return _ask(state.model_copy(update={"nudged": True}), matter, SayKind.NUDGE, otherwise=None)


def take_over(state: State) -> State:
    """Somebody of the team writes: the bot listens only, until it is called back."""
    return state.model_copy(update={"phase": Phase.PAUSED})


def resume(state: State, matter: Matter) -> Heard:
    """The bot is called back."""
    asking = state.model_copy(update={"phase": Phase.ASKING, "opened": True})
    return _ask(asking, matter, SayKind.RESUMED, otherwise=None)


def _wished(state: State, meant: Wish, matter: Matter) -> Heard:
    if meant == Wish.CANCEL:
        if state.phase == Phase.CANCELLED:
            return Heard(state)
        cancelled = state.model_copy(update={"phase": Phase.CANCELLED, "pending": ()})
        return Heard(cancelled, say=Say(kind=SayKind.CANCELLED))
    if meant == Wish.START_OVER:
        undone = tuple(dict.fromkeys(each.fills for each in state.kept))
        fresh = State(before=state.before, opened=True, nudged=state.nudged)
        asked = _ask(fresh, replace(matter, known=state.before), SayKind.AGAIN, otherwise=SayKind.DONE)
        return replace(asked, undone=undone)
    asking = state.model_copy(update={"phase": Phase.ASKING, "opened": True})
    return _ask(asking, matter, SayKind.RESUMED, otherwise=SayKind.DONE)


def _ask(state: State, matter: Matter, kind: SayKind, *, otherwise: SayKind | None) -> Heard:
    """Ask for what is missing; ``otherwise``: what is said when nothing is."""
    slots = to_ask(state, matter, again=kind != SayKind.MORE)
    if not slots:
        done = state.model_copy(update={"phase": Phase.DONE, "pending": ()})
        return Heard(done, say=None if otherwise is None else Say(kind=otherwise))
    asked = {**state.asked, **{slot: state.asked.get(slot, 0) + 1 for slot in slots}}
    return Heard(state.model_copy(update={"asked": asked, "pending": slots}), say=Say(kind=kind, slots=slots))


def _keep(state: State, turn: Turn, proposals: Sequence[Proposal], matter: Matter) -> tuple[Kept, ...]:
    """What of the proposals is believed and says something new, a line a value."""
    ever_asked, asked = fields(state.asked_for, matter), fields(state.pending, matter)
    corrects = turn.edited or phrases.corrects(turn.text)
    read = [said for each in proposals if (said := believed(each, turn.text, matter)) is not None]
    found: dict[str, list[Proposal]] = {}
    for said in read:
        aside = said.fills not in ever_asked and is_aside(said, turn.text, read, matter)
        if not aside and said.value not in {each.value for each in found.get(said.fills, ())}:
            found.setdefault(said.fills, []).append(said)
    kept: list[Kept] = []
    wanted = fields(matter.business.slots, matter)
    later = {each.fills for each in state.kept if each.at > turn.at}  # Slack may deliver out of order
    for name, said_of in found.items():
        if name not in wanted - later:
            continue
        known = matter.known.get(name)
        single = _is_single(name, matter)
        values = said_of[-1:] if single and corrects else said_of[:1] if single else said_of
        instead = corrects and (single or not _BESIDE.search(turn.text))
        if known is not None and single and not (instead or name in asked or _refines(values[0], known)):
            continue
        for number, said in enumerate(values):
            if known is not None and said.value.casefold() in known.casefold() and not instead:
                continue
            if known is not None and said.value.casefold() == known.casefold():
                continue
            replaces = known is None or single or instead
            kept.append(
                Kept(
                    fills=name,
                    value=said.value,
                    quote=said.quote,
                    at=turn.at,
                    replaces=replaces and number == 0,
                )
            )
    return tuple(kept)


def _is_single(name: str, matter: Matter) -> bool:
    return name in _CONTACT or matter.business.entities[name].found_by in _SINGLE


def _refines(said: Proposal, known: str) -> bool:
    """Whether it says more of what is known: a year of the car, a family name."""
    return set(known.casefold().split()) < set(said.value.casefold().split())
