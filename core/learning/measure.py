"""How good judgements are: confusion, F1, calibration and ranking, over pairs of truth and what was said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

BINS = 10
"""Equal steps of confidence that calibration is measured in."""

Pairs = Sequence[tuple[str, str]]
"""Truth and what was said, one pair a message."""


def confusion(pairs: Pairs) -> Mapping[tuple[str, str], int]:
    """How often a truth was said to be what."""
    return Counter(pairs)


def labels(pairs: Pairs) -> list[str]:
    """Every truth that there is, sorted: what is only ever said by mistake has no F1."""
    return sorted({truth for truth, _ in pairs})


def f1(pairs: Pairs, label: str) -> float:
    """The harmonic mean of precision and recall of one label, 0 to 1."""
    right = sum(truth == said == label for truth, said in pairs)
    named = sum(said == label for _, said in pairs)
    there = sum(truth == label for truth, _ in pairs)
    return 2 * right / (named + there) if right else 0.0


def macro_f1(pairs: Pairs) -> float:
    """The mean F1 of all labels, each counting the same; 0 without pairs."""
    there = labels(pairs)
    return sum(f1(pairs, label) for label in there) / len(there) if there else 0.0


def accuracy(pairs: Pairs) -> float:
    """The share that is right; 0 without pairs."""
    return sum(truth == said for truth, said in pairs) / len(pairs) if pairs else 0.0


def reliability(sure: Iterable[tuple[float, bool]]) -> list[tuple[float, float, int]]:
    """For each step of confidence that occurs: mean confidence, share that was right, and how many."""
    steps: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in sure:
        steps.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    return [
        (sum(c for c, _ in listed) / len(listed), sum(r for _, r in listed) / len(listed), len(listed))
        for _, listed in sorted(steps.items())
    ]


def calibration_error(sure: Sequence[tuple[float, bool]]) -> float:
    """ECE: how far confidence is from the share that was right, weighted by how many (Naeini 2015)."""
    return sum(abs(said - was) * count for said, was, count in reliability(sure)) / len(sure) if sure else 0.0


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a positive scores above a negative, ties counting half; 0.5 says nothing."""
    if not positives or not negatives:
        return 0.5
    above = sum((one > other) + (one == other) / 2 for one in positives for other in negatives)
    return above / (len(positives) * len(negatives))
