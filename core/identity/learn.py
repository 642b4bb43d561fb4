"""Identity weights from what people answered: penalised likelihood around those in use; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.identity.clusters import clusters
from core.identity.compare import Comparison
from core.identity.weights import Weights

LEAST_LABELS = 20
"""Fewer say too little to move anything."""

FOLDS = 5

SPREAD = 1.5
"""Standard deviation (log2) of a weight around the one in use, before any label: 20 labels move little."""

MOVED = 0.05
"""A weight that moves less stays as it is, to people's eyes."""

_ROUNDS = 50
_STILL = 1e-6
_LN2 = float(np.log(2))

PRIOR, RELATIVE = ("prior", ""), ("relative", "guard")
"""The features that stand beside Weights.levels."""

Feature = tuple[str, str]
"""Field and level."""


@dataclass(frozen=True)
class Label:
    """Two leads, how their contacts compare, and whether a person called them one person's."""

    lead_id: str
    other_id: str
    comparison: Comparison
    same: bool


@dataclass(frozen=True)
class Fit:
    """How well weights say what people said.

    Attributes:
        log_loss: mean, in nats; 0.69 is a coin.
        accuracy: share of labels on the right side of even odds.
    """

    log_loss: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What the labels teach.

    Attributes:
        labels: how many there are, ``same`` of them of one person.
        before: of the weights in use.
        after: of learned ones, on labels that were held back from learning them.
        weights: learned from all labels.
        moved: field and level -> weight before and after, of those that move.
    """

    labels: int
    same: int
    before: Fit | None = None
    after: Fit | None = None
    weights: Weights
    moved: Mapping[Feature, tuple[float, float]]

    @property
    def why_not(self) -> str | None:
        """Why the learned weights should not be used; None if they should."""
        if self.labels < LEAST_LABELS:
            return f"{self.labels} answers so far; {LEAST_LABELS} are needed"
        if self.same in {0, self.labels}:
            return "all answers say the same; both kinds are needed"
        if self.before is None or self.after is None or self.after.log_loss >= self.before.log_loss:
            return "on held-back answers they are no better than those in use"
        return None


def learn(labels: Sequence[Label], weights: Weights) -> Lesson:
    """Estimate the weights anew, and how much better they are on labels that were held back.

    Held back are whole groups of leads that hang together by labels: else one person's leads would stand on
    both sides.
    """
    same = sum(label.same for label in labels)
    if not labels:
        return Lesson(labels=0, same=0, weights=weights, moved={})
    features = sorted({feature for label in labels for feature in _features(label.comparison)})
    design = np.array(
        [[_features(label.comparison).get(each, 0.0) for each in features] for label in labels], dtype=float
    )
    offset = np.array([label.comparison.weight for label in labels])
    truth = np.array([label.same for label in labels], dtype=float)
    held_back = np.empty(len(labels))
    folds = _folds(labels)
    for fold in range(FOLDS):
        away = folds == fold
        delta = _fitted(design[~away], offset[~away], truth[~away])
        held_back[away] = offset[away] + design[away] @ delta
    change = dict(zip(features, _fitted(design, offset, truth).tolist(), strict=True))
    learned = _changed(weights, change)
    return Lesson(
        labels=len(labels),
        same=same,
        before=_fit(offset, truth),
        after=_fit(held_back, truth),
        weights=learned,
        moved={
            feature: (_weight(weights, feature), _weight(learned, feature))
            for feature in features
            if abs(_weight(learned, feature) - _weight(weights, feature)) >= MOVED
        },
    )


def _features(comparison: Comparison) -> dict[Feature, float]:
    """The weights that a comparison adds up; what a common value loses (``name``) is none of them."""
    levels = {(each.field, each.level): 1.0 for each in comparison.findings if each.field != "name"}
    return {PRIOR: 1.0, **levels}


def _fitted(
    design: NDArray[np.float64], offset: NDArray[np.float64], truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The change of each weight (log2) that makes the labels likeliest, changes being normal around 0.

    Newton's method, a step that goes too far halved: what is minimised has one bottom.
    """

    def cost(change: NDArray[np.float64]) -> float:
        weight = _LN2 * (offset + design @ change)
        return float(np.sum(np.logaddexp(0, weight) - truth * weight) + change @ change / (2 * SPREAD**2))

    delta = np.zeros(design.shape[1])
    pull = np.eye(design.shape[1]) / SPREAD**2
    for _ in range(_ROUNDS):
        chance = _chance(offset + design @ delta)
        slope = _LN2 * design.T @ (chance - truth) + pull @ delta
        curve = _LN2**2 * (design.T * (chance * (1 - chance))) @ design + pull
        step = np.linalg.solve(curve, slope)
        while cost(delta - step) > cost(delta) and np.abs(step).max() >= _STILL:
            step /= 2
        delta = delta - step
        if np.abs(step).max() < _STILL:
            break
    return delta


def _chance(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1 / (1 + np.exp2(-np.clip(weight, -50, 50)))
    return chance


def _fit(weight: NDArray[np.float64], truth: NDArray[np.float64]) -> Fit:
    chance = np.clip(_chance(weight), 1e-9, 1 - 1e-9)
    loss = -np.mean(truth * np.log(chance) + (1 - truth) * np.log(1 - chance))
    return Fit(log_loss=float(loss), accuracy=float(np.mean((weight >= 0) == (truth > 0))))


def _folds(labels: Sequence[Label]) -> NDArray[np.int64]:
    """Label -> fold: groups of leads one after the other, the largest first, into the emptiest fold."""
    pairs = {(label.lead_id, label.other_id): 1.0 for label in labels}
    groups = clusters([lead_id for pair in pairs for lead_id in pair], pairs)
    group_of = {lead_id: at for at, group in enumerate(sorted(groups, key=min)) for lead_id in group}
    mine = np.array([group_of[label.lead_id] for label in labels])
    sizes = np.bincount(mine, minlength=len(groups))
    fold_of = np.zeros(len(groups), dtype=np.int64)
    filled = np.zeros(FOLDS)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    folds: NDArray[np.int64] = fold_of[mine]
    return folds


def _weight(weights: Weights, feature: Feature) -> float:
    if feature == PRIOR:
        return weights.prior
    return weights.relative if feature == RELATIVE else weights.levels[feature[0]][feature[1]]


def _changed(weights: Weights, change: Mapping[Feature, float]) -> Weights:
    """The weights with these changes, to two digits."""

    def new(feature: Feature) -> float:
        return round(_weight(weights, feature) + change.get(feature, 0.0), 2)

    levels = {
        field: {level: new((field, level)) for level in levels} for field, levels in weights.levels.items()
    }
    return weights.model_copy(
        update={"levels": levels, "prior": new(PRIOR), "relative": min(0.0, new(RELATIVE))}
    )
