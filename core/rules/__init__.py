"""A message analysed by rules alone: what runs before the model answers, and whenever there is none."""

from collections.abc import Mapping
from datetime import datetime

from core.lead import Analysis, Contact, Entity, Intent
from core.learning.head import Head
from core.ports import Vector
from core.rules import entities, headline, scores
from core.rules.intents import Prototypes, embed_prototypes, likelihoods, weigh
from core.rules.language import ENGLISH, language
from core.rules.machine_talk import without_machine_talk
from core.rules.mentions import mentions
from core.rules.words import newest_part, words
from prompts import BusinessType

__all__ = ["MADE_BY", "Prototypes", "analyze_by_rules", "embed_prototypes", "log_odds_of"]

MADE_BY = "rules"
"""`model_used` of an analysis that no model had a part in."""

FOREIGN_DOUBT = 2.0
"""How many times less sure the rules are of what is not in English: their sentences and patterns are."""


def analyze_by_rules(
    message: str,
    contact: Contact,
    business: BusinessType,
    *,
    now: datetime,
    vector: Vector | None = None,
    prototypes: Prototypes | None = None,
    head: Head | None = None,
) -> Analysis:
    """What the message says, by patterns, words and (given both) nearness of its vector to the prototypes.

    ``head``: what the business's people taught; it then has the last word on the intent.

    Pure: the same arguments give the same analysis. Every entity's quote is a literal part of the message.
    Dates are read relative to ``now``, in its time zone. ``processing_time`` is left at 0 for the caller.
    """
    to_people = without_machine_talk(newest_part(message))
    newest = to_people if to_people.strip() else newest_part(message)
    among = words(to_people)
    spoken = language(newest)
    facts = entities.read(to_people, among, business, now)
    found = entities.standing(facts.entities, message)
    if spoken != ENGLISH:
        vector = None  # the embedding knows English only; the patterns know the commonest ways of six more
    log_odds = weigh(newest, vector, prototypes, concrete=_is_concrete(found, business))
    temperature = business.temperature
    if head is not None and vector is not None:
        log_odds, temperature = head.weigh(vector, log_odds), 1.0
    if spoken != ENGLISH:
        temperature *= FOREIGN_DOUBT
    likely = likelihoods(log_odds, temperature)
    intent, confidence = next(iter(likely.items()))
    urgency = scores.urgency(
        to_people,
        among,
        facts,
        business,
        intent,
        vector=vector if to_people.strip() else None,
        prototypes=prototypes,
    )
    points, reasons = scores.quality(newest, contact, found, business, intent, timed=bool(facts.timeframes))
    guide = business.intents.get(intent)
    return Analysis(
        wants=headline.wants(found, business, intent, newest),
        intent=intent,
        sub_intent=guide.sub_intent if guide else None,
        intent_confidence=round(confidence, 3),
        urgency=urgency.level,
        urgency_score=urgency.score,
        urgency_confidence=urgency.confidence,
        urgency_reason=urgency.reason,
        entities=found,
        mentions=entities.standing(mentions(newest_part(message, signed=True)), message),
        quality_score=points,
        quality_reasons=reasons,
        topics=headline.topics(found, business),
        language=spoken,
        summary=headline.summary(newest, found, business, intent, spoken),
        business_insights=entities.insights(among, facts, business, intent, now),
        model_used=MADE_BY,
        prompt_digest=business.digest,
        processing_time=0.0,
        analyzed_at=now,
    )


def log_odds_of(
    message: str,
    business: BusinessType,
    *,
    now: datetime,
    vector: Vector | None,
    prototypes: Prototypes | None,
) -> dict[Intent, float]:
    """The rules' own log-odds of each intent, before any head: what a head is trained on."""
    newest = newest_part(message)
    facts = entities.read(newest, words(newest), business, now)
    found = entities.standing(facts.entities, message)
    return weigh(newest, vector, prototypes, concrete=_is_concrete(found, business))


def _is_concrete(found: Mapping[str, tuple[Entity, ...]], business: BusinessType) -> bool:
    return any(found.get(name) for name in business.quality.concrete)
