"""Learning from corrections: a head for each business type, trained on some labels, judged on the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import numpy as np

from core.errors import Refused
from core.lead import Intent
from core.learning import measure
from core.learning.head import Head, Measured, features
from core.ports import Vector
from core.rules.intents import likelihoods
from prompts import BusinessType

FEWEST = 30
"""Fewest labels of a business type that anything is learnt from."""

FEWEST_HELD_BACK = 8
"""Fewest labels to judge by."""

HELD_BACK = 3
"""One label in so many is held back, always the same ones: by the hash of its lead's id."""

STRICTNESS = 1.0
"""Inverse regularisation of the logistic regression; figures on held-back labels decide, not this one."""

TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Taught:
    """A message that a person judged, and how rules and model read it.

    Attributes:
        log_odds: the rules' own, without any head.
        model: the intent that a language model answered, if one was asked.
    """

    lead_id: str
    intent: Intent
    vector: Vector
    log_odds: dict[Intent, float]
    model: Intent | None = None


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What came of a business type's labels.

    Attributes:
        head: the trained head, better or not; None when there was too little to learn from.
        why_not: why it should not take effect, None when it should.
        model: of the held-back labels that a model answered to: how many, the model's macro-F1, the rules'.
    """

    business_type: str
    labels: int
    head: Head | None = None
    why_not: str | None = None
    model: tuple[int, float, float] | None = None


def learn(taught: Sequence[Taught], business: BusinessType, *, embedding: str, now: datetime) -> Lesson:
    """Train a head on two thirds of the labels and compare it with the rules on the last third."""
    kept = [each for each in taught if _held_back(each.lead_id)]
    trained_on = [each for each in taught if not _held_back(each.lead_id)]
    counts = Counter(each.intent for each in trained_on)
    lesson = Lesson(business_type=business.name, labels=len(taught), model=_beside_model(kept))
    if len(taught) < FEWEST or len(kept) < FEWEST_HELD_BACK or len(counts) < 2:  # noqa: PLR2004  # one teaches nothing
        few = f"too few: {len(taught)} labels of {len(counts)} intents, {FEWEST} of two are needed"
        return replace(lesson, why_not=few)
    before = _measured([(each.intent, each.log_odds) for each in kept], business.temperature)
    head = _trained(trained_on, business, embedding, now, before)
    odds = [(each.intent, head.weigh(each.vector, each.log_odds)) for each in kept]
    temperature = min(TEMPERATURES, key=lambda degree: _surprise(odds, degree))
    head = head.model_copy(update={"temperature": temperature, "after": _measured(odds, temperature)})
    worse = head.after.macro_f1 <= before.macro_f1
    return replace(
        lesson, head=head, why_not="no better than the rules on held-back labels" if worse else None
    )


def _held_back(lead_id: str) -> bool:
    return sha256(lead_id.encode()).digest()[0] % HELD_BACK == 0


def _trained(
    taught: Sequence[Taught], business: BusinessType, embedding: str, now: datetime, before: Measured
) -> Head:
    try:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, and an extra
    except ImportError:
        raise Refused("learn", "scikit-learn is missing: pip install 'basecamp-slack[learn]'") from None
    rows = np.stack([features(each.vector, each.log_odds) for each in taught])
    model = LogisticRegression(C=STRICTNESS, class_weight="balanced", max_iter=2_000)
    model.fit(rows, [each.intent.value for each in taught])
    two = len(model.classes_) == 2  # noqa: PLR2004  # scikit-learn then keeps one row, of the second class
    coefficients = np.concatenate([-model.coef_, model.coef_]) / 2 if two else model.coef_
    intercepts = np.concatenate([-model.intercept_, model.intercept_]) / 2 if two else model.intercept_
    return Head(
        business_type=business.name,
        prompt_digest=business.digest,
        embedding=embedding,
        trained_at=now,
        trained_on=len(taught),
        before=before,
        after=before,
        intents=tuple(Intent(name) for name in model.classes_),
        coefficients=tuple(tuple(round(float(part), 6) for part in row) for row in coefficients),
        intercepts=tuple(round(float(part), 6) for part in intercepts),
        temperature=1.0,
    )


def _measured(judged: Sequence[tuple[Intent, dict[Intent, float]]], temperature: float) -> Measured:
    pairs, sure = [], []
    for truth, odds in judged:
        said, confidence = next(iter(likelihoods(odds, temperature).items()))
        pairs.append((truth.value, said.value))
        sure.append((confidence, said is truth))
    return Measured(
        labels=len(judged),
        macro_f1=round(measure.macro_f1(pairs), 4),
        calibration_error=round(measure.calibration_error(sure), 4),
    )


def _surprise(judged: Sequence[tuple[Intent, dict[Intent, float]]], temperature: float) -> float:
    """Mean negative log-likelihood of what people said."""
    return -float(np.mean([np.log(likelihoods(odds, temperature)[truth] + 1e-12) for truth, odds in judged]))


def _beside_model(kept: Sequence[Taught]) -> tuple[int, float, float] | None:
    answered = [each for each in kept if each.model is not None]
    if not answered:
        return None
    model = [(each.intent.value, str(each.model)) for each in answered]
    rules = [(each.intent.value, next(iter(likelihoods(each.log_odds))).value) for each in answered]
    return len(answered), measure.macro_f1(model), measure.macro_f1(rules)
