"""Similar leads: by meaning, over the vector index, with the store as the truth."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import numpy as np
import structlog
from numpy.typing import NDArray

from core.errors import Refused, Unavailable
from core.lead import Lead
from core.ports import Embedder, Point, Vector, VectorIndex
from core.similar.filtered import Filtered
from core.similar.sketch import Row
from core.similar.wanted import Wanted
from core.store import Store

log = structlog.get_logger()

INDEX_SECONDS = 1.0
"""New leads go into the index together, this often: Chroma holds Python's only lock for 10 ms a write of
one lead, for 50 ms a write of 32. Until then they are searched here, by a dot product."""

WORDS_THRESHOLD = 0.35
"""Least cosine of a lead that is like a few words: "brake noise" against a whole message about squealing
brakes is 0.4 to 0.6, where two messages about the same are 0.85."""

NEAREST = 10
"""Nearest messages whose senders are compared with a new lead's: of 15 pairs of duplicates that share no key,
14 are among them (IDENTITY.md)."""

MARGIN = 5
"""Leads fetched beside those wanted: the lead itself and later ones, or erased ones, may be among them."""

BATCH = 1_000
"""Leads of one write when many are indexed: Chroma takes 1,400 a second so, one by one 110."""

CATCH_UP = 200
"""Newest embedded leads indexed again at the start: more than INDEX_SECONDS brings, and a crash loses."""


class Search:
    """Embeds messages, indexes their vectors and finds the leads near them."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        index: VectorIndex,
        *,
        threshold: float,
        limit: int,
        search_threshold: float = WORDS_THRESHOLD,
    ) -> None:
        """Args say how near is near.

        threshold: least cosine of an earlier lead that is kept as similar.
        limit: most leads that are kept, or found where the question does not say.
        search_threshold: least cosine of what is found where the question does not say.
        """
        self._store = store
        self._embedder = embedder
        self._index = index
        self._threshold = threshold
        self._limit = limit
        self._search_threshold = search_threshold
        self._filtered = Filtered(store, embedder.model)
        self._fresh: dict[str, Point] = {}
        self._indexing: asyncio.Task[None] | None = None

    @property
    def model(self) -> str:
        """The embedding's name, kept with each vector."""
        return self._embedder.model

    @property
    def limit(self) -> int:
        """Most leads that are found where the question does not say."""
        return self._limit

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
        cosines = _near(await self._nearest(vector, limit=max(self._limit, NEAREST) + MARGIN), 0.0)
        # After it: the first search opens the index, and Chroma fails one that meets the first write of all.
        if self._indexing is None or self._indexing.done():
            self._indexing = asyncio.create_task(self._index_soon(), name="index")
        earlier = [lead_id for lead_id in cosines if lead_id < lead.lead_id]  # UUIDv7 sort by time
        return {lead_id: cosines[lead_id] for lead_id in earlier[:NEAREST]}

    async def near_text(self, text: str) -> tuple[Vector, list[str]]:
        """The vector of a text that is no lead, and the ids of the leads nearest to it, nearest first."""
        _, vector = await self._subject(text)
        near = _near(await self._nearest(vector, limit=NEAREST + MARGIN), 0.0)
        return vector, list(near)[:NEAREST]

    async def alike(self, near: Mapping[str, float]) -> dict[str, float]:
        """Of leads near another, those alike enough to be shown; a merged one's place takes what it is in."""
        shown = {lead_id: cosine for lead_id, cosine in near.items() if cosine >= self._threshold}
        standing = await self._store.leads.standing(shown) if shown else {}
        return dict(list(standing.items())[: self._limit])

    async def similar(self, subject: Lead | str, wanted: Wanted) -> list[tuple[Lead, float]]:
        """Leads like this lead or text, nearest first, with their cosines; never the lead itself.

        Raises Unavailable or Refused when the embedding or the index is away.
        """
        own_id, vector = await self._subject(subject)
        limit = wanted.limit or self._limit
        if wanted.filters:
            cosines = await self._filtered.nearest(vector, wanted, limit=limit + MARGIN)
        else:
            cosines = await self._nearest(vector, limit=limit + MARGIN)
        cosines.pop(own_id, None)
        threshold = self._search_threshold if wanted.threshold is None else wanted.threshold
        near = await self._store.leads.standing(_near(cosines, threshold))
        near.pop(own_id, None)
        found = await self._store.leads.get_many(list(near)[: limit + MARGIN])
        return [(lead, near[lead.lead_id]) for lead in found if wanted.admits(lead)][:limit]

    async def check(self) -> None:
        """Return if the index answers; else raise Unavailable or Refused."""
        await self._index.count()

    async def catch_up(self) -> None:
        """Index again what was embedded last: a crash may have come before it was indexed."""
        leads = await self._store.leads.newest(limit=CATCH_UP, embedded_by=self.model, merged=True)
        vectors = await self._store.leads.vectors(self.model, [lead.lead_id for lead in leads])
        points = [_point(lead, vectors[lead.lead_id]) for lead in leads if lead.lead_id in vectors]
        self._fresh |= {point.lead_id: point for point in points}
        await self._index_fresh()

    async def warm_up(self) -> None:
        """Make ready what the first search would otherwise wait for."""
        await asyncio.gather(self.catch_up(), self._filtered.warm_up())

    async def close(self) -> None:
        """Index what is not yet."""
        await self._filtered.close()
        if self._indexing is not None:
            self._indexing.cancel()
        await self._index_fresh()

    async def index_many(self, pairs: Sequence[tuple[Lead, Vector]]) -> None:
        """Index many leads in batches; returns when they are written. Their vectors the caller keeps."""
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            await self._index.upsert([_point(lead, vector) for lead, vector in batch])
            self._filtered.put([_row(lead, vector) for lead, vector in batch])

    async def forget(self, lead_ids: Sequence[str]) -> None:
        """These leads are erased: nothing finds them any more. Raises Unavailable and Refused."""
        for lead_id in lead_ids:
            self._fresh.pop(lead_id, None)
        await self._index.forget(lead_ids)

    async def reindex(self) -> AsyncIterator[int]:
        """Bring the index to what the store says; yields how many leads are done, batch by batch.

        Leads that have a vector are not embedded again, those that are indexed not indexed again: cut short,
        it goes on where it was. What the store does not know leaves the index.
        """
        surplus = await self._index.ids()
        indexed = frozenset(surplus)
        done = 0
        async for leads in self._store.leads.every(batch=BATCH):
            vectors = await self._vectors(leads)
            await self.index_many(
                [(lead, vectors[lead.lead_id]) for lead in leads if lead.lead_id not in indexed]
            )
            surplus -= {lead.lead_id for lead in leads}
            done += len(leads)
            yield done
        await self._index.forget(sorted(surplus))

    async def _vectors(self, leads: Sequence[Lead]) -> dict[str, Vector]:
        """The kept vectors of these leads, and those of the others made and kept."""
        vectors = await self._store.leads.vectors(self.model, [lead.lead_id for lead in leads])
        bare = [lead for lead in leads if lead.lead_id not in vectors]
        if bare:
            made = await self._embedder.embed([lead.message for lead in bare])
            new = {lead.lead_id: vector for lead, vector in zip(bare, made, strict=True)}
            await self._store.leads.keep_vectors(self.model, new)
            vectors |= new
        return vectors

    async def _subject(self, subject: Lead | str) -> tuple[str, Vector]:
        """The id, if it is a lead, and the vector of what others shall be like."""
        if isinstance(subject, str):
            return "", (await self._embedder.embed([subject]))[0]
        kept = await self._store.leads.vectors(self.model, [subject.lead_id])
        vector = kept.get(subject.lead_id)
        return subject.lead_id, await self.embed(subject) if vector is None else vector

    async def _nearest(self, vector: Vector, *, limit: int) -> dict[str, float]:
        """Cosines of the nearest leads, in no order; all those that wait to be indexed are among them."""
        fresh = list(
            self._fresh.values()
        )  # before the index is asked: what is written meanwhile is in neither
        found = await self._index.nearest(vector, limit=limit)
        cosines = {each.lead_id: each.cosine for each in found}
        return cosines | {point.lead_id: float(np.dot(point.vector, vector)) for point in fresh}

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


def _near(cosines: dict[str, float], threshold: float) -> dict[str, float]:
    """Those from the threshold upwards, nearest first."""
    # Rounding takes the cosine of equal texts a hair above 1.
    near = [(min(cosine, 1.0), lead_id) for lead_id, cosine in cosines.items() if cosine >= threshold]
    return {lead_id: cosine for cosine, lead_id in sorted(near, reverse=True)}


def _row(lead: Lead, vector: Vector) -> Row:
    return Row(
        number=int(lead.number.removeprefix("L-")),
        business_type=lead.business_type,
        desk_status=lead.desk_status,
        owner=lead.owner,
        received_at=lead.received_at,
        vector=vector,
    )


def _point(lead: Lead, vector: Vector) -> Point:
    return Point(
        lead_id=lead.lead_id,
        vector=vector,
        business_type=lead.business_type,
        source=lead.source,
        created_at=lead.created_at,
    )
