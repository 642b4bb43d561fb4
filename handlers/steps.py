"""The small forms behind the card's menu: won or lost, not a lead, snooze, note. Pure."""

from datetime import datetime, timedelta
from typing import Any, Final

from core import snooze
from core.actions import WORDS_MAX, ActionName
from core.lead import Lead
from handlers import cards, wording
from handlers.modals import entered, errors, field, modal, option, text
from handlers.mrkdwn import Block, escape, markup, plain

TITLES = {
    ActionName.EDIT: "Edit lead",
    ActionName.NOTE: "Note",
    ActionName.SNOOZE: "Snooze",
    ActionName.WON: "Won or lost",
    ActionName.SPAM: "Not a lead",
    ActionName.MERGE: "Merge leads",
}
"""The menu's options that open a form -> its title."""

NOTE, SNOOZE, CLOSE, SPAM = "lead_note", "lead_snooze", "lead_close", "lead_spam"
"""callback_ids."""

WORDS, OUTCOME, UNTIL = "words", "outcome", "until"
"""Block ids."""

NO_REASON: Final = "Say why it was lost: it is what the next offer can be better by."
NOT_AHEAD: Final = "Choose a time that is still to come, at most a year away."


def note(lead: Lead, hidden: frozenset[str] = frozenset()) -> Block:
    """The form of a note."""
    words = field(
        WORDS, "Note, for the thread and the history", text(WORDS_MAX, multiline=True), optional=False
    )
    return _form(lead, NOTE, ActionName.NOTE, "Add note", [_about(lead, hidden), words])


def snoozing(lead: Lead, now: datetime, hidden: frozenset[str] = frozenset()) -> Block:
    """The form that asks until when; ``now`` is aware, in the desk's time zone."""
    tomorrow = datetime.combine(now.date() + timedelta(days=1), snooze.FIRST_THING, now.tzinfo)
    picker = {"type": "datetimepicker", "initial_date_time": int(tomorrow.timestamp())}
    blocks = [
        _about(lead, hidden),
        field(UNTIL, "Until", picker, optional=False, hint="It comes back to the desk by itself then."),
        field(WORDS, "Why", text(WORDS_MAX)),
    ]
    return _form(lead, SNOOZE, ActionName.SNOOZE, "Snooze", blocks)


def closing(lead: Lead, hidden: frozenset[str] = frozenset()) -> Block:
    """The form that asks how it ended."""
    choices = [option(ActionName.WON, "Won"), option(ActionName.LOST, "Lost")]
    radio = {"type": "radio_buttons", "options": choices, "initial_option": choices[0]}
    blocks = [
        _about(lead, hidden),
        field(OUTCOME, "How did it end?", radio, optional=False),
        field(WORDS, "What it was worth, or why it was lost", text(WORDS_MAX, multiline=True)),
    ]
    return _form(lead, CLOSE, ActionName.WON, "Close lead", blocks)


def spam(lead: Lead, hidden: frozenset[str] = frozenset()) -> Block:
    """The form that asks whether this really is none."""
    what = (
        f"{lead.number} leaves the queue for everybody, and the next message like it is more likely to be "
        "seen for what it is. Nothing is deleted, and it can be opened again."
    )
    blocks: list[Block] = [
        _about(lead, hidden),
        {"type": "section", "text": plain(what, 3_000)},
        field(WORDS, "Why", text(WORDS_MAX)),
    ]
    return _form(lead, SPAM, ActionName.SPAM, "Not a lead", blocks)


def read(view: Any, now: datetime) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form asks for (``name``, ``words``, ``until`` of an Action), and what is wrong in it."""
    words = (entered(view, WORDS) or "").strip() or None
    callback = view["callback_id"]
    if callback == CLOSE:
        name = ActionName(entered(view, OUTCOME))
        wrong = errors(WORDS, NO_REASON) if name == ActionName.LOST and words is None else {}
        return {"name": name, "words": words}, wrong
    if callback == SNOOZE:
        until = datetime.fromtimestamp(entered(view, UNTIL), now.tzinfo)
        wrong = {} if snooze.is_ahead(until, now) else errors(UNTIL, NOT_AHEAD)
        return {"name": ActionName.SNOOZE, "words": words, "until": until}, wrong
    return {"name": ActionName.NOTE if callback == NOTE else ActionName.SPAM, "words": words}, {}


def _about(lead: Lead, hidden: frozenset[str]) -> Block:
    """Which lead it is, and how it stands."""
    line = (
        f"{escape(wording.notice(lead, hidden))} · {escape(wording.sender(lead), 60)} · {cards.state(lead)}"
    )
    return {"type": "section", "text": markup(line)}


def _form(lead: Lead, callback_id: str, name: ActionName, submit: str, blocks: list[Block]) -> Block:
    return modal(
        TITLES[name],
        blocks,
        callback_id=callback_id,
        private_metadata=lead.lead_id,
        submit=plain(submit, 24),
    )
