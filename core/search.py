"""Similar leads: by meaning, over the vector index, with the store as the truth."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import numpy as np
import structlog
from numpy.typing import NDArray

from core.errors import Refused, Unavailable
from core.lead import Lead
from core.ports import Embedder, Point, Vector, VectorIndex
from core.store import Store

log = structlog.get_logger()

INDEX_SECONDS = 1.0
"""New leads go into the index together, this often: Chroma holds Python's only lock for 10 ms a write of
one lead, for 50 ms a write of 32. Until then they are searched here, by a dot product."""

WORDS_THRESHOLD = 0.35
"""Least cosine of a lead that is like a few words: "brake noise" against a whole message about squealing
brakes is 0.4 to 0.6, where two messages about the same are 0.85."""

BATCH = 1_000
"""Leads of one write when many are indexed: Chroma takes 1,400 a second so, one by one 110."""

NEAREST = 10
"""Nearest messages whose senders are compared with a new lead's: of 15 pairs of duplicates that share no key,
14 are among them (IDENTITY.md)."""

CATCH_UP = 200
"""Newest embedded leads indexed again at the start: more than INDEX_SECONDS brings, and a crash loses."""


class Search:
    """Embeds messages, indexes their vectors and finds the leads near them."""

    def __init__(
        self, store: Store, embedder: Embedder, index: VectorIndex, *, threshold: float, limit: int
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._index = index
        self._threshold = threshold
        self._limit = limit
        self._fresh: dict[str, Point] = {}
        self._indexing: asyncio.Task[None] | None = None

    @property
    def model(self) -> str:
        """The embedding's name, kept with each vector."""
        return self._embedder.model

    async def embed_many(self, messages: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of these messages, shape (len(messages), 384)."""
        return await self._embedder.embed(messages)

    async def embed(self, lead: Lead) -> Vector:
        """The vector of the lead's message."""
        vector: Vector = (await self._embedder.embed([lead.message]))[0]
        return vector

    async def near_lead(self, lead: Lead, vector: Vector) -> dict[str, float]:
        """Earlier leads by nearness, nearest first: id -> cosine; this one is found from now on."""
        # Before the search: of leads that are compared at the same time, the later finds the earlier.
        self._fresh[lead.lead_id] = _point(lead, vector)
        cosines = await self._near(vector, 0.0)
        # After it: the first search opens the index, and Chroma fails one that meets the first write of all.
        if self._indexing is None or self._indexing.done():
            self._indexing = asyncio.create_task(self._index_soon(), name="index")
        earlier = [lead_id for lead_id in cosines if lead_id < lead.lead_id]  # UUIDv7 sort by time
        return {lead_id: cosines[lead_id] for lead_id in earlier[:NEAREST]}

    def similar(self, near: Mapping[str, float]) -> dict[str, float]:
        """Of leads near another, those alike enough to be shown."""
        alike = [(lead_id, cosine) for lead_id, cosine in near.items() if cosine >= self._threshold]
        return dict(alike[: self._limit])

    async def near_text(self, text: str) -> list[tuple[Lead, float]]:
        """Leads like this text, a few words or a message, nearest first, with their cosines."""
        cosines = await self._near((await self._embedder.embed([text]))[0], WORDS_THRESHOLD)
        found = await self._store.leads.get_many(list(cosines))
        return [(lead, cosines[lead.lead_id]) for lead in found[: self._limit]]

    async def check(self) -> None:
        """Return if the index answers; else raise Unavailable or Refused."""
        await self._index.count()

    async def catch_up(self) -> None:
        """Index again what was embedded last: a crash may have come before it was indexed."""
        leads = await self._store.leads.newest(limit=CATCH_UP, embedded_by=self.model)
        vectors = await self._store.leads.vectors(self.model, [lead.lead_id for lead in leads])
        points = [_point(lead, vectors[lead.lead_id]) for lead in leads if lead.lead_id in vectors]
        self._fresh |= {point.lead_id: point for point in points}
        await self._index_fresh()

    async def close(self) -> None:
        """Index what is not yet."""
        if self._indexing is not None:
            self._indexing.cancel()
        await self._index_fresh()

    async def index_many(self, pairs: Sequence[tuple[Lead, Vector]]) -> None:
        """Index many leads in batches; returns when they are written. Their vectors the caller keeps."""
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            await self._index.upsert([_point(lead, vector) for lead, vector in batch])

    async def reindex(self) -> AsyncIterator[int]:
        """Rebuild the index from the store; yields how many leads are done, batch by batch."""
        done = 0
        async for leads in self._store.leads.every():
            vectors = await self._embedder.embed([lead.message for lead in leads])
            by_lead = {lead.lead_id: vector for lead, vector in zip(leads, vectors, strict=True)}
            await self._store.leads.keep_vectors(self._embedder.model, by_lead)
            await self._index.upsert([_point(lead, by_lead[lead.lead_id]) for lead in leads])
            done += len(leads)
            yield done

    async def _near(self, vector: Vector, threshold: float) -> dict[str, float]:
        # A few more than wanted: the lead itself and later ones may be among them.
        found = await self._index.nearest(vector, limit=max(self._limit, NEAREST) + 5)
        cosines = {each.lead_id: each.cosine for each in found}
        cosines |= {point.lead_id: float(np.dot(point.vector, vector)) for point in self._fresh.values()}
        # Rounding takes the cosine of equal texts a hair above 1.
        near = [(min(cosine, 1.0), lead_id) for lead_id, cosine in cosines.items() if cosine >= threshold]
        return {lead_id: cosine for cosine, lead_id in sorted(near, reverse=True)}

    async def _index_soon(self) -> None:
        await asyncio.sleep(INDEX_SECONDS)
        await self._index_fresh()

    async def _index_fresh(self) -> None:
        points = list(self._fresh.values())
        if not points:
            return
        try:
            await self._index.upsert(points)
        except (Unavailable, Refused) as error:
            log.warning("index_waits", leads=len(points), why=error.why)
            return
        for point in points:
            if self._fresh.get(point.lead_id) is point:
                del self._fresh[point.lead_id]


def _point(lead: Lead, vector: Vector) -> Point:
    return Point(
        lead_id=lead.lead_id,
        vector=vector,
        business_type=lead.business_type,
        source=lead.source,
        created_at=lead.created_at,
    )
