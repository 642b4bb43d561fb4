"""What is asked in a card's thread when a lead and its record in the CRM do not agree; pure."""

from typing import Any

from core.actions import ActionName
from core.crm.cells import text
from core.crm.reconcile import Question
from core.crm.sync import RECORD_GONE
from core.lead import Event, Lead
from handlers import wording
from handlers.cards import Card, actions_block_id
from handlers.mrkdwn import Block, clean, cut, escape, markup, plain

_VALUE_MAX, _FIELDS_MAX = 200, 8

ANSWERED = "which is settled by now"


def asked(
    event: Event, lead: Lead, question: Question | None, *, hidden: frozenset[str] = frozenset()
) -> Card:
    """The question with its two answers, or that it is settled.

    Args:
        event: its line; ``why`` begins with the question's id, then the names of the fields.
        lead: whose record it is.
        question: what is still asked about the lead.
        hidden: names of entities this desk does not show.
    """
    number, _, names = (event.why or "").partition(" ")
    notice = f"{lead.number}: the CRM is asked about"
    what = (
        "Its record in the CRM was deleted"
        if event.what == RECORD_GONE
        else f"Changed here and in the CRM: {names}"
    )
    if question is None or question.id != number:
        return Card(
            text=notice, blocks=[{"type": "section", "text": markup(f"{escape(what, 300)}, {ANSWERED}.")}]
        )
    if question.gone:
        answers = ("Make it anew", "Leave it out")
        body = "Should the lead get a new record, or stay out of the CRM?"
        said: list[Block] = [{"type": "section", "text": markup(f"*{escape(what)}*\n{body}")}]
    else:
        answers = ("Keep ours", "Keep theirs")
        said = [{"type": "section", "text": markup(f"*{escape(what, 300)}*")}]
        said += [
            {"type": "section", "text": plain(_both(name, *sides, lead, hidden), 3_000, lines=True)}
            for name, sides in list(question.cells.items())[:_FIELDS_MAX]
        ]
    buttons: list[dict[str, Any]] = [
        {"type": "button", "action_id": name.value, "text": plain(label, 75), "value": number}
        for name, label in zip((ActionName.KEEP_OURS, ActionName.KEEP_THEIRS), answers, strict=True)
    ]
    return Card(
        text=notice,
        blocks=[*said, {"type": "actions", "block_id": actions_block_id(lead), "elements": buttons}],
    )


def _both(name: str, ours: Any, theirs: Any, lead: Lead, hidden: frozenset[str]) -> str:
    def shown(cell: Any) -> str:
        words = wording.veiled(text(cell), lead.analysis, hidden) if cell is not None else ""
        return cut(clean(words), _VALUE_MAX) or "nothing"

    return f"{clean(name)}\nOurs: {shown(ours)}\nTheirs: {shown(theirs)}"
