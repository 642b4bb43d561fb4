"""Whether two messages of one person ask the same: words, meaning, reminders, time, contradicting facts.

A logistic model over a few readable features. Its coefficients were fitted on 184 pairs of one person's
messages of a public labelled set and 600 pairs of alike messages of different persons (grouped
cross-validation: 2 of the 184 wrong, log loss 0.05), then rounded.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from core.dedupe.gist import WEAK, content_words, gist, is_follow_up
from core.rules.vehicles import Vehicle, vehicles

WITH_MEANING: Mapping[str, float] = {
    "base": -0.4,
    "cosine": 3.0,  # of the gists' embeddings, minus 0.5
    "words": 5.5,  # share of the shorter one's content words that the other has, minus 0.5
    "letters": 2.1,  # the better of edit and partial ratio, minus 0.6
    "follow_up": 0.5,
    "days": -1.0,  # log(1 + days), up to two weeks, minus 1
    "late": -1.3,  # fortnights beyond the first
    "same_car": 1.5,
    "other_car": -4.0,
}
WITHOUT_MEANING: Mapping[str, float] = {
    **WITH_MEANING,
    "cosine": 0.0,
    "words": 6.5,
    "letters": 3.5,
    "base": -0.5,
}
"""When the embedding is away: the words have to carry it."""

FORTNIGHT = 14.0
"""Days in which a re-sent message is the same request; after two months the same words are a new one."""

_LATE_MOST = 7.0
_FEW = 2.0  # telling words; one alone ("where is my card?") is too little to go by
_TYPO_LEAST = 5  # letters of a word in which one slip is forgiven
_WEAK_WEIGHT = 0.3
"""Words that half of all requests share."""


class Request(BaseModel):
    """What one message asks, and when it came."""

    model_config = ConfigDict(frozen=True)

    message: str
    at: datetime

    @cached_property
    def gist(self) -> str:
        """What is asked, in lower case."""
        return gist(self.message).casefold()

    @cached_property
    def words(self) -> frozenset[str]:
        """Its telling words."""
        return content_words(self.gist)

    @cached_property
    def cars(self) -> tuple[Vehicle, ...]:
        """The cars it names."""
        return tuple(vehicles(gist(self.message)[:2_000]))

    @cached_property
    def is_follow_up(self) -> bool:
        """Whether it reminds of something asked before."""
        return is_follow_up(self.message)


class Sameness(BaseModel):
    """How likely two messages of one person are one request, and what speaks for and against it.

    Attributes:
        probability: 0..1.
        words: share of the shorter message's telling words that the other has, 0..1.
        letters: 0..1, 1 is the same text.
        cosine: of the embeddings; None without them.
        days: between the two.
        other_car: two different vehicles are named.
    """

    model_config = ConfigDict(frozen=True)

    probability: float
    words: float
    letters: float
    cosine: float | None
    days: float
    follow_up: bool
    other_car: bool

    @property
    def alike(self) -> float:
        """One figure for people: how much alike the messages are, 0..1."""
        return max(self.letters, self.cosine or 0.0, self.words * 0.95 if self.words > 0.8 else 0.0)  # noqa: PLR2004

    @property
    def is_nearly_equal(self) -> bool:
        """The same text, typing errors aside."""
        return self.letters > 0.9 or (self.letters > 0.7 and self.words == 1.0)  # noqa: PLR2004


def sameness(
    newer: Request,
    earlier: Request,
    cosine: float | None,
    *,
    with_meaning: Mapping[str, float] = WITH_MEANING,
    without_meaning: Mapping[str, float] = WITHOUT_MEANING,
) -> Sameness:
    """Whether a person who asked the earlier one asks the same with the newer."""
    factor = without_meaning if cosine is None else with_meaning
    words = _overlap(newer.words, earlier.words)
    letters = _letters(newer.gist, earlier.gist)
    days = abs((newer.at - earlier.at).total_seconds()) / 86_400
    same_car, other_car = _cars(newer, earlier)
    follow_up = newer.is_follow_up
    logit = (
        factor["base"]
        + factor["cosine"] * (max(cosine or 0.0, 0.0) - 0.5)
        + factor["words"] * (words - 0.5)
        + factor["letters"] * (letters - 0.6)
        + factor["follow_up"] * follow_up
        + factor["days"] * (math.log1p(min(days, FORTNIGHT)) - 1)
        + factor["late"] * min(_LATE_MOST, max(0.0, days - FORTNIGHT) / FORTNIGHT)
        + factor["same_car"] * same_car
        + factor["other_car"] * other_car
    )
    return Sameness(
        probability=1 / (1 + math.exp(-logit)),
        words=words,
        letters=letters,
        cosine=cosine,
        days=days,
        follow_up=follow_up,
        other_car=other_car,
    )


def _letters(one: str, other: str) -> float:
    longest = 2_000  # characters: alignment of more costs milliseconds and says nothing more
    one, other = one[:longest], other[:longest]
    return max(fuzz.ratio(one, other), fuzz.partial_ratio(one, other)) / 100


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the shorter text's words, by weight, that the other has, one slip of the finger forgiven."""
    fewer, more = sorted((one, other), key=lambda words: sum(map(_weight, words)))
    total = sum(map(_weight, fewer))
    if not total:
        return 0.0
    return sum(_weight(word) for word in fewer if word in more or _typo_of(word, more)) / max(total, _FEW)


def _weight(word: str) -> float:
    return _WEAK_WEIGHT if word in WEAK else 1.0


def _typo_of(word: str, among: frozenset[str]) -> bool:
    if len(word) < _TYPO_LEAST or word.isdigit():
        return False
    return any(
        abs(len(word) - len(other)) <= 1 and DamerauLevenshtein.distance(word, other, score_cutoff=1) <= 1
        for other in among
    )


def _cars(newer: Request, earlier: Request) -> tuple[bool, bool]:
    """Whether the two name one car, and whether they name two different ones."""
    ours, theirs = newer.cars, earlier.cars
    years = {car.year for car in ours} - {None}, {car.year for car in theirs} - {None}
    models = {car.model for car in ours} - {None}, {car.model for car in theirs} - {None}
    if years[0] and years[1]:
        return bool(years[0] & years[1]), not years[0] & years[1]
    if models[0] and models[1]:
        return bool(models[0] & models[1]), not models[0] & models[1]
    return False, False
