"""What a program changes of a lead: only what it names, against the lead as it is then. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from core import edits, intake
from core.actions import Action, ActionName, decide
from core.conversation.sources import reworded, wordings
from core.edits import CONTACT, FACT, WISH, Edit
from core.errors import InvalidLead, LeadDeskError, NotAllowed
from core.lead import OPEN, Contact, DeskStatus, Lead, Value
from prompts import BusinessType

STEPS: Final = {
    DeskStatus.APPROVED: ActionName.APPROVE,
    DeskStatus.REJECTED: ActionName.REJECT,
    DeskStatus.WON: ActionName.WON,
    DeskStatus.LOST: ActionName.LOST,
    DeskStatus.SPAM: ActionName.SPAM,
}
"""Outcomes -> what a person would click; new and claimed follow from the owner and from reopening."""

WANTS: Final = "wants"
"""What the API calls the field WISH of an edit: as an analysis does."""


class Outdated(LeadDeskError):
    """The lead was changed since the caller saw it: read it again, and decide anew."""


class Change(Value):
    """What is to be changed; what is not named stays as it is.

    Attributes:
        version: the lead's, as the caller saw it; None: whatever it is now.
        message: another wording of it.
        typed: fields of the form of an edit (core.edits) -> what they shall be, "" for nothing.
        custom_fields: replaces the values of these fields; None takes one away.
        owner: Slack user id, None: nobody.
        says_owner: whether the owner is to be changed.
    """

    version: int | None = None
    message: str | None = None
    typed: Mapping[str, str] = Field(default_factory=dict)
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)
    owner: str | None = None
    says_owner: bool = False
    desk_status: DeskStatus | None = None


def apply(lead: Lead, change: Change, business: BusinessType, *, region: str, actor: str) -> dict[str, Any]:
    """The lead's columns that change, none if all is so already.

    Raises Outdated for another version, NotAllowed for what may not be, InvalidLead for a wrong value.

    Args:
        lead: as it is now.
        change: what is to be changed.
        business: the lead's.
        region: ISO 3166 country of phone numbers without one.
        actor: who changes it.
    """
    if change.version is not None and change.version != lead.version:
        raise Outdated(f"{lead.number} is at version {lead.version} by now: read it again.")
    if lead.desk_status == DeskStatus.MERGED:
        raise NotAllowed(f"{lead.number} is merged into {lead.merged_number}: change that one.")
    said = {}
    if change.message is not None:
        said = reworded(lead, *wordings(lead, change.message, region=region))
    now = _with(lead, said)
    wanted = {
        **said,
        **_edited(now, edit_of(now, change, business), business, actor),
        **_custom(lead, change),
        **_work(lead, change, actor),
    }
    return {name: value for name, value in wanted.items() if value != _column(lead, name)}


def edit_of(lead: Lead, change: Change, business: BusinessType) -> Edit:
    """What the change corrects, as the form of an edit would say it; what is so already is not in it."""
    shown = edits.fields(lead, business)
    typed = {name: text for name, text in change.typed.items() if text != shown.get(name)}
    spam = change.desk_status == DeskStatus.SPAM and change.desk_status != lead.desk_status
    seen = {name: edits.digest(shown.get(name, "")) for name in typed}
    return Edit(typed=typed, seen=seen, not_a_lead=spam and lead.analysis is not None)


def what(edit: Edit, columns: Mapping[str, Any]) -> str:
    """The changed columns in words, for the history; no values of contacts."""
    said = []
    for name, value in columns.items():
        if name == "analysis":
            said += [edits.label(each).lower() for each in edit.typed if each not in CONTACT]
        elif name in {"desk_status", "owner"} and value:
            said.append(f"{name.replace('_', ' ')} {value}")
        else:
            said.append(name.replace("_", " "))
    return ", ".join(said)


def _with(lead: Lead, columns: Mapping[str, Any]) -> Lead:
    contact = {name: value for name, value in columns.items() if name in Contact.model_fields}
    others = {name: value for name, value in columns.items() if name not in contact}
    return lead.model_copy(update={**others, "contact": lead.contact.model_copy(update=contact)})


def _column(lead: Lead, name: str) -> Any:
    return getattr(lead.contact if name in Contact.model_fields else lead, name)


def _edited(lead: Lead, edit: Edit, business: BusinessType, actor: str) -> dict[str, Any]:
    """Contact and analysis as the edit has them."""
    contact = edits.contact_of(lead, edit)
    for name, why in edits.check(lead, edit, business, by=actor).items():
        raise NotAllowed(why, field=_path(name))
    analysis = edits.analysis_of(lead, edit, business, by=actor)
    columns = {name: getattr(contact, name) for name in edit.typed if name in CONTACT}
    return columns if analysis is None else {**columns, "analysis": analysis}


def _path(name: str) -> str:
    """An edit's field by its name in the API."""
    if name in CONTACT:
        return f"contact.{name}"
    return f"analysis.{WANTS if name == WISH else name.replace(FACT, 'entities.')}"


def _custom(lead: Lead, change: Change) -> dict[str, Any]:
    if not change.custom_fields:
        return {}
    fields = {**lead.custom_fields, **intake.storable_json(change.custom_fields)}
    fields = {name: value for name, value in fields.items() if value is not None}
    if len(fields) > intake.CUSTOM_FIELDS_MAX:
        most = f"more than {intake.CUSTOM_FIELDS_MAX} fields"
        raise InvalidLead("custom_fields", most, code="TOO_MANY_FIELDS")
    return {"custom_fields": fields}


def _work(lead: Lead, change: Change, actor: str) -> dict[str, Any]:
    """Who has it and where it stands, by the rules that hold for people too."""
    found: dict[str, Any] = {}
    status = change.desk_status
    if status in {DeskStatus.NEW, DeskStatus.CLAIMED} and lead.desk_status not in OPEN:
        found |= _stepped(lead, ActionName.REOPEN, actor)
    now = lead.model_copy(update=found)
    if change.says_owner and change.owner != now.owner:
        if now.desk_status not in OPEN:
            raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.", field="owner")
        claimed = DeskStatus.CLAIMED if change.owner else DeskStatus.NEW
        found |= {"owner": change.owner, "desk_status": claimed, "snoozed_until": None, "snoozed_from": None}
        now = lead.model_copy(update=found)
    if status in STEPS and status != now.desk_status:
        step = _stepped(now, STEPS[status], actor)
        # A program takes no lead: who has it stays as it is.
        step.pop("owner", None)
        found |= step
    elif status is not None and status != now.desk_status:
        how = f"{status.value} comes by an owner, a snooze or a merge"
        raise NotAllowed(f"{lead.number} is {now.desk_status.value}: {how}.", field="desk_status")
    return found


def _stepped(lead: Lead, name: ActionName, actor: str) -> dict[str, Any]:
    try:
        return {**decide(lead, Action(key="", name=name, lead_id=lead.lead_id, actor=actor))}
    except NotAllowed as error:
        raise NotAllowed(str(error), field="desk_status") from None
