"""Where a conversation is held and who says what in it, as it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import AwareDatetime

from core.conversation.state import Say, State
from core.lead import Event, Lead, Value


class Place(Value):
    """A thread in which a lead's writer is talked with.

    Attributes:
        channel: Slack channel id.
        thread_ts: ts of the message that became the lead.
        writer: Slack user id of who wrote it.
        shared: people of other organisations read along, whoever writes.
    """

    channel: str
    thread_ts: str
    writer: str
    shared: bool = False

    @property
    def key(self) -> str:
        """Unique to the thread."""
        return f"{self.channel}:{self.thread_ts}"


class Part(StrEnum):
    """What somebody is in a conversation."""

    WRITER = "writer"
    TEAM = "team"  # of the desk, and not the writer: from their first word on the bot only listens
    OTHER = "other"
    BOT = "bot"


class Conversation(Value):
    """A conversation as it is kept; without a state it has not begun."""

    place: Place
    lead_id: str
    state: State | None
    nudge_at: AwareDatetime | None = None


class NewTurn(Value):
    """A message in a thread; its id, ``channel:ts``, is the same however often it is delivered.

    A message that was edited is a turn of its own, ``channel:ts:ts of the edit``.
    """

    turn_id: str
    who: str
    text: str
    at: AwareDatetime


class Line(Value):
    """A line of the transcript."""

    turn_id: str
    who: str
    part: Part | None
    text: str
    at: AwareDatetime

    @property
    def edited(self) -> bool:
        """Whether it stands in place of an earlier version of itself."""
        return self.turn_id.count(":") > 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a decision makes of a conversation, to be kept in one transaction.

    Attributes:
        columns: of the lead, that change.
        events: lines of its history.
        nudge_at: when to speak up if nothing is heard until then.
        part: what the writer of the turn is.
    """

    state: State
    columns: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
    say: Say | None = None
    nudge_at: AwareDatetime | None = None
    part: Part | None = None


class Result(Value):
    """What is left to do after a decision was kept.

    Attributes:
        changed: the lead has something new to show.
        contact: who it is from changed, or may have.
    """

    lead_id: str
    say: Say | None = None
    changed: bool = False
    contact: bool = False


class Voice(Protocol):
    """Speaks in conversations; the words are the surface's."""

    async def say(
        self, key: str, place: Place, say: Say, asks: Sequence[str], lead: Lead, *, guest: bool, language: str
    ) -> str:
        """Say it once per key; the words that were said.

        Args:
            key: unique to what is answered.
            place: the thread.
            say: what kind of thing.
            asks: what it asks for, as the business's file puts it.
            lead: that it is about.
            guest: to somebody outside the desk: politely, and nothing of the team's.
            language: ISO 639-1 code of what the writer writes in.
        """
