"""Every embedded lead in 450 bytes of memory, so that a filtered search costs about as much as a free one.

Of each vector two coarser forms are kept. Its signs, a bit a dimension: the share of bits in which two
vectors differ tells their angle (Charikar, "Similarity estimation techniques from rounding algorithms",
2002), near enough to pick a thousand among all. And its numbers as bytes, which tell the cosine to 0.001 and
pick the few whose real vectors then decide. Measured in bench/similar.py; reasons: docs/decisions.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from core.lead import DeskStatus
from core.ports import DIMENSIONS, Vector
from core.similar.wanted import NOBODY, Wanted

WORDS = DIMENSIONS // 64
"""64-bit words of one vector's signs."""

BY_SIGNS = 1_000
"""Leads that the signs pick for a closer look: of the true 10 nearest they hold 99 % (bench/similar.py)."""

LEVELS = 127
"""The largest number of a vector as a byte."""

ABSENT = -1
"""In the column of statuses: there is no such lead."""

STATUSES = {status: code for code, status in enumerate(DeskStatus)}

TINY = 1e-12  # a vector of nothing but zeros must not divide by zero
GROWTH = 1.5  # pages that nothing was written to take no memory
SMALLEST = 1_024


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the sketch takes of a lead; ``number`` is that of ``L-1042``, without the letter."""

    number: int
    business_type: str
    desk_status: DeskStatus
    owner: str | None
    received_at: datetime
    vector: Vector


@dataclass
class _Columns:
    """A column an attribute, a place a lead; signs word by word, as they are compared."""

    signs: NDArray[np.uint64]
    bytes: NDArray[np.int8]
    scale: NDArray[np.float32]
    status: NDArray[np.int8]
    business_type: NDArray[np.int16]
    owner: NDArray[np.int32]
    received_at: NDArray[np.int64]

    @classmethod
    def empty(cls, places: int) -> "_Columns":
        return cls(
            np.zeros((WORDS, places), np.uint64),
            np.zeros((places, DIMENSIONS), np.int8),
            np.zeros(places, np.float32),
            np.full(places, ABSENT, np.int8),
            np.zeros(places, np.int16),
            np.zeros(places, np.int32),
            np.zeros(places, np.int64),
        )


class Sketch:
    """Attributes and signs of the leads, at the place of their number: numbers have few gaps."""

    def __init__(self) -> None:
        self._first = 0  # the number at place 0
        self._columns = _Columns.empty(0)
        self._business_types: dict[str, int] = {}
        self._owners: dict[str, int] = {}

    @property
    def nbytes(self) -> int:
        """Memory of the columns."""
        return sum(getattr(self._columns, each.name).nbytes for each in fields(_Columns))

    def put(self, rows: Sequence[Row]) -> None:
        """Add leads, or bring them up to date."""
        if not rows:
            return
        self._make_room(min(row.number for row in rows), max(row.number for row in rows))
        places = np.array([row.number - self._first for row in rows])
        columns = self._columns
        vectors = np.stack([row.vector for row in rows])
        columns.signs[:, places] = signs(vectors).T
        columns.scale[places] = scale = np.maximum(np.abs(vectors).max(axis=1), TINY) / LEVELS
        columns.bytes[places] = np.rint(vectors / scale[:, np.newaxis])
        columns.status[places] = [STATUSES[row.desk_status] for row in rows]
        columns.business_type[places] = [_code(self._business_types, row.business_type) for row in rows]
        columns.owner[places] = [_code(self._owners, row.owner or NOBODY) for row in rows]
        columns.received_at[places] = [_microseconds(row.received_at) for row in rows]

    def candidates(self, vector: Vector, wanted: Wanted, *, most: int) -> list[int]:
        """Numbers of the leads that are meant and nearest to the vector, in no order."""
        columns = self._columns
        places = np.flatnonzero(self._admitted(wanted))
        if len(places) > BY_SIGNS:
            distance = np.zeros(len(places), np.uint16)
            for word, own in zip(columns.signs, signs(vector[np.newaxis, :])[0], strict=True):
                distance += np.bitwise_count(word[places] ^ own)
            places = places[np.argpartition(distance, BY_SIGNS)[:BY_SIGNS]]
        if len(places) > most:
            cosines = (columns.bytes[places].astype(np.float32) @ vector) * columns.scale[places]
            places = places[np.argpartition(-cosines, most)[:most]]
        return [self._first + int(place) for place in places]

    def _admitted(self, wanted: Wanted) -> NDArray[np.bool_]:
        columns = self._columns
        admitted: NDArray[np.bool_] = columns.status != ABSENT
        if wanted.outcomes:
            admitted &= np.isin(columns.status, [STATUSES[status] for status in wanted.outcomes])
        if wanted.business_type is not None:
            admitted &= columns.business_type == self._business_types.get(wanted.business_type, ABSENT)
        if wanted.owner is not None:
            admitted &= columns.owner == self._owners.get(wanted.owner, ABSENT)
        if wanted.received_from is not None:
            admitted &= columns.received_at >= _microseconds(wanted.received_from)
        if wanted.received_before is not None:
            admitted &= columns.received_at < _microseconds(wanted.received_before)
        return admitted

    def _make_room(self, least: int, most: int) -> None:
        old, size = self._columns, len(self._columns.status)
        if size and self._first <= least and most < self._first + size:
            return
        first = min(self._first, least) if size else least
        end = max(self._first + size, most + 1) if size else most + 1
        columns = _Columns.empty(max(SMALLEST, int((end - first) * GROWTH)))
        if size:
            kept = slice(self._first - first, self._first - first + size)
            columns.signs[:, kept] = old.signs
            for each in fields(_Columns)[1:]:
                getattr(columns, each.name)[kept] = getattr(old, each.name)
        self._first, self._columns = first, columns


def signs(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """The signs of vectors of shape (n, 384): shape (n, 6), a bit a dimension."""
    packed: NDArray[np.uint64] = np.packbits(vectors > 0, axis=1).view(np.uint64)
    return packed


def _code(codes: dict[str, int], name: str) -> int:
    return codes.setdefault(name, len(codes))


def _microseconds(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * 1_000_000)
