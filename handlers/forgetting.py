"""Whether a lead is really to be erased: asked before it is done, pure."""

from collections.abc import Sequence

from core.lead import Lead
from handlers import cards
from handlers.answers import Answer
from handlers.mrkdwn import Block, markup, plain

FORGET = "forget_do"
"""action_id of the button; its value is the lead's id."""


def ask(lead: Lead, merged: Sequence[Lead]) -> Answer:
    """What goes, and the button that does it.

    merged: the leads for which this one stands.
    """
    numbers = ", ".join(each.number for each in (lead, *merged))
    text = (
        f"*Erase {numbers} for good?* ({cards.state(lead)})\n"
        "The contact, the message, the history, the card with its thread, the CRM record and all that was "
        "learned from it go, and cannot be brought back. What people wrote in Slack themselves stays. "
        "Who erased it and when is kept."
    )
    button: Block = {
        "type": "button",
        "action_id": FORGET,
        "style": "danger",
        "text": plain(f"Erase {lead.number}", 75),
        "value": lead.lead_id,
        "confirm": {
            "title": plain(f"Erase {lead.number}?", 100),
            "text": plain("Nobody can bring it back.", 300),
            "confirm": plain("Erase", 30),
            "deny": plain("Keep it", 30),
            "style": "danger",
        },
    }
    blocks: list[Block] = [
        {"type": "section", "text": markup(text)},
        {"type": "actions", "block_id": "forget", "elements": [button]},
    ]
    return Answer(text=f"Erase {numbers} for good?", blocks=blocks)
