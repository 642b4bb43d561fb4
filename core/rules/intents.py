"""What the writer wants, judged without a model: patterns of asking, and the nearest prototype sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.lead import Intent
from core.ports import Embedder, Vector
from core.rules import junk
from core.rules.asking import PATTERNS
from prompts import BusinessType

READ = 2_000
"""Characters that the patterns look at: what is wanted is said early."""

SHARPNESS = 20.0
"""How much a nearer prototype counts more; 5: 0.78 macro-F1 on the public intents, 12: 0.85, 20: 0.87."""

JUNK_WEIGHS = 6.0
"""What a certain junk score adds to its intent, in log units."""

NO_JUNK_WEIGHS = 1.5
"""What spam and sales pitches lose when no pattern of theirs is there. Nearness alone once took "I want a new
phone connection" for spam, and a lead in the quiet lane costs more than an advertisement on the desk."""

CONCRETE_WEIGHS = 1.0
"""What naming a service takes from small talk, in log units."""

_ALONE = {Intent.GENERAL: 0.6, Intent.INQUIRY: 0.3}
"""Where a message leans that nothing speaks for, when there are no prototypes."""


@dataclass(frozen=True, eq=False)
class Prototypes:
    """A business's prototype sentences as vectors: what to compare a message with.

    ``vectors`` has shape (n, 384), rows of unit length; ``starts`` says at which row each intent begins.
    """

    digest: str
    intents: tuple[Intent, ...]
    starts: tuple[int, ...]
    vectors: NDArray[np.float32]
    urgent: NDArray[np.float32]
    calm: NDArray[np.float32]


async def embed_prototypes(business: BusinessType, embedder: Embedder) -> Prototypes:
    """The business's prototypes, embedded in one call; raises what the embedder raises."""
    groups = [business.prototypes(intent) for intent in Intent]
    urgent = business.everyday.urgency.urgent_examples + business.urgency.urgent_examples
    calm = business.everyday.urgency.calm_examples + business.urgency.calm_examples
    rows = await embedder.embed([text for group in (*groups, urgent, calm) for text in group])
    ends = np.cumsum([len(group) for group in (*groups, urgent, calm)])
    return Prototypes(
        digest=business.digest,
        intents=tuple(Intent),
        starts=(0, *(int(end) for end in ends[: len(groups) - 1])),
        vectors=rows[: ends[len(groups) - 1]],
        urgent=rows[ends[len(groups) - 1] : ends[len(groups)]],
        calm=rows[ends[len(groups)] :],
    )


def judge(
    text: str, vector: Vector | None, prototypes: Prototypes | None, *, concrete: bool = False
) -> Mapping[Intent, float]:
    """How likely each intent is, adding up to 1, the likeliest first.

    ``concrete``: the message names something the business does, so it is hardly small talk.
    """
    weights = dict.fromkeys(Intent, 0.0)
    if vector is not None and prototypes is not None:
        weights = _nearness(vector, prototypes)
    else:
        weights |= _ALONE
    read = text[:READ].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    best: dict[Intent, float] = {}
    for intent, weight, pattern in PATTERNS:
        if weight > best.get(intent, 0) and pattern.search(read):
            best[intent] = weight
    for intent, weight in best.items():
        weights[intent] += weight
    if concrete:
        weights[Intent.GENERAL] -= CONCRETE_WEIGHS
    for intent, score in (
        (Intent.SPAM, junk.spam_score(text)),
        (Intent.SOLICITATION, junk.solicitation_score(text)),
    ):
        weights[intent] += JUNK_WEIGHS * score if score else -NO_JUNK_WEIGHS
    top = max(weights.values())
    shares = {intent: math.exp(weight - top) for intent, weight in weights.items()}
    total = sum(shares.values())
    return {intent: share / total for intent, share in sorted(shares.items(), key=lambda pair: -pair[1])}


def _nearness(vector: Vector, prototypes: Prototypes) -> dict[Intent, float]:
    near = np.exp(SHARPNESS * (prototypes.vectors @ vector))
    means = np.add.reduceat(near, prototypes.starts) / np.diff([*prototypes.starts, len(near)])
    return {intent: float(math.log(mean)) for intent, mean in zip(prototypes.intents, means, strict=True)}
