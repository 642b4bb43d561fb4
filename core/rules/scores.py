"""How urgent and how good a lead is, as figures with their reasons in words."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.lead import Contact, Entity, Intent, Urgency
from core.ports import Vector
from core.rules.entities import Facts
from core.rules.intents import Prototypes
from core.rules.words import Lexicon, Word, one_line, shortened
from prompts import BusinessType

LEVELS = ((0.75, Urgency.URGENT), (0.5, Urgency.HIGH), (0.3, Urgency.MEDIUM), (0.0, Urgency.LOW))
"""From which score on a level holds."""

_BASE = {
    Intent.COMPLAINT: 0.42,
    Intent.APPOINTMENT_REQUEST: 0.38,
    Intent.SUPPORT: 0.36,
    Intent.QUOTE_REQUEST: 0.32,
    Intent.INQUIRY: 0.25,
    Intent.GENERAL: 0.15,
    Intent.SPAM: 0.02,
    Intent.SOLICITATION: 0.05,
}
_URGENT_WORD, _HIGH_WORD, _EACH_MORE = 0.85, 0.62, 0.03
_MEANING_WEIGHS = 0.2
"""How far the nearness to urgent or calm prototypes moves the score at most."""

_REACHABLE, _NAMED, _CONCRETE, _MORE_CONCRETE, _TIMED, _TOLD, _WANTED = 30, 10, 22, 8, 10, 10, 10
_WORDS_THAT_TELL = 12
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(r"(?:\+?\d[\s().-]{0,2}){7,15}")
_READY = {Intent.APPOINTMENT_REQUEST, Intent.QUOTE_REQUEST}
_UNWANTED = {Intent.SPAM: 5, Intent.SOLICITATION: 10}


@dataclass(frozen=True, slots=True)
class UrgencyReading:
    """How urgent: the score 0-1, how sure, and why in words."""

    score: float
    confidence: float
    reason: str

    @property
    def level(self) -> Urgency:
        """The score's level."""
        return level(self.score)


def level(score: float) -> Urgency:
    """The urgency level of a score 0-1."""
    return next(name for least, name in LEVELS if score >= least)


def urgency(
    text: str,
    among: list[Word],
    facts: Facts,
    business: BusinessType,
    intent: Intent,
    *,
    vector: Vector | None,
    prototypes: Prototypes | None,
) -> UrgencyReading:
    """How soon somebody must act, by its words, the times it names and its nearness to urgent sentences."""
    if intent in _UNWANTED:
        return UrgencyReading(_BASE[intent], 0.9, "nothing to act on")
    score, reason = _BASE[intent], "nothing in it is pressing"
    said = [(hit.value, text[hit.start : hit.end]) for hit in _urgency_lexicon(business).find(among)]
    for value, floor in (("high", _HIGH_WORD), ("urgent", _URGENT_WORD)):
        quotes = list(dict.fromkeys(one_line(quote).casefold() for word, quote in said if word == value))
        if quotes:
            score = max(score, min(floor + _EACH_MORE * (len(quotes) - 1), floor + 0.12))
            reason = f"says {_quoted(quotes[:2])}"
    days = min(
        (frame.days for frame in facts.timeframes if frame.days is not None and frame.days >= 0), default=None
    )
    if days is not None:
        timed = _timed(days)
        if timed > score:
            score, reason = timed, f"wants it {_from_now(days)}"
    calm = list(dict.fromkeys(quote for word, quote in said if word == "low"))
    if calm and score < _URGENT_WORD:
        score, reason = min(score, 0.2), f"says {_quoted([one_line(calm[0]).casefold()])}"
    if vector is not None and prototypes is not None and len(prototypes.urgent) and len(prototypes.calm):
        shift = _MEANING_WEIGHS * _meaning(vector, prototypes)
        if score + shift >= LEVELS[1][0] > score:
            reason = "reads like something that cannot wait"
        score = min(0.98, max(0.02, score + shift))
    nearest = min(abs(score - least) for least, _ in LEVELS[:-1])
    return UrgencyReading(round(score, 3), round(0.55 + min(0.4, 2 * nearest), 3), reason)


def quality(
    message: str,
    contact: Contact,
    entities: Mapping[str, tuple[Entity, ...]],
    business: BusinessType,
    intent: Intent,
    *,
    timed: bool,
) -> tuple[int, tuple[str, ...]]:
    """0-100 and what speaks for and against, first what matters most; the same rule for model and rules."""
    points, reasons = _reachability(message, contact)
    if contact.name:
        points += _NAMED
    concrete = [(name, entity) for name in business.quality.concrete for entity in entities.get(name, ())]
    if concrete:
        name, first = concrete[0]
        points += _CONCRETE + (_MORE_CONCRETE if len({kind for kind, _ in concrete}) > 1 else 0)
        reasons.append(
            f"says what it is about: {first.value}" if name not in business.hidden else "is concrete"
        )
    else:
        reasons.append("does not say what it is about")
    if timed:
        points += _TIMED
        reasons.append("names a time")
    if len(message.split()) >= _WORDS_THAT_TELL:
        points += _TOLD
    else:
        reasons.append("very short")
    if intent in _READY:
        points += _WANTED
        reasons.append("asks for a price" if intent is Intent.QUOTE_REQUEST else "wants to come")
    if intent in _UNWANTED:
        return min(points, _UNWANTED[intent]), ("spam" if intent is Intent.SPAM else "a sales pitch",)
    return points, tuple(reasons)


def _reachability(message: str, contact: Contact) -> tuple[int, list[str]]:
    ways = [way for way, given in (("e-mail", contact.email), ("phone", contact.phone)) if given]
    if ways:
        points = _REACHABLE if len(ways) > 1 else _REACHABLE - 5
        return points, [f"can be reached by {' and '.join(ways)}"]
    if _EMAIL.search(message) or _PHONE.search(message):
        return _REACHABLE - 10, ["says in the text how to reach them"]
    return 0, ["no way to reach them"]


def _from_now(days: float) -> str:
    whole = math.ceil(days)
    return {0: "today", 1: "tomorrow"}.get(whole, f"in {whole} days")


def _timed(days: float) -> float:
    """A score for something wanted in so many days."""
    for within, score in ((0.99, 0.66), (1.99, 0.6), (3, 0.5), (7, 0.42), (31, 0.33)):
        if days <= within:
            return score
    return 0.2


def _meaning(vector: Vector, prototypes: Prototypes) -> float:
    """-1 calm to 1 urgent."""
    urgent = np.sort(prototypes.urgent @ vector)[-2:].mean()
    calm = np.sort(prototypes.calm @ vector)[-2:].mean()
    return math.tanh(4 * float(urgent - calm))


def _quoted(quotes: list[str]) -> str:
    return " and ".join(f"“{shortened(quote, 40)}”" for quote in quotes)


@lru_cache(maxsize=64)
def _urgency_lexicon(business: BusinessType) -> Lexicon:
    trade, everyday = business.urgency, business.everyday.urgency
    return Lexicon(
        {
            "urgent": (*trade.urgent, *everyday.urgent),
            "high": (*trade.high, *everyday.high),
            "low": (*trade.low, *everyday.low),
        }
    )
