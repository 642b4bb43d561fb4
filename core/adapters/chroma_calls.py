"""Blocking calls to Chroma, for the threads of core.adapters.chroma; they raise Chroma's own errors."""

import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np

from core.adapters.chroma_errors import SERVICE
from core.errors import Refused, Unavailable
from core.ports import DIMENSIONS, Neighbour, Point, Vector

if TYPE_CHECKING:  # 1.1 s and 67 MB to import: only when an index is really opened
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

COLLECTION = "leads"
REINDEX = "`basecamp reindex` rebuilds it from the store"

NO_CHROMA = "the server at CHROMA_URL does not answer as Chroma would; is the address right?"
UUID_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TIMEOUT = 10.0
"""Seconds for one call; the slowest measured is the first of all, which opens the index: 2 s."""

WRITE_ROWS = 32
"""Rows a write. Chroma holds the GIL while it writes (not while it searches): 32 rows stop the whole process
for 50 ms, 256 for 240 ms, at 1.8 against 0.9 ms a row.
"""

BULK_ROWS = 1_000
"""Rows a write where nothing else has to go on meanwhile, as in `basecamp reindex`."""

IDS = 10_000
"""Ids of one read."""


def open_client(path: Path | None, url: str | None, timeout: float) -> "Client":
    """A client of the server ``url`` if given, else of the folder ``path``, made if need be."""
    return _embedded(path or Path()) if url is None else _server(url, timeout)


def open_collection(client: "Client") -> "Collection":
    """The collection, made if need be, once it has shown that it can read its oldest vector."""
    collection = client.get_or_create_collection(
        COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    index = collection.configuration_json.get("hnsw") or collection.configuration_json.get("spann") or {}
    if index.get("space") != "cosine":
        raise Refused(SERVICE, f"the collection {COLLECTION} does not measure cosines; {REINDEX}")
    # Without its vector files Chroma opens, counts and searches, but silently finds the newest leads only.
    collection.get(limit=1, include=["embeddings"])
    return collection


def close_client(client: "Client") -> None:
    """Let go of its files and connections."""
    client.close()
    for session in _http_sessions(client):
        session.close()


def checked(vector: Vector) -> Vector:
    """The vector itself if it has the right shape and a direction, else Refused."""
    if vector.shape != (DIMENSIONS,) or not np.isfinite(vector).all() or not vector.any():
        raise Refused(SERVICE, f"a vector needs {DIMENSIONS} finite numbers, not all 0")
    return vector


def search(vector: Vector, limit: int, collection: "Collection") -> list[Neighbour]:
    """At most ``limit`` leads, nearest first.

    Without ``where``: at 100,000 leads it takes 50 to 300 ms instead of 2 (IDENTITY.md, section 6).
    """
    result = collection.query(query_embeddings=vector[np.newaxis, :], n_results=limit, include=["distances"])
    (distances,) = result["distances"] or [[]]
    return [
        Neighbour(lead_id=lead_id, cosine=_cosine(distance))
        for lead_id, distance in zip(result["ids"][0], distances, strict=True)
    ]


def ids(after: int, collection: "Collection") -> set[str]:
    """The next ids, behind so many."""
    return set(collection.get(limit=IDS, offset=after, include=[])["ids"])


def write(points: Sequence[Point], collection: "Collection") -> None:
    """Add or replace; no two points of the same lead."""
    collection.upsert(
        ids=[point.lead_id for point in points],
        embeddings=np.stack([point.vector for point in points]).astype(np.float32),
        metadatas=[
            {
                "lead_id": point.lead_id,
                "business_type": point.business_type,
                "created_at": int(point.created_at.timestamp()),
                "source": point.source,
            }
            for point in points
        ],
    )


def blank_unused(folder: Path) -> None:
    """Overwrite with zeros the vector files that hold no lead yet.

    Chroma makes them, with room for 100 leads, from memory that it has not cleared (1.5.9): what this process
    had there, a customer's message say, would stand in a file that no erasure finds. It fills them for the
    first time, and writes their index beside them, at the thousandth lead.
    """
    for vectors in folder.glob("*-*/data_level0.bin"):
        if vectors.with_name("index_metadata.pickle").exists():
            continue
        for file in (vectors, vectors.with_name("length.bin")):
            with suppress(FileNotFoundError), file.open("r+b") as opened:  # somebody else may clear the index
                opened.write(bytes(file.stat().st_size))


def delete(lead_ids: list[str], collection: "Collection") -> None:
    """Remove at least one id; an unknown one is no error."""
    collection.delete(ids=lead_ids)


def remove_files(path: Path) -> None:
    """Remove what Chroma keeps in a folder, and nothing else."""
    for entry in path.iterdir():
        if entry.name.startswith("chroma.sqlite3"):
            entry.unlink()
        elif entry.is_dir() and UUID_NAME.fullmatch(entry.name):
            shutil.rmtree(entry)


def _embedded(folder: Path) -> "Client":
    import chromadb  # noqa: PLC0415 - heavy
    from chromadb.api.client import Client  # noqa: PLC0415 - heavy
    from chromadb.config import Settings  # noqa: PLC0415 - heavy

    folder.mkdir(parents=True, exist_ok=True)
    if not all(_is_whole(vectors) for vectors in folder.glob("*-*/data_level0.bin")):
        raise Unavailable(SERVICE, f"its vector files in {folder} are cut short; {REINDEX}")
    with ExitStack() as undo:
        # A client that fails to start stays in this cache, and breaks the next one on the same folder.
        started = Client._identifier_to_system  # noqa: SLF001 - nothing public forgets a single folder
        if str(folder) not in started:
            undo.callback(started.pop, str(folder), None)
        client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
        undo.pop_all()
    return _typed(client)


def _is_whole(vectors: Path) -> bool:
    """Whether a file of vectors holds as many as its neighbour has lengths (4 bytes each) of them.

    Chroma reads past the end of a file that is cut short and takes the whole process with it (1.5.9).
    """
    lengths = vectors.with_name("length.bin")
    count = lengths.stat().st_size // 4 if lengths.exists() else 0
    return 0 < count * 4 * DIMENSIONS <= vectors.stat().st_size


def _server(url: str, timeout: float) -> "Client":
    import chromadb  # noqa: PLC0415 - heavy
    from chromadb.config import Settings  # noqa: PLC0415 - heavy

    _knock(url, timeout)
    try:
        client = _typed(chromadb.HttpClient(host=url, settings=Settings(anonymized_telemetry=False)))
    except ValueError as error:  # what its constructor makes of any failure
        raise Unavailable(SERVICE, NO_CHROMA) from error
    for session in _http_sessions(client):
        session.timeout = timeout  # Chroma sets none: a silent server would hold the thread for ever
    return client


def _knock(url: str, timeout: float) -> None:
    """See that a server answers, within the time-out, before Chroma asks it without one."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Refused(SERVICE, "CHROMA_URL must begin with http:// or https://")
    try:
        urlopen(url.rstrip("/") + "/api/v2/heartbeat", timeout=timeout).close()  # noqa: S310 - checked above
    except HTTPError as error:
        error.close()
        if error.code not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:  # Chroma's client may log in
            raise Unavailable(SERVICE, NO_CHROMA) from error


def _http_sessions(client: Any) -> list[Any]:
    # Chroma gives its HTTP sessions no time-out and never closes them; it has no public way to either.
    servers = (client._server, client._admin_client._server)  # noqa: SLF001 - see above
    return [server._session for server in servers if hasattr(server, "_session")]  # noqa: SLF001 - see above


def _typed(client: Any) -> "Client":
    # Declared as ClientAPI, which lacks close().
    return cast("Client", client)


def _cosine(distance: float) -> float:
    return max(-1.0, min(1.0, 1.0 - distance))  # float32: equal vectors are 1e-6 apart, either way
