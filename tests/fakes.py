"""What stands between the product and a real part in tests: told to be away or slow, or sparing work."""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.ports import DIMENSIONS, Embedder, Neighbour, Point, Vector, VectorIndex


class Interrupted:
    """A real vector index behind a line that can be cut, or on which nothing ever comes back."""

    def __init__(self, index: VectorIndex) -> None:
        self._index = index
        self._cut = False
        self._answers = asyncio.Event()
        self._answers.set()

    def go_down(self) -> None:
        """Every call fails from now on."""
        self._cut = True

    def hang(self) -> None:
        """No call gets an answer from now on."""
        self._answers.clear()

    def come_back(self) -> None:
        """All is well again; what hung goes on."""
        self._cut = False
        self._answers.set()

    async def upsert(self, points: Sequence[Point]) -> None:
        """As the index."""
        await self._line()
        await self._index.upsert(points)

    async def nearest(self, vector: Vector, *, limit: int) -> list[Neighbour]:
        """As the index."""
        await self._line()
        return await self._index.nearest(vector, limit=limit)

    async def ids(self) -> set[str]:
        """As the index."""
        await self._line()
        return await self._index.ids()

    async def forget(self, lead_ids: Sequence[str]) -> None:
        """As the index."""
        await self._line()
        await self._index.forget(lead_ids)

    async def count(self) -> int:
        """As the index."""
        await self._line()
        return await self._index.count()

    async def _line(self) -> None:
        if self._cut:
            raise Unavailable("Chroma", "does not answer")
        await self._answers.wait()


class Remembering:
    """A real embedding that remembers: each product embeds hundreds of examples when it starts."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}

    @property
    def model(self) -> str:
        """As the embedder."""
        return self._embedder.model

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the embedder."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(new, await self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.empty((0, DIMENSIONS), "f4")
