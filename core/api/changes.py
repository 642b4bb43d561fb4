"""What a program changes of a lead: only what it names, against the lead as it is then. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from core import intake
from core.actions import Action, ActionName, decide
from core.errors import InvalidLead, LeadDeskError, NotAllowed
from core.lead import OPEN, Contact, DeskStatus, Lead, Value

STEPS: Final = {
    DeskStatus.APPROVED: ActionName.APPROVE,
    DeskStatus.REJECTED: ActionName.REJECT,
    DeskStatus.WON: ActionName.WON,
    DeskStatus.LOST: ActionName.LOST,
    DeskStatus.SPAM: ActionName.SPAM,
}
"""Outcomes -> what a person would click; new and claimed follow from the owner and from reopening."""


class Outdated(LeadDeskError):
    """The lead was changed since the caller saw it: read it again, and decide anew."""


class Change(Value):
    """What is to be changed; what is not named stays as it is.

    Attributes:
        version: the lead's, as the caller saw it; None: whatever it is now.
        contact: field of the contact -> its new value, "" or None for nothing.
        custom_fields: replaces the values of these fields; None takes one away.
        owner: Slack user id, None: nobody.
        says_owner: whether the owner is to be changed.
    """

    version: int | None = None
    contact: Mapping[str, str | None] = Field(default_factory=dict)
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)
    owner: str | None = None
    says_owner: bool = False
    desk_status: DeskStatus | None = None


def apply(lead: Lead, change: Change, *, actor: str) -> dict[str, Any]:
    """The lead's columns that change, none if all is so already.

    Raises Outdated for another version, NotAllowed for what may not be, InvalidLead for a wrong value.
    """
    if change.version is not None and change.version != lead.version:
        raise Outdated(f"{lead.number} is at version {lead.version} by now: read it again.")
    if lead.desk_status == DeskStatus.MERGED:
        raise NotAllowed(f"{lead.number} is merged into {lead.merged_number}: change that one.")
    wanted = {**_contact(change), **_custom(lead, change), **_work(lead, change, actor)}
    return {name: value for name, value in wanted.items() if value != _column(lead, name)}


def what(lead: Lead, columns: Mapping[str, Any]) -> str:
    """The changed columns in words, for the history; no values of contacts."""
    said = []
    for name, value in columns.items():
        label = name.replace("_", " ")
        said.append(f"{label} {value}" if name in {"desk_status", "owner"} and value else label)
    return ", ".join(said) or lead.number


def _column(lead: Lead, name: str) -> Any:
    return getattr(lead.contact if name in Contact.model_fields else lead, name)


def _contact(change: Change) -> dict[str, Any]:
    given = {name: value for name, value in change.contact.items() if value}
    read = intake.read_contact(given)
    return {name: getattr(read, name) for name in change.contact if name in Contact.model_fields}


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
        found |= decide(lead, _action(lead, ActionName.REOPEN, actor))
    now = lead.model_copy(update=found)
    if change.says_owner and change.owner != now.owner:
        if now.desk_status not in OPEN:
            raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.")
        claimed = DeskStatus.CLAIMED if change.owner else DeskStatus.NEW
        found |= {"owner": change.owner, "desk_status": claimed, "snoozed_until": None, "snoozed_from": None}
        now = lead.model_copy(update=found)
    if status in STEPS and status != now.desk_status:
        step = {**decide(now, _action(lead, STEPS[status], actor))}
        # A program takes no lead: who has it stays as it is.
        step.pop("owner", None)
        found |= step
    elif status is not None and status != now.desk_status:
        how = f"{status.value} comes by an owner, a snooze or a merge"
        raise NotAllowed(f"{lead.number} is {now.desk_status.value}: {how}.")
    return found


def _action(lead: Lead, name: ActionName, actor: str) -> Action:
    return Action(key="", name=name, lead_id=lead.lead_id, actor=actor)
