"""What one person is told about one lead, without having asked."""

from enum import StrEnum
from typing import Protocol

from core.lead import Value


class Reason(StrEnum):
    """Why somebody is told."""

    ASSIGNED = "assigned"  # a new lead is theirs
    HANDED_OVER = "handed_over"  # somebody gave them a lead
    REMINDER = "reminder"  # their lead waits for an answer
    ESCALATION = "escalation"  # to a manager: a lead waits too long
    RETURNED = "returned"  # it was theirs, and went back to the pool
    WOKEN = "woken"  # a snoozed lead of theirs is back
    ASKED_AGAIN = "asked_again"  # the sender of their lead wrote again


class Notice(Value):
    """One thing to tell.

    Attributes:
        key: unique to what happened and to whom it is told: the same key twice is told once.
        desk: the lead's desk, as in Lead.
        to: Slack user id; None: whoever is at the desk.
        why: the rest of the sentence, free of contact data, e.g. ``it is 15 minutes old``.
    """

    key: str
    reason: Reason
    lead_id: str
    desk: str
    to: str | None
    why: str | None = None


class Notices(Protocol):
    """Tells people, as loudly as they and their desk want it."""

    async def give(self, notice: Notice) -> None:
        """Tell it once; Unavailable when nobody can be told right now."""
