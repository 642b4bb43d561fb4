"""Vectors of texts that every start needs, kept beside the model: 700 sentences take 4 s to embed."""

from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog
from numpy.typing import NDArray

from core.ports import DIMENSIONS, Embedder, Vector

log = structlog.get_logger()

FILE = "known_texts.npz"


class KnownTexts:
    """An embedder that has the vectors of some texts at hand, and asks another one for all others."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        """What ``folder`` holds is used if it is of the same model; a missing or damaged file is none."""
        self._embedder = embedder
        self._known = _load(folder / FILE, embedder.model)

    @property
    def model(self) -> str:
        """As the embedder."""
        return self._embedder.model

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the embedder."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        made = dict(zip(new, await self._embedder.embed(new), strict=True)) if new else {}
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        return np.stack([made[text] if text in made else self._known[text] for text in texts])


def keep(folder: Path, model: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write the vectors of these texts, whole or not at all; they replace what was kept before."""
    unfinished = folder / f"{FILE}.part"
    with unfinished.open("wb") as file:
        np.savez(file, model=np.array(model), texts=np.array(texts), vectors=vectors)
    unfinished.replace(folder / FILE)


def _load(file: Path, model: str) -> dict[str, Vector]:
    try:
        with np.load(file, allow_pickle=False) as kept:
            if str(kept["model"]) != model:
                return {}
            return dict(zip(kept["texts"].tolist(), kept["vectors"].astype(np.float32), strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("known_texts_unreadable", why=type(error).__name__)
        return {}
