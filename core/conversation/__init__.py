"""Talking with the writer of a lead: asks only for what is missing, keeps only what was said."""

from core.conversation.hear import begin, hear, nudge, opening, resume, take_over
from core.conversation.missing import known, missing
from core.conversation.propose import propose
from core.conversation.state import (
    Heard,
    Kept,
    Matter,
    Phase,
    Proposal,
    Say,
    SayKind,
    State,
    Turn,
)

__all__ = [
    "Heard",
    "Kept",
    "Matter",
    "Phase",
    "Proposal",
    "Say",
    "SayKind",
    "State",
    "Turn",
    "begin",
    "hear",
    "known",
    "missing",
    "nudge",
    "opening",
    "propose",
    "resume",
    "take_over",
]
