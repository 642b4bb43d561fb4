"""The vector index on Chroma: embedded in a folder, or on a server (CHROMA_URL)."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from core.adapters import chroma_calls as calls
from core.adapters.chroma_errors import SERVICE, MappedErrors
from core.errors import LeadDeskError, Unavailable
from core.ports import Neighbour, Point, Vector

if TYPE_CHECKING:  # 1.1 s and 67 MB to import: only when an index is really opened
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

T = TypeVar("T")

READERS = 3
"""Threads that search; one more writes, so that what was asked first is written first."""


async def open_chroma(path: Path | None, url: str | None, *, rows: int = calls.WRITE_ROWS) -> "Chroma":
    """The index in the folder ``path``, made if need be, or on the server ``url``; open and found sound.

    ``rows``: leads of one write; BULK_ROWS is for processes that do nothing else meanwhile.

    Raises Unavailable when the server is away or the data in ``path`` is damaged (the message names
    `basecamp reindex`), Refused when the collection was made for another distance.
    """
    index = Chroma(path, url, rows=rows)
    try:
        await index.connect()
    except LeadDeskError:
        await index.close()
        raise
    return index


async def wipe(path: Path | None, url: str | None) -> None:
    """Empty the index, so that it can be rebuilt; a damaged one in ``path`` loses its files."""
    index = Chroma(path, url)
    try:
        await index.clear()
    except Unavailable:
        if url is not None or path is None:
            raise
        await index.remove_files(path)
    finally:
        await index.close()


class Chroma:
    """core.ports.VectorIndex; one collection with cosine distance, ids are lead ids, no documents.

    Connects at the first call and again at each call after a failure, so it may be made while Chroma is away.
    """

    def __init__(
        self,
        path: Path | None,
        url: str | None,
        *,
        timeout: float = calls.TIMEOUT,
        rows: int = calls.WRITE_ROWS,
    ) -> None:
        """Promise an index on the server ``url`` if given, else in the folder ``path``; touches neither.

        ``timeout``: seconds for one call. ``rows``: leads of one write.
        """
        if url is None and path is None:
            raise ValueError("either a folder or a server's URL")
        self._path, self._url, self._timeout, self._rows = path, url, timeout, rows
        self._client: Client | None = None
        self._collection: Collection | None = None
        self._connecting = Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="chroma-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="chroma-write")
        self._writing = asyncio.Lock()
        self._waiting: list[tuple[dict[str, Point], asyncio.Future[None]]] = []

    async def connect(self) -> None:
        """Open the index and see that it is sound."""
        try:
            await self._ask(self._readers, lambda _: None)
        except Unavailable as error:
            if self._url is not None:
                raise
            raise Unavailable(
                SERVICE, f"its data in {self._path} cannot be opened; {calls.REINDEX}"
            ) from error

    async def upsert(self, points: Sequence[Point]) -> None:
        """Add or replace by lead id; returns when written.

        What is asked while a write is under way goes into the next one together: measured at 100,000 leads
        on a busy machine, 20 at once took 66 ms, one after another 577.
        """
        rows = {point.lead_id: point for point in points}
        for point in rows.values():
            calls.checked(point.vector)
        if not rows:
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, written))
        try:
            async with self._writing:
                if not written.done():
                    await self._write_waiting()
            await written
        finally:
            written.cancel()  # no effect once written; a caller that gave up must not be written later

    async def nearest(self, vector: Vector, *, limit: int) -> list[Neighbour]:
        """At most ``limit`` leads, nearest first; 2 ms at 100,000 leads."""
        if limit < 1:
            return []
        return await self._ask(self._readers, partial(calls.search, calls.checked(vector), limit))

    async def forget(self, lead_ids: Sequence[str]) -> None:
        """Remove; an unknown id is no error. Nothing asked before this is written after it."""
        ids = list(lead_ids)
        async with self._writing:
            for start in range(0, len(ids), self._rows):
                await self._ask(self._writer, partial(calls.delete, ids[start : start + self._rows]))

    async def ids(self) -> set[str]:
        """The ids of all leads in the index."""
        found: set[str] = set()
        while page := await self._ask(self._readers, partial(calls.ids, len(found))):
            found |= page
        return found

    async def count(self) -> int:
        """How many leads the index holds."""
        return await self._ask(self._readers, lambda collection: collection.count())

    async def clear(self) -> None:
        """Forget every lead."""
        async with self._writing:
            await self._on(self._writer, self._recreate)

    async def remove_files(self, path: Path) -> None:
        """Remove what Chroma keeps in ``path``, and nothing else: for data that it cannot open."""
        await self._on(self._writer, partial(calls.remove_files, path))

    async def close(self) -> None:
        """Finish what is being written and let go of files, connections and threads."""
        async with self._writing:
            with suppress(LeadDeskError):  # it is away: nothing left to finish
                await self._on(self._writer, self._disconnect)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._writer.shutdown(wait=False, cancel_futures=True)

    async def _write_waiting(self) -> None:
        batch = [(rows, written) for rows, written in self._waiting if not written.done()]
        self._waiting = []
        points = iter({lead_id: point for rows, _ in batch for lead_id, point in rows.items()}.values())
        try:
            while chunk := list(islice(points, self._rows)):
                await self._ask(self._writer, partial(self._write, chunk))
        except LeadDeskError as error:
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
        except asyncio.CancelledError:
            self._waiting = batch + self._waiting  # the next in line writes for those who still wait
            raise
        else:
            for _, written in batch:
                if not written.done():
                    written.set_result(None)

    def _write(self, points: Sequence[Point], collection: "Collection") -> None:
        calls.write(points, collection)
        self._blank_unused()

    def _blank_unused(self) -> None:
        if self._url is None and self._path is not None:
            calls.blank_unused(self._path)

    async def _ask(self, threads: ThreadPoolExecutor, call: Callable[["Collection"], T]) -> T:
        return await self._on(threads, partial(self._call, call))

    async def _on(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        with MappedErrors():
            async with asyncio.timeout(self._timeout):
                return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _call(self, call: Callable[["Collection"], T]) -> T:
        collection = self._connected()
        from chromadb.errors import NotFoundError  # noqa: PLC0415 - heavy, loaded by now

        try:
            return call(collection)
        except NotFoundError:  # another process made the collection anew, to reindex
            with self._connecting:
                self._collection = None
            return call(self._connected())

    def _connected(self) -> "Collection":
        with self._connecting:
            if self._client is None:
                self._client = calls.open_client(self._path, self._url, self._timeout)
            if self._collection is None:
                self._collection = calls.open_collection(self._client)
                self._blank_unused()
            return self._collection

    def _recreate(self) -> None:
        from chromadb.errors import NotFoundError  # noqa: PLC0415 - heavy

        with self._connecting:
            if self._client is None:
                self._client = calls.open_client(self._path, self._url, self._timeout)
            with suppress(NotFoundError):
                self._client.delete_collection(calls.COLLECTION)
            self._collection = calls.open_collection(self._client)

    def _disconnect(self) -> None:
        with self._connecting:
            client, self._client, self._collection = self._client, None, None
            if client is not None:
                calls.close_client(client)
