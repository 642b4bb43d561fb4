"""What a conversation changes on its lead: the contact, and the facts with the words they were said in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from core.conversation.state import Heard, Kept
from core.lead import Analysis, Contact, Entity, Lead
from core.rules import entities, headline, scores
from core.rules.timeframe import timeframes
from core.rules.words import newest_part, words
from prompts import BusinessType

CONTACT: Final = frozenset({"name", "email", "phone", "company"})


def columns(
    lead: Lead, heard: Heard, before: Mapping[str, str], business: BusinessType, now: datetime
) -> dict[str, Any]:
    """The lead's columns that a turn changes; none when all is so already.

    Args:
        lead: as it is now.
        heard: what came of the turn.
        before: what was known when the conversation began, for what is undone.
        business: the lead's.
        now: aware, in the desk's time zone.
    """
    contact = _contact(lead.contact, [(each.fills, each.value) for each in heard.changes])
    contact = _contact(contact, [(name, before.get(name)) for name in heard.undone])
    changes: dict[str, Any] = {
        name: value for name, value in contact.model_dump().items() if value != getattr(lead.contact, name)
    }
    if lead.analysis is not None:
        analysis = lead.analysis
        back = [name for name in heard.undone if name not in CONTACT]
        if back:
            message = newest_part(lead.message)
            found = entities.read(message, words(message), business, now).entities
            again = {name: found.get(name, ()) for name in back}
            analysis = analysis.model_copy(update={"entities": {**analysis.entities, **again}})
        analysis = told(analysis, heard.changes, lead.message, contact, business, undone=back)
        if analysis != lead.analysis:
            changes["analysis"] = analysis.model_dump(mode="json")
    return changes


def told(
    analysis: Analysis,
    kept: Sequence[Kept],
    message: str,
    contact: Contact,
    business: BusinessType,
    *,
    undone: Sequence[str] = (),
) -> Analysis:
    """The analysis with what the writer said later; its headline and its quality follow.

    undone: entities that are in the analysis as they were before.
    """
    facts = dict(analysis.entities)
    for each in kept:
        if each.fills in business.entities:
            entity = Entity(value=each.value, quote=each.quote)
            others = () if each.replaces else facts.get(each.fills, ())
            facts[each.fills] = (*(one for one in others if one.value != entity.value), entity)
    newest = newest_part(message)
    timed = bool(timeframes(newest, analysis.analyzed_at)) or any(
        facts.get(name) for name, guide in business.entities.items() if guide.found_by == "timeframe"
    )
    points, reasons = scores.quality(newest, contact, facts, business, analysis.intent, timed=timed)
    changes: dict[str, Any] = {
        "entities": facts,
        "topics": headline.topics(facts, business),
        "quality_score": points,
        "quality_reasons": reasons,
    }
    says_what = {*business.card.headline, *business.card.beside}
    if analysis.corrected_by is None and says_what & {*undone, *(each.fills for each in kept)}:
        changes["wants"] = headline.wants(facts, business, analysis.intent, newest)
    return analysis.model_copy(update=changes)


def _contact(contact: Contact, said: Sequence[tuple[str, str | None]]) -> Contact:
    changes: dict[str, str | None] = {}
    for name, value in said:
        if name == "name":
            first, _, last = (value or "").partition(" ")
            changes |= {"first_name": first or None, "last_name": last or None}
        elif name in CONTACT:
            changes[name] = value
    return contact.model_copy(update=changes)
