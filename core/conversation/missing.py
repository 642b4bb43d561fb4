"""What a lead says already, wherever it says it, and so what there is to ask."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from core.conversation.state import ASKED_MOST, QUESTIONS_A_MESSAGE, SLOTS_A_MESSAGE, Matter, State
from core.conversation.word_lists import WORDS
from core.lead import Lead, MatchKind
from core.rules import entities
from core.rules.words import newest_part, words
from prompts import BusinessType

OWN_WORDS: Final = "own words"
"""The field of a request that the message states, though none of the business's words for it is in it."""

_EMAIL_OR_LINK: Final = re.compile(r"\S+@\S+|https?://\S+|<@[^>]*>")

_SAYS_NOTHING: Final = WORDS["says_nothing"]
"""Words that every request has: what is left of it when they are gone says what it is about."""


def known(lead: Lead, business: BusinessType, now: datetime) -> dict[str, str]:
    """Field -> what the lead says of it: its contact, its analysis, its form's fields, who it surely is.

    A person who surely wrote before can be reached as before: they are not asked for that again.
    """
    contact = lead.contact
    said: dict[str, str | None] = {
        "name": contact.name or next(iter(lead.also.names), None),
        "email": contact.email or next(iter(lead.also.emails), None),
        "phone": contact.phone or next(iter(lead.also.phones), None),
        "company": contact.company or next(iter(lead.also.companies), None),
    }
    if _is_known_person(lead):
        said |= {name: value or "known" for name, value in said.items() if name != "company"}
    form = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in lead.custom_fields.items())
    in_form = entities.read(form, words(form), business, now).entities if form else {}
    for name in business.entities:
        found = (lead.analysis.entities.get(name) if lead.analysis else None) or in_form.get(name)
        if found:
            said[name] = ", ".join(entity.value for entity in found)
    if says_something(_without_facts(lead)):
        said[OWN_WORDS] = "said"
    return {name: value for name, value in said.items() if value}


def missing(state: State, matter: Matter) -> list[str]:
    """The slots that nothing answers yet and that may still be asked for, most worth first."""
    return [
        name
        for name, slot in matter.business.slots.items()
        if name not in state.dropped
        and state.asked.get(name, 0) < ASKED_MOST
        and not is_answered(name, matter)
        and (not slot.intents or matter.intent is None or matter.intent in slot.intents)
    ]


def is_answered(slot: str, matter: Matter) -> bool:
    """Whether the lead says anything of what the slot asks for."""
    guide = matter.business.slots.get(slot)
    if guide is None:  # the business's file names it no more
        return True
    return any(name in matter.known for name in guide.fills) or (guide.or_words and OWN_WORDS in matter.known)


def fields(slots: Iterable[str], matter: Matter) -> set[str]:
    """What these slots ask for; a slot that the business's file names no more asks for nothing."""
    guides = matter.business.slots
    return {name for slot in slots if slot in guides for name in guides[slot].fills}


def to_ask(state: State, matter: Matter, *, again: bool = False) -> tuple[str, ...]:
    """The slots that the next message asks for, those of one question side by side.

    again: the last question was not answered, so it is put once more; else what was never asked for is first.
    """

    def order(slot: str) -> int:
        return -(slot in state.pending) if again else state.asked.get(slot, 0)

    questions: dict[str, list[str]] = {}
    for slot in sorted(missing(state, matter), key=order):
        questions.setdefault(matter.business.slots[slot].joins or slot, []).append(slot)
    chosen = list(questions.values())[:QUESTIONS_A_MESSAGE]
    return tuple(slot for question in chosen for slot in question)[:SLOTS_A_MESSAGE]


def says_something(text: str) -> bool:
    """Whether anything but courtesies and "I need an appointment" stands in the text: what it is about."""
    return any(
        word.form not in _SAYS_NOTHING
        and not any(mark.isdigit() for mark in word.form)
        and len(word.form) > 1
        for word in words(_EMAIL_OR_LINK.sub(" ", text))
    )


def _without_facts(lead: Lead) -> str:
    """The message without the facts that were found in it: a car and a day do not say what is wanted."""
    text = newest_part(lead.message)
    if lead.analysis is not None:
        for found in (*lead.analysis.entities.values(), *lead.analysis.mentions.values()):
            for entity in found:
                text = text.replace(entity.quote, " ")
    return text


def _is_known_person(lead: Lead) -> bool:
    return any(match.sure and match.kind != MatchKind.SIMILAR for match in lead.matches)
