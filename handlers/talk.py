"""What the bot says to the writer of a lead: one voice for the team, a polite one for everybody else."""

from collections.abc import Mapping, Sequence

from core.conversation import Say, SayKind
from core.lead import Lead
from handlers.mrkdwn import escape

_ASK_MAX = 120

POLITE: Mapping[SayKind, str] = {
    SayKind.OPENING: "Thank you, we have your request. Could you tell us {asks}?",
    SayKind.MORE: "Thank you. Could you also tell us {asks}?",
    SayKind.DONE: "Thank you, that is all we need. Somebody will get back to you.",
    SayKind.NOTED: "Thank you, noted.",
    SayKind.QUESTION: "Somebody will answer that for you here. Meanwhile, could you tell us {asks}?",
    SayKind.UNCLEAR: "Sorry, I did not understand that. Could you tell us {asks}? “Skip” is fine too.",
    SayKind.NUDGE: "Whenever it suits you: could you tell us {asks}? Your request is with us in any case.",
    SayKind.CANCELLED: "All right, no more questions. Your request stays with us; write “continue” to go on.",
    SayKind.AGAIN: "All right, from the start. Could you tell us {asks}?",
    SayKind.RESUMED: "Good, let us go on. Could you tell us {asks}?",
}
"""To customers, partners and colleagues who are not of the desk."""

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

WITHOUT = {
    SayKind.QUESTION: ("Somebody will answer that for you here.", "The desk sees your question."),
}
"""What is said where nothing is left to ask for, in both voices."""


def words(say: Say, asks: Sequence[str], lead: Lead, *, guest: bool) -> str:
    """The message, as mrkdwn; to a guest nothing but courtesies and the questions.

    asks: what is asked for, as the business's file puts it.
    """
    if not asks and say.kind in WITHOUT:
        return WITHOUT[say.kind][0 if guest else 1]
    template = (POLITE if guest else OURS)[say.kind]
    *first, last = [escape(each, _ASK_MAX) for each in asks] or [""]
    listed = f"{', '.join(first)}, and {last}" if first else last
    return template.format(asks=listed, number=lead.number)
