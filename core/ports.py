"""What core needs from outside: a Protocol a vendor, implemented in core.adapters (the board: handlers).

Every method raises Unavailable when the service is away and Refused when it says a firm no; nothing of a
vendor's own errors gets through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from core.crm.live import Schema
from core.hooks.calls import Outcome
from core.intake.answered import Answer
from core.intake.shapes import Shape
from core.lead import Lead

Vector = NDArray[np.float32]
"""One embedding: shape (384,), unit length, float32."""

DIMENSIONS = 384
"""Of all-MiniLM-L6-v2."""


class Embedder(Protocol):
    """Turns text into meaning vectors."""

    @property
    def model(self) -> str:
        """Model and start of its weights' sha256, ``all-MiniLM-L6-v2@53aa5117``; kept with each vector."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), 384), rows of unit length."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A lead's vector, and what is written beside it for those who look into the index."""

    lead_id: str
    vector: Vector
    business_type: str
    source: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A lead found near a vector; cosine in -1..1, 1 is the same meaning."""

    lead_id: str
    cosine: float


class VectorIndex(Protocol):
    """Finds the leads nearest in meaning; rebuilt from the store at will."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Add or replace by lead id."""

    async def nearest(self, vector: Vector, *, limit: int) -> list[Neighbour]:
        """At most ``limit`` leads, nearest first. There is no filter: core.similar.filtered is for that."""

    async def forget(self, lead_ids: Sequence[str]) -> None:
        """Remove; an unknown id is no error."""

    async def ids(self) -> set[str]:
        """The ids of all leads in the index."""

    async def count(self) -> int:
        """How many leads the index holds; also the cheapest way to ask whether it is there."""


@dataclass(frozen=True)
class ChatMessage:
    """One turn put to a language model."""

    role: Literal["system", "user", "assistant"]
    content: str


class LanguageModel(Protocol):
    """A local model that answers in JSON of a given schema."""

    @property
    def name(self) -> str:
        """The model's name, e.g. ``qwen3:4b``."""

    async def chat(self, messages: Sequence[ChatMessage], *, schema: Mapping[str, Any]) -> str:
        """The answer's text, complete; whether it obeys the schema is the caller's to check."""

    async def check(self) -> None:
        """Return if the server is up and the model is there; else raise, the mend in the message."""


@dataclass(frozen=True)
class CrmRecord:
    """Where a lead landed in the CRM."""

    record_id: str
    url: str | None


@dataclass(frozen=True, kw_only=True)
class CrmRow:
    """A record of the CRM as it is now; a cell that is empty is not there."""

    lead_id: str
    record: CrmRecord
    cells: Mapping[str, Any]


class CrmTable(Protocol):
    """The CRM's table of leads."""

    @property
    def name(self) -> str:
        """As people know it, e.g. ``Airtable``."""

    async def schema(self) -> Schema | None:
        """Its fields; None where they may not be read."""

    async def upsert(self, fields: Mapping[str, Any]) -> CrmRow:
        """Write the record whose "Lead ID" equals ``fields["Lead ID"]``, creating it if there is none.

        Cells that are not named stay as they are. The record as it is then; TableChanged if one is refused.
        """

    async def rows(self, lead_ids: Sequence[str]) -> dict[str, CrmRow]:
        """The records of those leads that have one."""

    async def changed(self, since: datetime | None) -> list[CrmRow]:
        """The records with a lead that were changed since then, whoever did it; None: all."""

    async def lead_ids(self) -> set[str]:
        """The leads that have a record; of a large table many requests."""

    async def forget(self, lead_id: str) -> None:
        """Remove the records whose "Lead ID" is this one; that there is none is no error."""

    async def check(self) -> None:
        """Return if the table can be read with these settings; else raise, the mend in the message."""

    async def close(self) -> None:
        """Let what is under way end."""


@dataclass(frozen=True, kw_only=True)
class FilledIn:
    """A form that somebody filled in at a vendor's.

    Attributes:
        answers: in the form's order.
        about: a sentence for a form in which nothing was written.
        fields: for core.intake, beside the answers.
    """

    answers: Sequence[Answer]
    about: str
    fields: Mapping[str, Any]


class FormVendor(Protocol):
    """A sender that only says that there is a lead, and keeps it."""

    async def filled_in(self, reference: str) -> FilledIn:
        """What was filled in, by the id that the sender gave."""

    async def close(self) -> None:
        """Let what is under way end."""


class ShapeBoard(Protocol):
    """Where a person is asked which of a sender's fields is which of ours."""

    async def show_shape(self, shape: Shape, waiting: int) -> None:
        """Ask once, and say what was answered; ``waiting`` deliveries depend on it."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Leave to make one call; ``quiet`` > 0: none, and nobody has for so many seconds.

    Attributes:
        at: not before then, by time.monotonic(); at most a moment ahead.
    """

    slot: int = 0
    quiet: float = 0.0
    at: float = 0.0


class Pace(Protocol):
    """Turns at a service that allows so many calls a second (core.pace)."""

    async def turn(self) -> Turn:
        """Wait for the next turn."""

    async def done(self, turn: Turn, answered: float) -> None:
        """Its answer came then, by time.monotonic(), or none will; each turn has to be given back."""

    async def hold(self, seconds: float) -> None:
        """The service asked for silence: nobody calls for so long."""


class HookPost(Protocol):
    """Calls addresses outside."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """POST it; what came of it, whatever it is: nothing is raised."""


class Board(Protocol):
    """Where leads are shown to the team."""

    async def show(self, lead_id: str, *, at_once: bool = False) -> Lead:
        """Make the board say what the store says: post the card once, else edit it; add new thread lines.

        at_once: somebody waits for it; else it may wait for what else changes in a moment.
        Gives back the lead as it was shown.
        """

    async def warn(self, key: str, text: str) -> None:
        """Tell those who run the first desk, once per key; free of contact data."""

    async def remove(self, channel: str, ts: str) -> None:
        """Remove a message of ours; one that is gone already is no error."""

    async def show_summary(self, key: str) -> None:
        """Make the summary of many leads at once say what the store says."""


class Journal(Protocol):
    """What the engine remembers of work done and under way."""

    async def forget(self, prefixes: Sequence[str]) -> None:
        """End and remove all work whose key begins with one of these, with what was asked for in it."""

    async def forget_answered(self) -> None:
        """Remove what people wrote to the bot alone, once it is answered: no key says whom it is about."""
