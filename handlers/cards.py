"""The card of a lead: pure, from a Lead to Block Kit.

Read in five seconds, top down: what is wanted and how urgent; who and how to reach them; why, in the
customer's own words; seen before; state, source, quality, age; what is degraded; what to do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.actions import ActionName, offered, question, seldom
from core.hours import spelled
from core.lead import DeskStatus, Lead, Match, Part, SyncStatus
from core.sla import Clock, State
from handlers import wording
from handlers.mrkdwn import (
    Block,
    ago,
    channel,
    clean,
    cut,
    escape,
    mail_link,
    markup,
    mention,
    moment,
    phone_link,
    plain,
    visible_size,
    visible_size_of,
)
from handlers.seen import answer_buttons, seen_before

VISIBLE_MAX = 700
"""Most characters on a card, labels of buttons and all."""

_NAME_MAX, _COMPANY_MAX, _PHONE_MAX, _MAIL_MAX = 48, 40, 26, 50
_QUALITY_MAX = 34  # of its first reason
_WHY_MAX, _SEEN_MAX, _SEEN_MIN, _DEGRADED_MAX = 220, 150, 40, 150
_GIVEN_MAX, _GIVEN_MIN = 40, 12  # of why it was given to its owner
_ALSO_MAX, _ALSO_MIN = 50, 16  # of the other names and companies, and of the other numbers and addresses
_READ_ENDS = 2  # line ends of why and of what was seen before
_READ_MIN = 160  # room for why and what was seen before goes before that

_TEXT_MAX = 2_000  # Slack's, for texts that were cut to the limits above: invisible joiners add to them

_BLOCK_ID, _QUESTION_ID = "lead", "question"

SIMILAR = "similar"
"""The button that changes nothing: it shows whoever clicks it the leads that are alike."""

RETRY = "Retry CRM"
"""The button of a lead that is not in the CRM."""

MORE = "more"
"""action_id of the menu of what is seldom wanted; the option's value is the action's name."""

MENU = {
    ActionName.EDIT: "Edit…",
    ActionName.NOTE: "Note…",
    ActionName.SNOOZE: "Snooze…",
    ActionName.WAKE: "Back from snooze",
    ActionName.WON: "Won or lost…",
    ActionName.SPAM: "Not a lead…",
    ActionName.REOPEN: "Open again",
    ActionName.MERGE: "Merge…",
}
"""The menu's options as people read them."""

STATES = {
    DeskStatus.NEW: "Unclaimed",
    DeskStatus.CLAIMED: "Claimed",
    DeskStatus.APPROVED: "Approved",
    DeskStatus.REJECTED: "Rejected",
    DeskStatus.SNOOZED: "Snoozed",
    DeskStatus.WON: "Won",
    DeskStatus.LOST: "Lost",
    DeskStatus.SPAM: "Marked as spam",
    DeskStatus.MERGED: "Merged",
    DeskStatus.ARCHIVED: "Archived",
}


@dataclass(frozen=True)
class Card:
    """A message ready to post: the fallback text (also the notification) and the blocks."""

    text: str
    blocks: list[Block]


def card(
    lead: Lead, *, now: datetime, clock: Clock | None = None, hidden_entities: frozenset[str] = frozenset()
) -> Card:
    """The lead's card as it is now, at most 8 blocks and 700 visible characters.

    Args:
        lead: without an analysis the card is the placeholder.
        now: aware, in the desk's time zone: decides what "today" is.
        clock: by when somebody must act on it, or when somebody did.
        hidden_entities: names of entities this desk does not show (its field policy).
    """
    if lead.desk_status == DeskStatus.MERGED:
        return _merged(lead)
    head = wording.headline(lead, now=now, hidden=hidden_entities)
    notes = wording.degraded(lead, _DEGRADED_MAX)
    clock_said = clock_text(clock, now)
    before: list[Block | None] = [{"type": "header", "text": plain(head, 150)}, contact_block(lead, 0)]
    asked = _question(lead, question(lead))
    after: list[Block | None] = [
        {"type": "context", "elements": [plain(notes, _TEXT_MAX, lines=True)]} if notes else None,
        _actions(lead),
    ]
    stands = _context(state_line(lead, hidden_entities, clock_said))
    room = VISIBLE_MAX - visible_size_of(filter(None, [*before, asked, stands, *after])) - _READ_ENDS
    given = _given(lead, min(_GIVEN_MAX, room - _READ_MIN))
    room -= visible_size(given)
    also_room = min(_ALSO_MAX, (room - _READ_MIN) // 2)
    room -= sum(len(text) + 1 for text in _also(lead, also_room) if text)
    seen_room = _SEEN_MAX if room >= _WHY_MAX + _SEEN_MAX else max(_SEEN_MIN, room - _WHY_MAX)
    seen = seen_before(lead, seen_room, hidden_entities)
    why = wording.reason(lead, min(_WHY_MAX, room - visible_size(seen)), hidden_entities)
    blocks = [
        before[0],
        contact_block(lead, also_room),
        _section(why),
        {"type": "section", "text": markup(seen)} if seen else None,
        asked,
        _context(state_line(lead, hidden_entities, clock_said, given)),
        *after,
    ]
    return Card(
        text=escape(wording.notice(lead, hidden_entities)), blocks=[block for block in blocks if block]
    )


def moved(lead: Lead, to: str) -> Card:
    """What is left of a card whose lead went to another desk, ``to`` being its channel's id."""
    line = f"*Moved to* {channel(to)} · {lead.number} · {ago(lead.received_at)}"
    return Card(
        text=f"{lead.number}: moved to another desk",
        blocks=[{"type": "context", "elements": [markup(line)]}],
    )


def contact_block(lead: Lead, also_room: int = _ALSO_MAX) -> Block:
    """Who, beside how to reach them; numbers and addresses can be clicked when they plainly are such.

    Under each, in at most ``also_room`` characters, what merged leads say beside that; /lead show has all.
    """
    names, reached = _also(lead, also_room)
    fields = [plain("\n".join(filter(None, (_who(lead), names))), _TEXT_MAX, lines=True)]
    if reach := "\n".join(filter(None, (_reach(lead), escape(reached)))):
        fields.append(markup(reach))
    return {"type": "section", "fields": fields}


def state_line(lead: Lead, hidden: frozenset[str] = frozenset(), clock: str = "", given: str = "") -> str:
    """Who has it and why, by when they must act, where it came from, its worth, number and age, as mrkdwn."""
    parts = [f"*{state(lead)}*{given}", escape(wording.source(lead)), lead.number, ago(lead.received_at)]
    if lead.analysis:
        parts.insert(2, escape(wording.quality(lead.analysis, _QUALITY_MAX, hidden)))
    elif Part.ANALYSIS not in lead.missing:
        parts.insert(0, "Reading it now…")
    if clock:
        parts.insert(1, clock)
    if lead.custom_fields.get("is_test") is True:  # its sender says that nobody waits for an answer
        parts.insert(0, "*Test lead*")
    if lead.withdrawn_at is not None:
        parts.insert(1, "its message was deleted")
    return " · ".join(parts)


def clock_text(clock: Clock | None, now: datetime) -> str:
    """By when somebody must act on the lead, counted on by the reader's Slack; then how long it took."""
    if clock is None:
        return ""
    match clock.state(now):
        case State.RUNNING:
            return f"answer due {ago(clock.due_at)}"
        case State.OVERDUE:
            return f"*overdue*, was due {ago(clock.due_at)}"
        case State.MET:
            return f"answered in {spelled(clock.took or timedelta())}"
    return f"answered late, in {spelled(clock.took or timedelta())}"


def state(lead: Lead) -> str:
    """What the desk has made of the lead and whose it is, as mrkdwn."""
    if lead.desk_status == DeskStatus.MERGED:
        return f"Merged into {lead.merged_number}"
    if lead.desk_status == DeskStatus.SNOOZED and lead.snoozed_until:
        whose = f" by {mention(lead.owner)}" if lead.owner else ""
        return f"Snoozed{whose} until {moment(lead.snoozed_until)}"
    if lead.owner is None:
        return STATES[lead.desk_status]
    if lead.desk_status == DeskStatus.NEW:
        return f"For {mention(lead.owner)}"
    joint = " by" if lead.desk_status == DeskStatus.CLAIMED else ", owner"
    return f"{STATES[lead.desk_status]}{joint} {mention(lead.owner)}"


def _given(lead: Lead, room: int) -> str:
    """Why a lead that its owner has not taken up yet was given to them; nothing where there is no room."""
    is_given = lead.owner is not None and lead.desk_status == DeskStatus.NEW and room >= _GIVEN_MIN
    return f" ({escape(lead.owner_reason, room - 3)})" if is_given and lead.owner_reason else ""


def actions_block_id(lead: Lead, kind: str = _BLOCK_ID) -> str:
    """Carries the lead and the version its buttons were drawn for; a user picker has no value of its own."""
    return f"{kind}:{lead.lead_id}:{lead.version}"


def lead_of(block_id: str) -> tuple[str, int] | None:
    """The lead's id and the version that was seen, from the block a click came from; None if not a card's."""
    kind, _, rest = block_id.partition(":")
    lead_id, _, version = rest.rpartition(":")
    if kind not in {_BLOCK_ID, _QUESTION_ID} or not lead_id or not (version.isascii() and version.isdigit()):
        return None
    return lead_id, int(version)


def _merged(lead: Lead) -> Card:
    """What is left of the card of a lead for which another one stands."""
    said = f"Merged into {lead.merged_number}"
    where = f"*{said}* · {lead.number} · {escape(wording.source(lead))} · {ago(lead.received_at)}"
    blocks = [{"type": "context", "elements": [markup(where)]}, _actions(lead)]
    return Card(
        text=f"{lead.number}: merged into {lead.merged_number}", blocks=[block for block in blocks if block]
    )


def _context(text: str) -> Block:
    return {"type": "context", "elements": [markup(text)]}


def _section(text: str) -> Block | None:
    return {"type": "section", "text": plain(text, _TEXT_MAX, lines=True)} if text else None


def _who(lead: Lead) -> str:
    name, company = (clean(text or "") for text in (lead.contact.name, lead.contact.company))
    parts = [cut(name, _NAME_MAX), cut(company, _COMPANY_MAX)]
    return "\n".join(filter(None, parts)) or "No name given"


def _reach(lead: Lead) -> str:
    phone, mail = (clean(text or "") for text in (lead.contact.phone, lead.contact.email))
    links = [phone_link(phone, _PHONE_MAX), mail_link(mail, _MAIL_MAX)]
    return "\n".join(filter(None, links)) or "No phone or e-mail given"


def _also(lead: Lead, room: int) -> tuple[str, str]:
    """The other names and companies, and the other numbers and addresses; empty where there is no room."""
    also = lead.also
    lists = (*also.names, *also.companies), (*also.phones, *also.emails)
    first, second = (", ".join(filter(None, map(clean, texts))) for texts in lists)
    if room < _ALSO_MIN:
        return "", ""
    return first and cut(f"also {first}", room), second and cut(f"also {second}", room)


def _actions(lead: Lead) -> Block:
    names = offered(lead)
    buttons = [_button(lead, name, primary=name == names[0]) for name in names]
    if lead.desk_status != DeskStatus.MERGED:
        buttons.append(
            {"type": "button", "action_id": SIMILAR, "text": plain("Similar", 75), "value": lead.lead_id}
        )
    if lead.crm.status == SyncStatus.FAILED:
        buttons.append(
            {
                "type": "button",
                "action_id": ActionName.SYNC.value,
                "text": plain(RETRY, 75),
                "value": lead.lead_id,
            }
        )
    if more := seldom(lead):
        options = [{"text": plain(MENU[name], 75), "value": name.value} for name in more]
        buttons.append({"type": "overflow", "action_id": MORE, "options": options})
    return {"type": "actions", "block_id": actions_block_id(lead), "elements": buttons}


def _question(lead: Lead, asked: Match | None) -> Block | None:
    if asked is None:
        return None
    block_id = actions_block_id(lead, _QUESTION_ID)
    return {"type": "actions", "block_id": block_id, "elements": answer_buttons(asked)}


def _button(lead: Lead, name: ActionName, *, primary: bool) -> Block:
    if name == ActionName.REASSIGN:
        return {"type": "users_select", "action_id": name.value, "placeholder": plain("Reassign…", 150)}
    button: Block = {
        "type": "button",
        "action_id": name.value,
        "text": plain(name.value.capitalize(), 75),
        "value": lead.lead_id,
    }
    if name == ActionName.REJECT:
        confirm = _confirm(
            f"Reject {lead.number}?",
            "It leaves the queue for everybody. Nothing is deleted.",
            "Reject",
            "Keep it",
        )
        return button | {"style": "danger", "confirm": confirm | {"style": "danger"}}
    if name == ActionName.UNMERGE:
        confirm = _confirm(
            f"Undo the merge of {lead.number}?",
            f"{lead.number} and {lead.merged_number} become two leads again, as they were.",
            "Undo",
            "Leave it",
        )
        return button | {"text": plain("Undo merge", 75), "confirm": confirm}
    return button | {"style": "primary"} if primary else button


def _confirm(question: str, what: str, yes: str, no: str) -> Block:
    return {
        "title": plain(question, 100),
        "text": plain(what, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }
