"""What somebody asked for in words is said back with a button that does it: pure."""

from datetime import datetime
from typing import Final

from core.actions import Action, ActionName
from core.lead import Lead
from handlers import cards, wording
from handlers.answers import Answer, told
from handlers.lists import Hidden, nothing_hidden
from handlers.mrkdwn import Block, channel, escape, markup, mention, moment, plain
from handlers.verbs import Asked, Verb, write

DO = "agent_do"
"""action_id of the button; its value is the verb as it is typed, with nothing left to be understood."""

KEEP = "agent_keep"
"""action_id of the button that makes a lead of a message; its value is the message's ts."""

_VALUE_MAX: Final = 2_000  # Slack's, of a button

DOES: Final = {
    ActionName.CLAIM: (Verb.CLAIM, "Claim it?", "Claim"),
    ActionName.REASSIGN: (Verb.ASSIGN, "Give it to {target}?", "Give it"),
    ActionName.APPROVE: (Verb.APPROVE, "Approve it?", "Approve"),
    ActionName.NOTE: (Verb.NOTE, "Add this note? {words}", "Add the note"),
    ActionName.SNOOZE: (Verb.SNOOZE, "Put it off until {until}? {words}", "Snooze"),
    ActionName.WAKE: (Verb.WAKE, "Wake it now?", "Wake"),
    ActionName.WON: (Verb.WON, "Close it as won? {words}", "Won"),
    ActionName.LOST: (Verb.LOST, "Close it as lost? {words}", "Lost"),
    ActionName.REJECT: (Verb.REJECT, "Reject it? {words}", "Reject"),
    ActionName.SPAM: (Verb.SPAM, "Say that it is no lead? {words}", "Not a lead"),
    ActionName.REOPEN: (Verb.REOPEN, "Open it again?", "Open again"),
    ActionName.MOVE: (Verb.MOVE, "Move it to {target}?", "Move"),
}
"""Action -> its verb, the question, and the button."""


def ask(lead: Lead, action: Action, *, now: datetime, hidden: Hidden = nothing_hidden) -> Answer:
    """Whether this is really to be done with the lead.

    now: aware, in the lead's desk's time zone, in which the button says until when it is put off.
    """
    verb, question, label = DOES[action.name]
    target, until = action.target or "", action.until
    said = question.format(
        target=channel(target) if action.name == ActionName.MOVE else mention(target),
        until="" if until is None else moment(until),
        words=f"“{escape(action.words, 300)}”" if action.words else "",
    ).strip()
    value = write(
        Asked(
            verb=verb,
            numbers=(lead.number,),
            people=(target,) if action.name == ActionName.REASSIGN else (),
            channel=target if action.name == ActionName.MOVE else None,
            words=" ".join(
                filter(
                    None,
                    [
                        "" if until is None else f"{until.astimezone(now.tzinfo):%Y-%m-%d %H:%M}",
                        action.words or "",
                    ],
                )
            ),
        )
    )
    if len(value) > _VALUE_MAX:
        return told("That is too long for a button: write it in the thread of the lead's card.")
    notice = escape(wording.notice(lead, hidden(lead.business_type)))
    return _asked(f"*{notice}* · {cards.state(lead)}\n{said}", label, DO, value)


def ask_apart(one: str, other: str) -> Answer:
    """Whether two leads, by number, are really two people's."""
    value = write(Asked(verb=Verb.DIFFERENT, numbers=(one, other)))
    return _asked(f"Say that {one} and {other} are two different people's?", "Two people", DO, value)


def offer(text: str, ts: str) -> Answer:
    """What to say to a message that asks nothing, with the button that makes a lead of it."""
    return _asked(text, "Keep it as a lead", KEEP, ts)


def _asked(text: str, label: str, action_id: str, value: str) -> Answer:
    button: Block = {
        "type": "button",
        "action_id": action_id,
        "style": "primary",
        "text": plain(label, 75),
        "value": value,
    }
    blocks: list[Block] = [
        {"type": "section", "text": markup(text)},
        {"type": "actions", "block_id": "confirm", "elements": [button]},
    ]
    return Answer(text="Shall I?", blocks=blocks)
