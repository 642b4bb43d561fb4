"""The modals: pure, as view JSON, and what people typed into them as plain data."""

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidLead
from handlers.mrkdwn import Block, clean, cut, plain

NEW_LEAD = "new_lead"
"""callback_id of the new-lead modal."""

TYPED_MAX = 3_000
"""What one input of a modal can take (Slack); longer leads come through the API."""

_METADATA_MAX = 3_000

_LABELS = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "message": "What they want",
}
"""Block id (also the action id, also the key of the payload) -> label, in the order of the form."""

_SHORT = 300  # core.intake takes no longer name, phone or company


def new_lead(*, desk: str = "", message: str = "") -> Block:
    """The modal in which a person types a lead that reached them by phone or at the door.

    Args:
        desk: the channel id the lead is for; comes back as ``view["private_metadata"]``.
        message: what is known already, e.g. the words after ``/lead new``.
    """
    return {
        "type": "modal",
        "callback_id": NEW_LEAD,
        "private_metadata": desk[:_METADATA_MAX],
        "title": plain("New lead", 24),
        "submit": plain("Add lead", 24),
        "close": plain("Cancel", 24),
        "blocks": [_input(field, message if field == "message" else "") for field in _LABELS],
    }


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


def _input(field: str, initial: str) -> Block:
    is_message = field == "message"
    element: Block = {
        "type": "plain_text_input",
        "action_id": field,
        "multiline": is_message,
        "max_length": TYPED_MAX if is_message else _SHORT,
    }
    if typed := cut(clean(initial, lines=True), TYPED_MAX):
        element["initial_value"] = typed
    return {
        "type": "input",
        "block_id": field,
        "label": plain(_LABELS[field], 2_000),
        "optional": not is_message,
        "element": element,
    }
