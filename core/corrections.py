"""What a person says of an analysis: checked, applied to the lead at once, kept as a label to learn from."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from core.errors import NotAllowed
from core.lead import Analysis, Entity, Intent, Lead, Urgency, Value
from core.model.answer import literal
from core.rules import headline
from core.rules.words import inert, newest_part, one_line, shortened
from prompts import BusinessType

KIND: Final = "analysis"
"""The kind of these labels; other kinds may come beside it."""

MIDDLE = {Urgency.LOW: 0.15, Urgency.MEDIUM: 0.4, Urgency.HIGH: 0.62, Urgency.URGENT: 0.87}
"""The score of a level that a person chose: its middle."""

VALUE_MAX = 80


class Correction(Value):
    """What a person changes; None leaves it as it is.

    Attributes:
        entities: name -> values, instead of those there are; each stands in the message or was found in it.
        not_a_lead: spam or a sales pitch after all; nothing else counts then.
    """

    intent: Intent | None = None
    urgency: Urgency | None = None
    entities: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    not_a_lead: bool = False

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.intent or self.urgency or self.entities or self.not_a_lead)


class Label(Value):
    """A correction as it is kept: what was said before, what a person says, who and when."""

    label_id: str = Field(description="unique to the click, so that a repeated delivery adds nothing")
    lead_id: str
    kind: Literal["analysis"] = KIND
    said: Mapping[str, Any]
    corrected: Correction
    by: str = Field(description="Slack user id, or 'api:<key name>'")
    at: AwareDatetime


def label(lead: Lead, correction: Correction, *, key: str, by: str, at: Any) -> Label:
    """The label of a correction; NotAllowed while the lead has no analysis or the correction is empty."""
    if lead.analysis is None:
        raise NotAllowed(f"{lead.number} has not been read yet. Please try again in a moment.")
    if correction.empty:
        raise NotAllowed(f"Nothing was changed on {lead.number}.")
    said = lead.analysis.model_dump(
        mode="json",
        include={
            "intent",
            "intent_confidence",
            "urgency",
            "urgency_score",
            "entities",
            "model_used",
            "prompt_digest",
        },
    )
    return Label(label_id=key, lead_id=lead.lead_id, said=said, corrected=correction, by=by, at=at)


def corrected(
    analysis: Analysis, correction: Correction, message: str, business: BusinessType, *, by: str
) -> Analysis:
    """The analysis as the person says it should be; NotAllowed names what does not stand in the message."""
    changes: dict[str, Any] = {"corrected_by": by}
    intent = correction.intent or analysis.intent
    if correction.not_a_lead and intent not in {Intent.SPAM, Intent.SOLICITATION}:
        intent = Intent.SPAM
    if intent is not analysis.intent or correction.intent:
        guide = business.intents.get(intent)
        changes |= {
            "intent": intent,
            "intent_confidence": 1.0,
            "sub_intent": guide.sub_intent if guide else None,
        }
    if correction.urgency:
        changes |= {
            "urgency": correction.urgency,
            "urgency_score": MIDDLE[correction.urgency],
            "urgency_confidence": 1.0,
            "urgency_reason": "as corrected",
        }
    entities = {**analysis.entities, **_entities(analysis, correction, message, business)}
    if correction.entities:
        changes |= {"entities": entities, "topics": headline.topics(entities, business)}
    if correction.entities or intent is not analysis.intent:
        changes["wants"] = headline.wants(entities, business, intent, newest_part(message))
    return analysis.model_copy(update=changes)


def _entities(
    analysis: Analysis, correction: Correction, message: str, business: BusinessType
) -> dict[str, tuple[Entity, ...]]:
    newest = newest_part(message)
    read: dict[str, tuple[Entity, ...]] = {}
    for name, values in correction.entities.items():
        if name not in business.entities:
            raise NotAllowed(f"A {business.title.lower()} has no field {one_line(name)[:40]}.")
        known = {entity.value.casefold(): entity for entity in analysis.entities.get(name, ())}
        found: dict[str, Entity] = {}
        for value in values:
            said = shortened(inert(value), VALUE_MAX)
            entity = known.get(said.casefold()) or _quoted(said, value, newest, message)
            found.setdefault(said.casefold(), entity)
        read[name] = tuple(found.values())
    return read


def _quoted(said: str, value: str, newest: str, message: str) -> Entity:
    quote = literal(value, newest)
    if quote is None or quote not in message or not said:
        raise NotAllowed(f"“{said}” is not in the message: copy the words that say it.")
    return Entity(value=said, quote=quote)
