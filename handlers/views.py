"""The modals: pure, as view JSON, and what people typed into them as plain data."""

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidLead
from core.lead import Contact
from handlers import modals
from handlers.mrkdwn import Block, clean, cut, escape, markup, plain

NEW_LEAD, MESSAGE_LEAD = "new_lead", "message_lead"
"""callback_ids of the modal, empty or filled from a message in Slack."""

TITLE = "New lead"

TYPED_MAX = 3_000
"""What one input of a modal can take (Slack); longer leads come through the API."""

_LABELS = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "message": "What they want",
}
"""Block id (also the action id, also the key of the payload) -> label, in the order of the form."""

_SHORT = 300  # core.intake takes no longer name, phone or company


def new_lead(*, message: str = "") -> Block:
    """The modal in which a person types a lead that reached them by phone or at the door.

    message: what is known already, e.g. the words after ``/lead new``.
    """
    return _form(NEW_LEAD, {"message": message}, [])


def message_lead(*, message: str, contact: Contact, wants: str, link: str | None, meta: str) -> Block:
    """The modal that makes a lead of a message in Slack.

    Args:
        message: its words.
        contact: what was found in it.
        wants: the wish, as it was read.
        link: its address.
        meta: comes back as ``view["private_metadata"]``.
    """
    here = f"<{link}|This message>" if link else "This message"
    said = {"type": "context", "elements": [markup(f"{here} · read as: {escape(wants, 80)}")]}
    known = {name: getattr(contact, name) or "" for name in ("name", "email", "phone", "company")}
    return _form(MESSAGE_LEAD, {**known, "message": message}, [said], private_metadata=meta)


def read_new_lead(state_values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What was typed, as the raw payload that core.intake reads; what was left empty is not in it."""
    typed = {field: state_values.get(field, {}).get(field, {}).get("value") for field in _LABELS}
    return {field: value for field, value in typed.items() if isinstance(value, str) and value.strip()}


def errors_of(error: InvalidLead) -> dict[str, str]:
    """The mistake beside its input, for ``ack(response_action="errors", errors=…)``."""
    field = error.field.rpartition(".")[2]
    block = "name" if field in {"first_name", "last_name"} else field
    why = cut(clean(error.why), 200)
    if block in _LABELS:
        return {block: f"{_LABELS[block]} {why}."}
    return {"message": f"{cut(clean(error.field), 60)} {why}."}


def _form(callback_id: str, known: Mapping[str, str], before: list[Block], **more: Any) -> Block:
    inputs = [_input(field, known.get(field, "")) for field in _LABELS]
    add = plain("Add lead", 24)
    return modals.modal(TITLE, [*before, *inputs], callback_id=callback_id, submit=add, **more)


def _input(field: str, initial: str) -> Block:
    is_message = field == "message"
    element = modals.text(TYPED_MAX if is_message else _SHORT, initial, multiline=is_message)
    return modals.field(field, _LABELS[field], element, optional=not is_message)
