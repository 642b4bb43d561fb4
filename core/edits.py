"""What a person changes in the form of a lead: compared with what they saw, so that nothing is lost.

The form carries a digest of each field as it was shown. A field that was left as it was is not written; one
that somebody else changed meanwhile is shown beside what was typed, for the person to decide.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from core import intake
from core.corrections import Correction, corrected
from core.errors import InvalidLead, NotAllowed
from core.lead import OPEN, Contact, DeskStatus, Intent, Lead, Urgency, Value
from core.rules.words import one_line, shortened
from prompts import BusinessType

CONTACT: Final = tuple(Contact.model_fields)
WISH, INTENT, URGENCY = "wish", "intent", "urgency"
FACT: Final = "fact:"
"""Begins the field of an entity: ``fact:symptoms``; its values stand in the form a line each."""

WISH_MAX = 80

_DIGEST = 12


class Edit(Value):
    """What a person changes.

    Attributes:
        typed: field -> what it shall be, "" for nothing.
        seen: field -> digest of what the person saw there.
        not_a_lead: spam or a sales pitch after all.
    """

    typed: Mapping[str, str] = Field(default_factory=dict)
    seen: Mapping[str, str] = Field(default_factory=dict)
    not_a_lead: bool = False

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.typed or self.not_a_lead)


def fields(lead: Lead, business: BusinessType, hidden: frozenset[str] = frozenset()) -> dict[str, str]:
    """What the form shows, field by field, in its order; facts that the desk hides are not in it.

    Without an analysis only the contact can be edited.
    """
    shown = {name: getattr(lead.contact, name) or "" for name in CONTACT}
    if lead.analysis is not None:
        shown |= {
            WISH: lead.analysis.wants,
            INTENT: lead.analysis.intent.value,
            URGENCY: lead.analysis.urgency.value,
        }
        for name in business.entities:
            if name not in hidden:
                values = [entity.value for entity in lead.analysis.entities.get(name, ())]
                shown[FACT + name] = "\n".join(values)
    return shown


def digest(text: str) -> str:
    """What is kept of a field while the form is open; short, for a form has many."""
    return hashlib.sha256(_trimmed(text).encode("utf-8", "replace")).hexdigest()[:_DIGEST]


def edit_of(typed: Mapping[str, str], seen: Mapping[str, str], *, not_a_lead: bool = False) -> Edit:
    """The edit that a form asks for: the fields that are not as they were seen."""
    changed = {
        name: _trimmed(text) for name, text in typed.items() if name in seen and digest(text) != seen[name]
    }
    return Edit(typed=changed, seen={name: seen[name] for name in changed}, not_a_lead=not_a_lead)


def conflicts(edit: Edit, now: Mapping[str, str]) -> dict[str, str]:
    """Fields that somebody else changed meanwhile to something else -> what they are now."""
    return {
        name: now.get(name, "")
        for name, text in edit.typed.items()
        if digest(now.get(name, "")) not in {edit.seen[name], digest(text)}
    }


def correction_of(edit: Edit) -> Correction:
    """What the edit says of the analysis; may be empty."""
    intent, urgency = edit.typed.get(INTENT), edit.typed.get(URGENCY)
    return Correction(
        intent=Intent(intent) if intent else None,
        urgency=Urgency(urgency) if urgency else None,
        entities={
            name.removeprefix(FACT): tuple(line for line in map(str.strip, text.splitlines()) if line)
            for name, text in edit.typed.items()
            if name.startswith(FACT)
        },
        not_a_lead=edit.not_a_lead,
    )


def check(lead: Lead, edit: Edit, business: BusinessType, *, by: str) -> dict[str, str]:
    """What is wrong with the edit: field -> why, for people; empty when it can be done."""
    wrong: dict[str, str] = {}
    try:
        contact_of(lead, edit)
    except InvalidLead as error:
        wrong[error.field.rpartition(".")[2]] = error.why
    for name in edit.typed:
        alone = Edit(typed={name: edit.typed[name]}, seen={name: edit.seen[name]})
        try:
            if name not in CONTACT:
                analysis_of(lead, alone, business, by=by)
        except NotAllowed as error:
            wrong[name] = str(error)
    return wrong


def decide(lead: Lead, edit: Edit, business: BusinessType, *, by: str) -> dict[str, Any]:
    """The lead's columns that the edit changes.

    Raises NotAllowed, in a sentence that holds what was typed, when somebody else was faster.
    """
    if lead.desk_status == DeskStatus.MERGED:
        raise NotAllowed(f"{lead.number} is merged into {lead.merged_number}: edit that one.")
    if edit.not_a_lead and lead.desk_status not in OPEN:
        raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.")
    both = conflicts(edit, fields(lead, business))
    if both:
        said = "; ".join(
            f"{label(name)}: now “{one_line(theirs)}”, yours “{one_line(edit.typed[name])}”"
            for name, theirs in both.items()
        )
        raise NotAllowed(
            f"{lead.number} was changed by somebody else meanwhile, so yours is not in it. {said}."
        )
    try:
        contact = contact_of(lead, edit)
    except InvalidLead as error:
        raise NotAllowed(f"{lead.number} was not changed: {error.field} {error.why}.") from None
    changes: dict[str, Any] = {
        name: value for name, value in contact.model_dump().items() if value != getattr(lead.contact, name)
    }
    analysis = analysis_of(lead, edit, business, by=by)
    if analysis is not None:
        changes["analysis"] = analysis
    if edit.not_a_lead:
        changes["desk_status"] = DeskStatus.SPAM
    return changes


def contact_of(lead: Lead, edit: Edit) -> Contact:
    """The contact as the edit has it; InvalidLead names the field that is wrong."""
    typed = {name: edit.typed[name] for name in CONTACT if name in edit.typed}
    read = intake.read_contact({name: text for name, text in typed.items() if text})
    return lead.contact.model_copy(update={name: getattr(read, name) for name in typed})


def analysis_of(lead: Lead, edit: Edit, business: BusinessType, *, by: str) -> dict[str, Any] | None:
    """The analysis, JSON-ready, as the edit has it; None where it says nothing of it.

    NotAllowed names a fact that does not stand in the message.
    """
    correction = correction_of(edit)
    if correction.empty and WISH not in edit.typed:
        return None
    if lead.analysis is None:
        raise NotAllowed(f"{lead.number} has not been read yet. Please try again in a moment.")
    analysis = corrected(lead.analysis, correction, lead.message, business, by=by)
    if WISH in edit.typed:
        analysis = analysis.model_copy(update={"wants": shortened(one_line(edit.typed[WISH]), WISH_MAX)})
    return analysis.model_dump(mode="json")


def label(name: str) -> str:
    """How people call a field."""
    said = {WISH: "What they want", INTENT: "Kind of request", "email": "E-mail"}
    return said.get(name) or name.removeprefix(FACT).replace("_", " ").capitalize()


def _trimmed(text: str) -> str:
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line)
