"""Filtered similarity search: candidates from the sketch in memory, the store's vectors decide."""

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from core.ports import Vector
from core.similar.sketch import Row, Sketch
from core.similar.wanted import Wanted
from core.store import Store
from core.store.sketches import READ_MOST

log = structlog.get_logger()

PAGE = 2_000
"""Leads of one read while the sketch is made: 3 MB of vectors."""

SPARE = 20
"""Candidates beside those wanted, whose real vectors are read: the sketch's cosines are 0.001 off."""

OVERLAP = 50
"""History lines read again: on PostgreSQL a line may be committed after one with a higher number."""

RETRIED_MOST = 1_000
"""Leads without a vector that are looked at again; older ones than these are found from the next start on."""


class Filtered:
    """Searches among the leads that are meant, exact in what it admits, whatever process changed a lead.

    The sketch is made at the first call or by ``warm_up`` and follows the store's history from then on.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self._sketch = Sketch()
        self._making: asyncio.Task[None] | None = None
        self._following = asyncio.Lock()
        self._seen = 0
        self._overlap: frozenset[int] = frozenset()
        self._pending: dict[str, None] = {}  # changed, or without a vector when last looked at

    async def nearest(self, vector: Vector, wanted: Wanted, *, limit: int) -> dict[str, float]:
        """At most ``limit`` leads that are meant, nearest first: id -> cosine."""
        await self.warm_up()
        await self._follow()
        numbers = self._sketch.candidates(vector, wanted, most=limit + SPARE)
        lead_ids, vectors = await self._store.sketches.vectors(self._model, numbers)
        cosines = vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:limit]
        return {lead_ids[place]: float(cosines[place]) for place in best}

    async def warm_up(self) -> None:
        """Make the sketch from the store, once; those who come while it is made wait for it."""
        if self._making is None or (self._making.done() and self._failed(self._making)):
            self._making = asyncio.create_task(self._make(), name="sketch")
        await asyncio.shield(self._making)

    def put(self, rows: Sequence[Row]) -> None:
        """Take leads that were just embedded; where nothing was searched yet, the sketch need not be made."""
        if self._making is not None:
            self._sketch.put(rows)

    async def close(self) -> None:
        """Give up what is under way."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait([self._making])

    @staticmethod
    def _failed(task: asyncio.Task[None]) -> bool:
        return task.cancelled() or task.exception() is not None

    async def _make(self) -> None:
        self._seen = await self._store.sketches.last_line()
        after = 0
        while rows := await self._store.sketches.page(self._model, after=after, most=PAGE):
            self._sketch.put(rows)
            after = rows[-1].number
        log.debug("sketch_made", megabytes=round(self._sketch.nbytes / 1e6, 1))

    async def _follow(self) -> None:
        """Bring into the sketch what changed in the store since the last time."""
        async with self._following:
            while lines := await self._store.sketches.lines(max(0, self._seen - OVERLAP)):
                fresh = [line for line in lines if line.seq not in self._overlap]
                self._seen = max(self._seen, lines[-1].seq)
                self._overlap = frozenset(line.seq for line in lines if line.seq > self._seen - OVERLAP)
                self._pending |= dict.fromkeys(line.lead_id for line in fresh if line.is_change)
                if len(lines) < READ_MOST:
                    break
            lead_ids = list(self._pending)
            for start in range(0, len(lead_ids), PAGE):
                rows = await self._store.sketches.rows(self._model, lead_ids[start : start + PAGE])
                self._sketch.put(list(rows.values()))
                for lead_id in rows:
                    self._pending.pop(lead_id, None)
            for lead_id in list(self._pending)[:-RETRIED_MOST]:
                del self._pending[lead_id]
