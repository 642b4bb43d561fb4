"""Similar leads: by meaning, over the vector index, with the store as the truth."""

from collections.abc import AsyncIterator

from core.lead import Lead
from core.ports import Embedder, Point, Vector, VectorIndex
from core.store import Store


class Search:
    """Embeds messages, keeps their vectors and finds the leads near them."""

    def __init__(
        self, store: Store, embedder: Embedder, index: VectorIndex, *, threshold: float, limit: int
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._index = index
        self._threshold = threshold
        self._limit = limit

    @property
    def model(self) -> str:
        """The embedding's name, kept with each vector."""
        return self._embedder.model

    async def embed(self, lead: Lead) -> Vector:
        """The vector of the lead's message."""
        vector: Vector = (await self._embedder.embed([lead.message]))[0]
        return vector

    async def near_lead(self, lead: Lead, vector: Vector) -> dict[str, float]:
        """Earlier leads like this one, nearest first: id -> cosine; this one is in the index after."""
        cosines = await self._near(vector)
        await self._index.upsert([_point(lead, vector)])
        earlier = [lead_id for lead_id in cosines if lead_id < lead.lead_id]  # UUIDv7 sort by time
        return {lead_id: cosines[lead_id] for lead_id in earlier[: self._limit]}

    async def near_text(self, text: str) -> list[tuple[Lead, float]]:
        """Leads like this text, nearest first, with their cosines."""
        cosines = await self._near((await self._embedder.embed([text]))[0])
        found = await self._store.leads.get_many(list(cosines))
        return [(lead, cosines[lead.lead_id]) for lead in found[: self._limit]]

    async def check(self) -> None:
        """Return if the index answers; else raise Unavailable or Refused."""
        await self._index.count()

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

    async def _near(self, vector: Vector) -> dict[str, float]:
        # A few more than wanted: the lead itself and later ones may be among them.
        found = await self._index.nearest(vector, limit=self._limit + 5)
        return {each.lead_id: each.cosine for each in found if each.cosine >= self._threshold}


def _point(lead: Lead, vector: Vector) -> Point:
    return Point(
        lead_id=lead.lead_id,
        vector=vector,
        business_type=lead.business_type,
        source=lead.source,
        created_at=lead.created_at,
    )
