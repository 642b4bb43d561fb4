"""What a business's people taught the rules: a linear layer over meaning and the rules' own log-odds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import AwareDatetime, ValidationError, model_validator

from core.lead import Intent, Value
from core.ports import DIMENSIONS, Vector

FOLDER = "heads"
"""Where heads lie in DATA_DIR, one JSON file a business type."""

ODDS_SCALE = 0.25
"""What the rules' log-odds are multiplied by to be of the size of a vector's parts."""


class Measured(Value):
    """Figures on labels that were held back from training."""

    labels: int
    macro_f1: float
    calibration_error: float


class Head(Value):
    """A trained layer: figures, and what it was trained and measured on.

    Attributes:
        coefficients: a row of 384 + 8 for each intent: the vector's parts, then the rules' scaled log-odds.
        temperature: what its log-odds are divided by (fitted on the held-back labels).
        prompt_digest: of the business's file; another file makes other log-odds, and the head is left out.
        embedding: name of the embedding.
    """

    business_type: str
    prompt_digest: str
    embedding: str
    trained_at: AwareDatetime
    trained_on: int
    before: Measured
    after: Measured
    intents: tuple[Intent, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    temperature: float

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        width = DIMENSIONS + len(Intent)
        if len(self.coefficients) != len(self.intents) or len(self.intercepts) != len(self.intents):
            raise ValueError("needs a row and an intercept for each intent")
        if any(len(row) != width for row in self.coefficients):
            raise ValueError(f"each row needs {width} figures")
        return self

    def weigh(self, vector: Vector, log_odds: Mapping[Intent, float]) -> dict[Intent, float]:
        """The intents' log-odds; an intent it was never taught keeps the least of them."""
        scores = np.asarray(self.coefficients) @ features(vector, log_odds) + np.asarray(self.intercepts)
        scores /= self.temperature
        told = {intent: float(score) for intent, score in zip(self.intents, scores, strict=True)}
        least = min(told.values())
        return {intent: told.get(intent, least - 1.0) for intent in Intent}


def features(
    vector: Vector, log_odds: Mapping[Intent, float]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a head sees of a message: shape (384 + 8,)."""
    odds = np.array([log_odds[intent] for intent in Intent], dtype=np.float64)
    return np.concatenate([np.asarray(vector, dtype=np.float64), (odds - odds.max()) * ODDS_SCALE])


def load_heads(folder: Path, digests: Mapping[str, str]) -> tuple[dict[str, Head], Sequence[str]]:
    """The heads in ``DATA_DIR/heads`` that fit the business types' files, and why the others do not.

    Args:
        folder: the data directory.
        digests: business type -> digest of its file.
    """
    heads, left_out = {}, []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            head = Head.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            left_out.append(f"{path.name}: cannot be read ({type(error).__name__})")
            continue
        if digests.get(head.business_type) != head.prompt_digest:
            left_out.append(
                f"{path.name}: its business type's file has changed; run `basecamp learn analysis`"
            )
            continue
        heads[head.business_type] = head
    return heads, left_out


def keep_head(folder: Path, head: Head) -> Path:
    """Write the head into ``DATA_DIR/heads``, whole or not at all; returns where it is."""
    path = folder / FOLDER / f"{head.business_type}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(head.model_dump(mode="json")), encoding="utf-8")
    unfinished.replace(path)
    return path
