"""Vectors of known texts come from a file, all others from the embedder, and nobody can tell."""

from pathlib import Path

import numpy as np

from core.adapters import known_texts
from core.adapters.known_texts import KnownTexts
from core.ports import DIMENSIONS, Embedder

TEXTS = ["Brakes squeal", "Ünïcode 😀", ""]


async def test_kept_vectors_are_those_of_the_embedder(embedder: Embedder, tmp_path: Path) -> None:
    made = await embedder.embed(TEXTS)
    known_texts.keep(tmp_path, embedder.model, TEXTS, made)
    known = KnownTexts(embedder, tmp_path)
    mixed = [TEXTS[1], "A new one", TEXTS[0], TEXTS[1]]
    assert np.array_equal(await known.embed(mixed), await embedder.embed(mixed))
    assert known.model == embedder.model


async def test_vectors_of_another_model_are_not_used(embedder: Embedder, tmp_path: Path) -> None:
    known_texts.keep(tmp_path, "another@1", TEXTS, np.zeros((len(TEXTS), DIMENSIONS), np.float32))
    known = KnownTexts(embedder, tmp_path)
    assert np.array_equal(await known.embed(TEXTS), await embedder.embed(TEXTS))


async def test_a_damaged_file_is_none(embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / known_texts.FILE).write_bytes(b"PK no zip")
    known = KnownTexts(embedder, tmp_path)
    assert (await known.embed(TEXTS)).shape == (len(TEXTS), DIMENSIONS)
    assert (await known.embed([])).shape == (0, DIMENSIONS)
