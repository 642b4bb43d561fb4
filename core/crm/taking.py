"""What people changed in the CRM becomes the lead's: which facts can, and what the lead is then; pure."""

from collections.abc import Mapping
from typing import Any

from core import intake
from core.crm.cells import key, text
from core.crm.mapping import FieldMapping
from core.errors import InvalidLead
from core.lead import DeskStatus, Lead

CONTACT = "contact."
CUSTOM = "custom_fields."


def taken(lead: Lead, take: Mapping[str, Any], mapping: FieldMapping) -> dict[str, Any]:
    """The lead's columns that change: path -> cell as in Plan.take.

    What cannot be taken over is left as it is on both sides: facts that are not people's to write (a message,
    a score), an address that is none, an option of which the mapping does not say what it means.
    """
    changes: dict[str, Any] = {}
    custom = dict(lead.custom_fields)
    for path, cell in take.items():
        if path == "desk_status":
            changes |= _status(lead, cell, mapping)
        elif path == "name" or path.startswith(CONTACT):
            changes |= _contact(lead, path.removeprefix(CONTACT), text(cell or "").strip())
        elif path.startswith(CUSTOM):
            custom[path.removeprefix(CUSTOM)] = cell
    if custom != lead.custom_fields:
        changes["custom_fields"] = custom
    return {name: value for name, value in changes.items() if value != _now(lead, name)}


def _now(lead: Lead, name: str) -> Any:
    return getattr(lead.contact, name) if name in type(lead.contact).model_fields else getattr(lead, name)


def _contact(lead: Lead, name: str, said: str) -> dict[str, Any]:
    names = ("first_name", "last_name") if name == "name" else (name,)
    if not said:
        return dict.fromkeys(names)
    if name == "name" and said == lead.contact.name:
        return {}
    try:
        read = intake.read_contact({name: said})
    except InvalidLead:
        return {}
    return {each: getattr(read, each) for each in names}


def _status(lead: Lead, cell: Any, mapping: FieldMapping) -> dict[str, Any]:
    meant = {key(option): value for option, value in mapping.words.mean.get("desk_status", {}).items()}
    status = meant.get(key(text(cell or "")))
    if status is None or lead.desk_status == DeskStatus.MERGED:
        return {}
    return {"desk_status": DeskStatus(status), "snoozed_until": None, "snoozed_from": None}
