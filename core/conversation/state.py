"""What a conversation with the writer of a lead knows of itself, as frozen values that are kept as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from core.lead import Intent, Value
from prompts import BusinessType

ASKED_MOST = 2
"""How often one slot is asked for; without an answer it is dropped then."""

QUESTIONS_A_MESSAGE = 2
"""Most questions in one message; slots that are asked for together are one."""

SLOTS_A_MESSAGE = 3
"""Most slots that one message asks for."""


class Phase(StrEnum):
    """What the bot does in the conversation."""

    ASKING = "asking"  # it asks for what is missing
    DONE = "done"  # nothing is missing that it could ask for; it listens for corrections
    CANCELLED = "cancelled"  # the writer wants no questions; answers are still kept
    PAUSED = "paused"  # somebody of the team talks with the writer; answers are still kept


class Turn(Value):
    """One message of the conversation.

    Attributes:
        who: Slack user id.
        at: when it was written.
        edited: it stands in place of an earlier version of itself.
    """

    who: str
    text: str
    at: AwareDatetime
    edited: bool = False


class Proposal(Value):
    """What somebody (a model, or the rules) thinks a turn says.

    Attributes:
        fills: a contact field (name, email, phone, company) or an entity of the business.
        quote: the literal words it stands in.
        by_model: not the rules.
    """

    fills: str
    value: str
    quote: str
    by_model: bool = False


class Kept(Value):
    """A proposal that was believed.

    Attributes:
        replaces: it stands in place of what was known, else beside it.
    """

    fills: str
    value: str
    quote: str
    at: AwareDatetime
    replaces: bool = True


class SayKind(StrEnum):
    """What the bot says; the words are the surface's."""

    OPENING = "opening"  # the request is taken; what is missing?
    MORE = "more"  # thanks; and what else is missing?
    DONE = "done"  # thanks, that is all
    NOTED = "noted"  # a correction after that
    QUESTION = "question"  # somebody of the team will answer that; and what is missing?
    UNCLEAR = "unclear"  # that was not understood; what is missing, once more
    NUDGE = "nudge"  # after silence
    CANCELLED = "cancelled"  # no more questions
    AGAIN = "again"  # from the start
    RESUMED = "resumed"  # where were we


class Say(Value):
    """Something to say, and the slots it asks for, most worth first."""

    kind: SayKind
    slots: tuple[str, ...] = ()


class State(Value):
    """Where a conversation stands.

    Attributes:
        asked: slot -> how often it was asked for.
        pending: slots that the last question asked for.
        dropped: slots that are not asked for any more.
        kept: all that turns brought to the lead, oldest first.
        before: what was known when the conversation began, field -> value: where "start over" leads back.
        opened: whether the bot has said anything yet.
        nudged: whether it has spoken up after silence.
    """

    phase: Phase = Phase.ASKING
    asked: Mapping[str, int] = Field(default_factory=dict)
    pending: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    before: Mapping[str, str] = Field(default_factory=dict)
    opened: bool = False
    nudged: bool = False

    @property
    def asked_for(self) -> tuple[str, ...]:
        """Every slot that was ever asked for: a short answer may come late."""
        return tuple(self.asked)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a conversation is about, as the lead is now.

    Attributes:
        known: field -> what the lead says of it, for each that it says anything of.
        intent: what the writer wants; None until it is read.
        now: aware, in the desk's time zone, in which "tomorrow" is a day.
        region: ISO 3166 country of phone numbers without one.
    """

    business: BusinessType
    known: Mapping[str, str]
    intent: Intent | None
    now: datetime
    region: str


@dataclass(frozen=True)
class Heard:
    """What came of a turn: the state after it, what it brings to the lead, and what to say to it.

    Attributes:
        undone: fields that go back to what they were before the conversation.
        asks_back: the writer wants to know something that somebody of the team should answer.
    """

    state: State
    changes: tuple[Kept, ...] = ()
    say: Say | None = None
    undone: tuple[str, ...] = ()
    asks_back: bool = False
