"""Blocking calls to Chroma, for the threads of core.adapters.chroma; they raise Chroma's own errors."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.adapters.chroma_errors import SERVICE
from core.errors import Refused, Unavailable
from core.ports import DIMENSIONS, Neighbour, Point, Vector

if TYPE_CHECKING:  # 1.1 s and 67 MB to import: only when an index is really opened
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

COLLECTION = "leads"
TIMEOUT = 10.0


def open_client(path: Path | None, url: str | None) -> "ClientAPI":
    import chromadb  # noqa: PLC0415 - heavy
    from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415 - heavy

    quiet = chromadb.Settings(anonymized_telemetry=False)
    if url is not None:
        _knock(url)
        server = chromadb.HttpClient(host=url, settings=quiet)
        for session in _sessions(server):
            session.timeout = TIMEOUT  # Chroma's own is none: a silent server would hold the thread for ever
        return server
    folder = Path(path or "")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        # A client that fails to start stays in this cache and breaks the next one on the same folder.
        started = SharedSystemClient._identifier_to_system  # noqa: SLF001 - nothing public forgets one folder
        undo.callback(started.pop, str(folder), None)
        client = chromadb.PersistentClient(folder, settings=quiet)
        undo.pop_all()
    return client


def open_collection(client: "ClientAPI") -> "Collection":
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


def _knock(url: str) -> None:
    """See that a server answers, within the time-out, before Chroma asks it without one."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise Refused(SERVICE, "CHROMA_URL must begin with http:// or https://")
    try:
        urlopen(url.rstrip("/") + "/api/v2/heartbeat", timeout=TIMEOUT).close()  # noqa: S310 - checked above
    except HTTPError as error:
        error.close()
        if error.code not in {
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
        }:  # Chroma's client has credentials
            raise Unavailable(
                SERVICE,
                f"{parts.hostname} answers {error.code} where Chroma would answer; is CHROMA_URL right?",
            ) from error


def _sessions(client: Any) -> list[Any]:
    servers = (client._server, client._admin_client._server)  # noqa: SLF001 - Chroma closes no HTTP session itself
    return [server._session for server in servers if hasattr(server, "_session")]  # noqa: SLF001 - as above


def search(
    vector: NDArray[np.float32], limit: int, business_type: str | None, collection: "Collection"
) -> list[Neighbour]:
    if business_type is None:
        return [neighbour for neighbour, _ in _query(collection, vector, limit)]
    for fetched in (limit * factor for factor in OVERFETCH if limit * factor <= FETCH_MOST):
        rows = _query(collection, vector, fetched, include_type=True)
        found = [neighbour for neighbour, its_type in rows if its_type == business_type]
        if len(found) >= limit:
            return found[:limit]
        if len(rows) < fetched:  # a small collection: filtering is cheap
            break
    rows = _query(collection, vector, limit, where={"business_type": business_type})
    return [neighbour for neighbour, _ in rows]


def _query(
    collection: "Collection",
    vector: NDArray[np.float32],
    limit: int,
    *,
    include_type: bool = False,
    where: dict[str, Any] | None = None,
) -> list[tuple[Neighbour, object]]:
    result = collection.query(
        query_embeddings=[vector],
        n_results=limit,
        where=where,
        include=["distances", "metadatas"] if include_type else ["distances"],
    )
    ids = result["ids"][0]
    (distances,) = result["distances"] or [[]]
    (metadatas,) = result["metadatas"] or [[{}] * len(ids)]
    return [
        (Neighbour(lead_id=lead_id, cosine=_cosine(distance)), metadata.get("business_type"))
        for lead_id, distance, metadata in zip(ids, distances, metadatas, strict=True)
    ]


def _cosine(distance: float) -> float:
    return max(-1.0, min(1.0, 1.0 - distance))  # float32: equal vectors are 1e-6 apart, either way


def write(points: Sequence[Point], collection: "Collection") -> None:
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


def delete(ids: list[str], collection: "Collection") -> None:
    collection.delete(ids=ids)


def remove_files(path: Path) -> None:
    for entry in path.iterdir():
        if entry.name.startswith("chroma.sqlite3"):
            entry.unlink()
        elif entry.is_dir() and _is_uuid(entry.name):
            shutil.rmtree(entry)


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def checked(vector: Vector) -> NDArray[np.float32]:
    if vector.shape != (DIMENSIONS,) or not np.isfinite(vector).all() or not vector.any():
        raise Refused(SERVICE, f"a vector needs {DIMENSIONS} finite numbers, not all 0")
    return vector
