"""Old leads into the store, a batch in one transaction, while the next batch is embedded."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from uuid_utils.compat import uuid7

from core.backfill.rows import Past
from core.lead import Lead, Match, MatchKind
from core.ports import DIMENSIONS, Vector
from core.recognise import Recogniser
from core.similar.search import NEAREST
from core.store import Store
from core.store.history import OldLead, add_old_leads, known
from core.store.leads import add_matches
from core.store.people import Turn

BATCH = 1_000
"""Leads of one transaction and of one write to the index (Chroma takes 1,400 leads a second so)."""

WINDOW = 5_000
"""Last messages of the file among which those nearest to a new one are looked for: 8 MB, 0.2 ms a lead.

A live lead is compared with the nearest of all messages. Nearness matters for a request that was sent again
without a name, address or number in common, and that happens within days.
"""

ACTOR = "command:import"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one batch came to.

    Attributes:
        taken: new leads.
        known: rows that were leads before.
        duplicates: leads that are an earlier request again.
        repeats: leads of a person known by then, with another request.
        unsure: leads of which a person would be asked.
    """

    taken: int = 0
    known: int = 0
    duplicates: int = 0
    repeats: int = 0
    unsure: int = 0

    def __add__(self, other: "Progress") -> "Progress":
        """Both together."""
        return Progress(
            taken=self.taken + other.taken,
            known=self.known + other.known,
            duplicates=self.duplicates + other.duplicates,
            repeats=self.repeats + other.repeats,
            unsure=self.unsure + other.unsure,
        )


class Window:
    """The last messages and which of them are nearest to new ones."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._vectors = np.empty((0, DIMENSIONS), dtype=np.float32)

    def add(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> list[list[str]]:
        """Add these, and give back for each those nearest of all before it, nearest first."""
        held = len(self._ids)
        all_ids, all_vectors = [*self._ids, *ids], np.concatenate([self._vectors, vectors])
        cosines = vectors @ all_vectors.T
        # What comes after it in the file is not there yet.
        cosines[np.arange(len(all_ids))[np.newaxis, :] >= held + np.arange(len(ids))[:, np.newaxis]] = -1.0
        few = np.argsort(-cosines, axis=1)[:, :NEAREST] if len(all_ids) <= NEAREST else _nearest(cosines)
        found = [
            [all_ids[at] for at in row if at < held + position] for position, row in enumerate(few.tolist())
        ]
        self._ids, self._vectors = all_ids[-WINDOW:], all_vectors[-WINDOW:]
        return found


@dataclass(kw_only=True)
class Backfill:
    """Takes old leads in: no card, no CRM record, no model; found afterwards like all others.

    Attributes:
        recogniser: that of live leads.
        desk: where their cards go, should anybody work on them.
        business_type: of rows that name none.
        file: its name, for the history.
        embed: False: by contact and words alone, and nothing is indexed.
        window: of the messages before.
    """

    store: Store
    recogniser: Recogniser
    desk: str
    business_type: str
    file: str
    embed: bool = True
    window: Window = field(default_factory=Window)

    async def take(self, rows: Iterable[Past]) -> AsyncIterator[Progress]:
        """Take all rows in that are not leads yet; yields what each batch came to, once it is safe.

        Killed at any moment, the next call with the same rows goes on behind the last batch.
        """
        batches = _batches(rows)
        storing: asyncio.Task[Progress] | None = None
        before: list[str] = []
        try:
            while batch := await asyncio.to_thread(next, batches, None):
                leads = await self._leads_of(batch)
                new = [row for row in batch if row.key not in leads]
                if leads:
                    before = [*before, *leads.values()][-BATCH:]
                    yield Progress(known=len(leads))
                if new and before:
                    await self._go_on(before)
                    before = []
                vectors = await self._embedded(new)
                if storing is not None:
                    yield await storing
                storing = asyncio.create_task(self._store(new, vectors), name="backfill") if new else None
            if storing is not None:
                yield await storing
            if before:
                await self._go_on(before)
        finally:
            if storing is not None and not storing.done():
                storing.cancel()

    async def _leads_of(self, batch: Sequence[Past]) -> dict[str, str]:
        keys = [row.key for row in batch]
        return await self.store.database.read(lambda connection: known(connection, keys))

    async def _go_on(self, lead_ids: Sequence[str]) -> None:
        """The last leads of an earlier run may be stored and not indexed: it was killed in between."""
        if not self.embed:
            return
        leads = await self.store.leads.get_many(lead_ids)
        vectors = await self.store.leads.vectors(self.recogniser.search.model, lead_ids)
        pairs = [(lead, vectors[lead.lead_id]) for lead in leads if lead.lead_id in vectors]
        await self.recogniser.search.index_many(pairs)
        if pairs:
            self.window.add([lead.lead_id for lead, _ in pairs], np.stack([vector for _, vector in pairs]))

    async def _embedded(self, rows: Sequence[Past]) -> NDArray[np.float32] | None:
        if not (self.embed and rows):
            return None
        return await self.recogniser.search.embed_many([row.draft.message for row in rows])

    async def _store(self, rows: Sequence[Past], vectors: NDArray[np.float32] | None) -> Progress:
        ids = [str(uuid7()) for _ in rows]
        near = [()] * len(rows) if vectors is None else await asyncio.to_thread(self.window.add, ids, vectors)
        old = [
            OldLead(
                lead_id=lead_id,
                event_key=row.key,
                draft=row.draft,
                desk_status=row.desk_status,
                owner=row.owner,
                body=row.body,
                why=f"{self.file}, line {row.line}",
            )
            for lead_id, row in zip(ids, rows, strict=True)
        ]
        by_lead = {} if vectors is None else dict(zip(ids, vectors, strict=True))
        near_to = dict(zip(ids, near, strict=True))
        stored, progress = await self.store.people.in_turn(
            lambda turn: self._write(turn, old, by_lead, near_to)
        )
        if by_lead:
            await self.recogniser.search.index_many([(lead, by_lead[lead.lead_id]) for lead in stored])
        return progress

    def _write(
        self,
        turn: Turn,
        old: Sequence[OldLead],
        vectors: dict[str, Vector],
        near: dict[str, Sequence[str]],
    ) -> tuple[list[Lead], Progress]:
        connection = turn.connection
        came_before = known(connection, [each.event_key for each in old])  # another import beside this one
        new = [each for each in old if each.event_key not in came_before]
        stored = add_old_leads(connection, new, desk=self.desk, business_type=self.business_type, actor=ACTOR)
        mine = {lead.lead_id: vectors[lead.lead_id] for lead in stored if lead.lead_id in vectors}
        if mine:
            self.store.leads.add_vectors(connection, self.recogniser.search.model, mine)
        progress = Progress(known=len(came_before), taken=len(new))
        found: dict[str, Sequence[Match]] = {}
        for lead in stored:
            decision = self.recogniser.decide(turn, lead, mine.get(lead.lead_id), near[lead.lead_id])
            found[lead.lead_id] = decision.all_matches
            kinds = {match.kind for match in decision.matches}
            progress += Progress(
                duplicates=MatchKind.DUPLICATE in kinds,
                repeats=kinds == {MatchKind.REPEAT},
                unsure=decision.question is not None,
            )
        add_matches(connection, found)
        return stored, progress


def _nearest(cosines: NDArray[np.float32]) -> NDArray[np.intp]:
    few = np.argpartition(-cosines, NEAREST, axis=1)[:, :NEAREST]
    order = np.argsort(-np.take_along_axis(cosines, few, axis=1), axis=1)
    return np.take_along_axis(few, order, axis=1)


def _batches(rows: Iterable[Past]) -> Iterator[list[Past]]:
    coming = iter(rows)
    while batch := list(islice(coming, BATCH)):
        yield batch
