"""What is believed of a model's answer: facts quoted from the message, scores near the rules' own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from core.lead import Analysis, Contact, Entity, Intent, Urgency
from core.model.question import ALIASES, Answer, Quoted
from core.rules import headline, junk, scores
from core.rules.entities import lexicon, standing, without_hidden
from core.rules.machine_talk import speaks_to_machine
from core.rules.timeframe import timeframes
from core.rules.words import Lexicon, inert, newest_part, one_line, shortened, words
from prompts import BusinessType

URGENCY_REACH = 0.25
QUALITY_REACH = 15
"""How far a model may move the rules' own scores: urgency by one level of four, quality by 15 of 100."""

JUNK_AGREED = 0.3
"""The junk score from which a model's "spam" or "solicitation" is believed."""

JUNK_SURE = 0.8
"""The confidence from which the rules' "spam" stands against a model that says otherwise."""

MODEL_RIGHT = 0.8
"""How often a model names the right intent: assumed; `basecamp learn analysis` shows it on your labels."""

QUOTE_MAX = 300

Number = TypeVar("Number", int, float)

_UNWANTED = {Intent.SPAM, Intent.SOLICITATION}
_MIDDLE = {Urgency.LOW: 0.15, Urgency.MEDIUM: 0.4, Urgency.HIGH: 0.62, Urgency.URGENT: 0.87}
_APOSTROPHES = r"['\u2018\u2019]"


def believed(
    answer: Answer, rules: Analysis, message: str, contact: Contact, business: BusinessType, *, model: str
) -> Analysis:
    """The analysis that a model's answer amounts to, given the rules' own of the same message.

    A message that seems to talk to the model instead of to people gets its facts from the answer, but keeps
    the rules' intent, scores and words.
    """
    newest = newest_part(message)
    entities = standing(
        {
            name: grounded(answer.found(name), newest, lexicon(business, name))
            or rules.entities.get(name, ())
            for name in business.entities
        },
        message,
    )
    told: dict[str, Any] = {
        "entities": entities,
        "topics": headline.topics(entities, business),
        "business_insights": _insights(answer, rules, business),
        "model_used": model,
    }
    if speaks_to_machine(message):
        return rules.model_copy(update=told)
    intent, sub_intent = _intent(answer, rules, newest, business)
    urgency = _urgency(answer, rules, newest, intent)
    timed = bool(timeframes(newest, rules.analyzed_at))
    points, reasons = scores.quality(newest, contact, entities, business, intent, timed=timed)
    agreed = intent is rules.intent
    told |= {
        "wants": _wants(answer, rules, entities, business, intent),
        "intent": intent,
        "sub_intent": sub_intent,
        "intent_confidence": round(_confidence(rules.intent_confidence, agreed=agreed), 3),
        "urgency": scores.level(urgency.score),
        "urgency_score": urgency.score,
        "urgency_confidence": urgency.confidence,
        "urgency_reason": urgency.reason,
        "quality_score": _near(points, rules.quality_score, QUALITY_REACH),
        "quality_reasons": reasons,
        "summary": _shown(answer.summary, entities, business, headline.SUMMARY_MAX) or rules.summary,
    }
    return rules.model_copy(update=told)


def grounded(found: Sequence[Quoted], text: str, known: Lexicon) -> tuple[Entity, ...]:
    """The facts whose quote stands in the text, with the quote as it stands there; the others are dropped.

    A value that the quote does not bear out becomes what the business's own words make of the quote, else the
    quote itself: a model may shorten what it read, not add to it.
    """
    kept: dict[str, Entity] = {}
    for fact in found:
        quote = literal(fact.quote, text)
        if quote is None:
            continue
        value = shortened(inert(_borne_out(fact.value, quote, known)), 80)
        if value:
            kept.setdefault(value.casefold(), Entity(value=value, quote=quote))
    return tuple(kept.values())


def literal(quote: str, text: str) -> str | None:
    """The part of the text that a quote copies, whatever its case, spaces and apostrophes; None if none."""
    parts = quote.split()
    if not parts or len(quote) > QUOTE_MAX or not any(mark.isalnum() for mark in quote):
        return None
    escaped = [re.sub(_APOSTROPHES, lambda _: _APOSTROPHES, re.escape(part)) for part in parts]
    pattern = r"\s+".join(escaped)
    before = r"(?<!\w)" if parts[0][0].isalnum() else ""
    after = r"(?!\w)" if parts[-1][-1].isalnum() else ""
    match = re.search(before + pattern + after, text, re.IGNORECASE)
    return match[0] if match else None


def _borne_out(value: str, quote: str, known: Lexicon) -> str:
    said, quoted = words(value), words(quote)
    forms = {word.form for word in quoted}
    if said and all(word.form in forms for word in said):
        return value
    meant = known.find(quoted)
    return meant[0].value if meant else one_line(quote)


def _intent(
    answer: Answer, rules: Analysis, newest: str, business: BusinessType
) -> tuple[Intent, str | None]:
    said = answer.intent.strip().lower()
    meant = ALIASES.get(said)
    intent = meant or (Intent(said) if said in set(Intent) else Intent.GENERAL)
    guide = business.intents.get(intent)
    sub_intent = said if meant else guide.sub_intent if guide else None
    junk_score = max(junk.spam_score(newest), junk.solicitation_score(newest))
    alone = intent in _UNWANTED and rules.intent not in _UNWANTED and junk_score < JUNK_AGREED
    sure = rules.intent in _UNWANTED and intent not in _UNWANTED and rules.intent_confidence >= JUNK_SURE
    return (rules.intent, rules.sub_intent) if alone or sure else (intent, sub_intent)


def _confidence(rules: float, *, agreed: bool) -> float:
    """How likely the model's intent is, given how likely the rules hold theirs (Bayes; all others alike)."""
    others = len(Intent) - 1
    other = (1 - rules) / others
    said = rules if agreed else other
    unsaid = 1 - said
    return said * MODEL_RIGHT / (said * MODEL_RIGHT + unsaid * (1 - MODEL_RIGHT) / others)


def _urgency(answer: Answer, rules: Analysis, newest: str, intent: Intent) -> scores.UrgencyReading:
    own = scores.UrgencyReading(rules.urgency_score, rules.urgency_confidence, rules.urgency_reason)
    quote = literal(answer.urgency_quote, newest)
    said = _near(_MIDDLE[Urgency(answer.urgency)], own.score, URGENCY_REACH)
    if intent in _UNWANTED or scores.level(own.score) == answer.urgency:
        return own
    if said > own.score and quote is None:  # more urgent, but nothing in the message says so
        return own
    reason = f"reads as {answer.urgency}" if quote is None else f"says “{shortened(inert(quote), 60)}”"
    return scores.UrgencyReading(round(said, 3), 0.6, reason)


def _wants(
    answer: Answer,
    rules: Analysis,
    entities: Mapping[str, tuple[Entity, ...]],
    business: BusinessType,
    intent: Intent,
) -> str:
    if intent in _UNWANTED:
        return headline.wants(entities, business, intent)
    return headline.headline(_shown(answer.wants, entities, business, headline.WANTS_MAX)) or rules.wants


def _shown(text: str, entities: Mapping[str, tuple[Entity, ...]], business: BusinessType, limit: int) -> str:
    facts = (entity for name in business.hidden for entity in entities[name])
    hidden = [part for entity in facts for part in (entity.quote, entity.value)]
    return shortened(inert(without_hidden(one_line(text), business, hidden)), limit)


def _insights(answer: Answer, rules: Analysis, business: BusinessType) -> dict[str, str]:
    answers = dict(rules.business_insights)
    for name, guide in business.insights.items():
        said = answer.insight(name)
        if said in guide.allowed:
            answers[name] = str(said)
    return answers


def _near(said: Number, own: Number, reach: Number) -> Number:
    return min(max(said, own - reach), own + reach)
