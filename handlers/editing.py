"""The form of an edit, and the same form with both sides when somebody else was faster; pure."""

import json
from collections.abc import Mapping
from typing import Any

from core import edits
from core.edits import CONTACT, FACT, INTENT, URGENCY, WISH, WISH_MAX, Edit
from core.lead import Intent, Lead, Urgency
from handlers.modals import entered, field, modal, option, text
from handlers.mrkdwn import Block, clean, cut, escape, markup, plain

EDIT = "lead_edit"
"""callback_id."""

NOT_A_LEAD = "not_a_lead"

_CONTACT_MAX = 300  # core.intake takes no longer
_FACT_MAX = 1_000
_THEIRS_MAX = 400

_CHOICES = {INTENT: tuple(Intent), URGENCY: tuple(Urgency)}


def form(lead: Lead, shown: Mapping[str, str]) -> Block:
    """The form with what the lead says now (core.edits.fields)."""
    return _form(lead, shown, seen={name: edits.digest(value) for name, value in shown.items()})


def side_by_side(lead: Lead, shown: Mapping[str, str], edit: Edit, theirs: Mapping[str, str]) -> Block:
    """The form again, with what was typed in it, and what somebody else made of those fields above it.

    Args:
        lead: as it is now.
        shown: what the form would show of it.
        edit: what was typed.
        theirs: the fields that both changed -> what they are now.
    """
    lines = [
        f"*{edits.label(name)}* is now: {escape(said, _THEIRS_MAX) or '(nothing)'}"
        for name, said in theirs.items()
    ]
    note = f"Somebody changed {lead.number} while you were typing. Yours is below: save it, or change it."
    return _form(
        lead,
        {**shown, **edit.typed},
        seen={name: edits.digest(value) for name, value in shown.items()},
        before=[
            {"type": "section", "text": plain(note, 3_000)},
            {"type": "section", "text": markup(cut("\n".join(lines), 3_000))},
        ],
        not_a_lead=edit.not_a_lead,
    )


def read(view: Mapping[str, Any]) -> tuple[str, Edit]:
    """The lead's id and what was changed in its form."""
    kept = json.loads(view["private_metadata"])
    typed = {name: entered(view, name) or "" for name in kept["seen"]}
    return kept["lead"], edits.edit_of(typed, kept["seen"], not_a_lead=bool(entered(view, NOT_A_LEAD)))


def errors_of(wrong: Mapping[str, str]) -> dict[str, str]:
    """What is wrong (core.edits.check), beside its input."""
    return {
        name: cut(clean(f"{edits.label(name)} {why}." if name in CONTACT else why), 200)
        for name, why in wrong.items()
    }


def _form(
    lead: Lead,
    values: Mapping[str, str],
    *,
    seen: Mapping[str, str],
    before: list[Block] | None = None,
    not_a_lead: bool = False,
) -> Block:
    blocks = [*(before or []), *(_field(name, value) for name, value in values.items())]
    if lead.analysis is not None:
        box = option(NOT_A_LEAD, "This is spam or a sales pitch, not a lead")
        boxes: Block = {"type": "checkboxes", "options": [box]}
        boxes |= {"initial_options": [box]} if not_a_lead else {}
        blocks.append(field(NOT_A_LEAD, "Not a lead", boxes))
    kept = json.dumps({"lead": lead.lead_id, "seen": dict(seen)}, separators=(",", ":"))
    return modal(
        f"Edit {lead.number}", blocks, callback_id=EDIT, private_metadata=kept, submit=plain("Save", 24)
    )


def _field(name: str, value: str) -> Block:
    label = edits.label(name)
    if name in _CHOICES:
        choices = [option(each.value, each.value.replace("_", " ").capitalize()) for each in _CHOICES[name]]
        chosen = next((each for each in choices if each["value"] == value), None)
        select: Block = {"type": "static_select", "options": choices}
        return field(name, label, select | ({"initial_option": chosen} if chosen else {}), optional=False)
    if name.startswith(FACT):
        hint = "One a line, in words that stand in the message."
        return field(name, label, text(_FACT_MAX, value, multiline=True), hint=hint)
    if name == WISH:
        return field(name, label, text(WISH_MAX, value), optional=False)
    return field(name, label, text(_CONTACT_MAX, value))
