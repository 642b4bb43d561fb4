"""What the bot says to the writer of a lead: one voice for the team, a polite one for everybody else.

The polite one is in prompts/languages.
"""

from collections.abc import Mapping, Sequence

from core.conversation import Say, SayKind
from core.lead import Lead
from handlers.mrkdwn import escape
from prompts.speech import spoken

_ASK_MAX = 120

OURS: Mapping[SayKind, str] = {
    SayKind.OPENING: "Noted as {number}. Still missing: {asks}. Write it here, and it comes onto the card.",
    SayKind.MORE: "On the card. Still missing: {asks}.",
    SayKind.DONE: "{number} says all it needs to.",
    SayKind.NOTED: "Changed on the card of {number}.",
    SayKind.QUESTION: "The desk sees your question in the thread of {number}. Still missing: {asks}.",
    SayKind.UNCLEAR: "I did not understand that. Still missing: {asks}. Write “skip” to leave it out.",
    SayKind.NUDGE: "{number} still lacks this: {asks}. It goes on without it, too.",
    SayKind.CANCELLED: "I ask no more about {number}. Write “continue” to go on.",
    SayKind.AGAIN: "From the start, then. Missing: {asks}.",
    SayKind.RESUMED: "Still missing: {asks}.",
}
"""To people of the desk, who type in what somebody else wants."""

_ALONE = "The desk sees your question."
"""To a question of theirs, where nothing is left to ask for."""


def words(say: Say, asks: Sequence[str], lead: Lead, *, guest: bool, language: str) -> str:
    """The message, as mrkdwn; to a guest nothing but courtesies and the questions, in their language.

    Args:
        say: what kind of thing.
        asks: what is asked for, as the business's file puts it.
        lead: that it is about.
        guest: to somebody outside the desk; the team is spoken to in English.
        language: ISO 639-1 code of what the writer writes in.
    """
    alone = say.kind == SayKind.QUESTION and not asks
    if guest:
        speech, asks = spoken(language, asks)
        template = speech.says[f"{say.kind.value}_alone" if alone else say.kind.value]
        return template.format(asks=_listed(asks, speech.joins))
    template = _ALONE if alone else OURS[say.kind]
    return template.format(asks=_listed(asks, ", and "), number=lead.number)


def _listed(asks: Sequence[str], joins: str) -> str:
    *first, last = [escape(each, _ASK_MAX) for each in asks] or [""]
    return f"{', '.join(first)}{joins}{last}" if first else last
