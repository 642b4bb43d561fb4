"""Times the embedding and the vector index: ``python -m bench.embedding FOLDER_OF_EXPORT [LEADS]``."""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from core.adapters.chroma import Chroma, open_chroma
from core.adapters.embedder import OnnxEmbedder
from core.ports import DIMENSIONS, Point

SENTENCE = "my brake pads squeal when I stop my 2019 honda civic can you look at it this friday please "


async def main(export: Path, leads: int) -> None:
    """Print one line a figure; memory is the process's peak so far."""
    start = time.perf_counter()
    embedder = OnnxEmbedder(export)
    print(f"embedder loaded: {time.perf_counter() - start:.2f} s, {_peak():.0f} MB")
    for times in (1, 10):
        await _timed(f"embed a text of {18 * times} words", partial(embedder.embed, [SENTENCE * times]))
    start = time.perf_counter()
    await embedder.embed([SENTENCE * (1 + i % 8) for i in range(320)])
    print(
        f"embed 320 texts of 18 to 144 words: {320 / (time.perf_counter() - start):.0f}/s, {_peak():.0f} MB"
    )
    embedder.close()

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        index = await open_chroma(Path(folder), None)
        print(f"Chroma opened: {time.perf_counter() - start:.2f} s, {_peak():.0f} MB")
        await _index(index, leads)
        await index.close()
        start = time.perf_counter()
        index = await open_chroma(Path(folder), None)
        print(f"Chroma opened again with {await index.count()} leads: {time.perf_counter() - start:.2f} s")
        await index.close()


async def _index(index: Chroma, leads: int) -> None:
    points = _points()
    start = time.perf_counter()
    for _ in range(leads // 1000):
        await index.upsert([next(points) for _ in range(1000)])
    print(f"add {leads} leads by thousands: {leads / (time.perf_counter() - start):.0f}/s, {_peak():.0f} MB")

    async def add(at_once: int) -> None:
        await asyncio.gather(*(index.upsert([next(points)]) for _ in range(at_once)))

    async def find() -> None:
        await index.nearest(next(points).vector, limit=10)

    await _timed("add one lead", partial(add, 1))
    await _timed("add 20 leads, each on its own, at once", partial(add, 20))
    await _timed("nearest 10", find)
    await _timed("count", index.count)


def _points() -> Iterator[Point]:
    """Vectors of 32 hidden dimensions and noise, as like each other as messages are."""
    draw = np.random.default_rng(0)
    spread = draw.normal(size=(32, DIMENSIONS))
    now = datetime.now(UTC)
    number = 0
    while True:
        raw = draw.normal(size=(500, 32)) @ spread + 1.5 * draw.normal(size=(500, DIMENSIONS))
        unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        for vector in unit:
            number += 1
            yield Point(
                lead_id=f"lead-{number}",
                vector=vector,
                business_type="general",
                source="bench",
                created_at=now,
            )


async def _timed(what: str, call: Callable[[], Awaitable[object]]) -> None:
    taken = []
    for _ in range(50):
        start = time.perf_counter()
        await call()
        taken.append(1000 * (time.perf_counter() - start))
    print(f"{what}: p50 {np.median(taken):.1f} ms, p95 {np.quantile(taken, 0.95):.1f} ms")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
