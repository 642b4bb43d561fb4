"""Vectors and points for tests of the vector index."""

from datetime import UTC, datetime
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings

from core.ports import Point, Vector

CREATED = datetime(2026, 11, 12, 14, 5, 30, tzinfo=UTC)


def vector(seed: int) -> Vector:
    """One of many vectors, far from each other."""
    raw = np.random.default_rng(seed).normal(size=384)
    return np.asarray(raw / np.linalg.norm(raw), dtype=np.float32)


def between(first: Vector, second: Vector, share: float) -> Vector:
    """A vector some way from the first to the second."""
    raw = (1 - share) * first + share * second
    return np.asarray(raw / np.linalg.norm(raw), dtype=np.float32)


def point(number: int, *, business_type: str = "general", at: Vector | None = None) -> Point:
    """Lead ``lead-<number>`` at its own place, or at the given one."""
    return Point(
        lead_id=f"lead-{number}",
        vector=vector(number) if at is None else at,
        business_type=business_type,
        source="web_form",
        created_at=CREATED,
    )


def vendors_client(folder: Path) -> Client:
    """Chroma's own, to look at or prepare what ours finds."""
    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    assert isinstance(client, Client)
    return client
