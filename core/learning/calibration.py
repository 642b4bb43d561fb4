"""How far probabilities can be taken at their word: predicted beside observed, in bins; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Predictions of about one size.

    Attributes:
        low, high: the probabilities in it: low <= p < high, the last bin with 1.
        count: how many there are.
        predicted: their mean.
        observed: share of them that came true.
    """

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def bins(predicted: Sequence[float], came_true: Sequence[bool]) -> tuple[Bin, ...]:
    """The predictions in BINS bins of equal width; empty ones are left out."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, truth in zip(predicted, came_true, strict=True):
        held[min(BINS - 1, int(probability * BINS))].append((probability, truth))
    return tuple(
        Bin(
            low=at / BINS,
            high=(at + 1) / BINS,
            count=len(pairs),
            predicted=sum(probability for probability, _ in pairs) / len(pairs),
            observed=sum(truth for _, truth in pairs) / len(pairs),
        )
        for at, pairs in enumerate(held)
        if pairs
    )


def calibration_error(found: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015): mean distance of predicted and observed, by count."""
    total = sum(each.count for each in found)
    return sum(each.count * abs(each.predicted - each.observed) for each in found) / total if total else 0.0
