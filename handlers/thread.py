"""The lines of a card's thread: what happened to the lead, and what its sender wrote again; pure."""

from datetime import datetime

from core.actions import API, PAST, WORDS_MAX, ActionName
from core.lead import Event, Lead
from core.sla import ESCALATED, REMINDED, RETURNED
from core.store.assignments import ASSIGNED
from handlers import wording
from handlers.cards import Card, actions_block_id
from handlers.mrkdwn import Block, channel, clean, cut, escape, markup, mention, moment, plain

HISTORY = {
    "received": "Received",
    "analysed": "Read",
    "matched": "Compared with earlier leads",
    "synced": "Saved to the CRM",
    "crm_failed": "Not saved to the CRM",
    "contact_read": "Contact data read",
    "same_request": "Said to be the same request",
    "same_person": "Said to be the same person with a new request",
    "different_person": "Said to be a different person",
    "failed": "Processing stopped; whoever runs the bot finds why in its log",
    "noted": "Note",
    "woken": "Back from snooze",
    REMINDED: "Reminded, since nobody has acted yet",
    ESCALATED: "Managers told, since nobody has acted yet",
    RETURNED: "Back in the pool",
    "reopened": "Opened again",
    "changed_in_crm": "Changed in the CRM",
    "crm_conflict": "Changed here and in the CRM",
    "crm_gone": "Its record in the CRM was deleted",
    "sync_asked": "Another try at the CRM asked for",
    "kept_ours": "What is here was kept, the CRM follows",
    "kept_theirs": "What the CRM says was kept",
    "took_over": "baseCamp asks no more: the conversation was taken over",
    "asked_on": "baseCamp asks on: called back",
    "asked_back": "A question for the team, in the conversation,",
    "answered": "Said more in the conversation",
    "message_edited": "The message was edited",
    "message_deleted": "The message was deleted in Slack",
}
"""The verbs of history lines that need more words than themselves."""

OF_ANOTHER_LEAD = {
    "merged": "Merged into",
    "merged_in": "Merged with",
    "unmerged": "No longer merged with",
}
"""The verbs of history lines whose why begins with another lead's number."""


_AGAIN_MAX = 300  # of what the sender wrote again


def thread_line(event: Event, who: str | None = None, *, to: str | None = None) -> str:
    """One line of a lead's history, as mrkdwn: ``Claimed by Ana``, ``Reassigned by Ana to @Ben``.

    Args:
        event: what happened; of a reassignment and a waking, ``why`` is the owner's Slack user id, of a
            return to the pool the former owner's; where a lead was given, it begins with the owner's; of a
            merge, with the other lead's number; of a snooze, with the time it ends.
        who: the actor's plain name; without it a Slack user is mentioned, which pings.
        to: the new owner's plain name; without it they are mentioned, which pings.
    """
    what = HISTORY.get(event.what) or clean(event.what.replace("_", " ")).capitalize() or "Changed"
    why = event.why
    if event.what in OF_ANOTHER_LEAD:
        number, _, why = (event.why or "").partition(": ")
        what = f"{OF_ANOTHER_LEAD[event.what]} {number}"
    line = escape(what, 60)
    if event.actor != "system":
        line += f" by {named(event.actor, who)}"
    if not why:
        return line
    if tail := _whose(event.what, why, to):
        return line + tail
    if event.what == PAST[ActionName.SNOOZE]:
        until, _, why = why.partition(" ")
        line += f" until {moment(datetime.fromisoformat(until))}"
    return f"{line}: {escape(why, WORDS_MAX)}" if why else line


def _whose(what: str, why: str, to: str | None) -> str:
    """The rest of a line whose why names who has the lead now, or where it is; nothing for any other."""
    owner, _, reason = why.partition(" ")
    tails = {
        PAST[ActionName.MOVE]: f" to {channel(why)}",
        PAST[ActionName.REASSIGN]: f" to {named(why, to)}",
        PAST[ActionName.WAKE]: f", {named(why, to)}",
        RETURNED: f": {named(why, to)} did not act in time",
        ASSIGNED: f" to {named(owner, to)}: {escape(reason, WORDS_MAX)}",
    }
    return tails.get(what, "")


def took_over(event: Event, lead: Lead, who: str | None = None) -> Card:
    """Somebody of the team talks with the writer; with the way to call the bot back."""
    line = thread_line(event, who)
    button = {
        "type": "button",
        "action_id": ActionName.ASK_ON.value,
        "text": plain("Let baseCamp ask on", 75),
        "value": lead.lead_id,
    }
    blocks: list[Block] = [
        {"type": "section", "text": markup(line)},
        {"type": "actions", "block_id": actions_block_id(lead), "elements": [button]},
    ]
    return Card(text=line, blocks=blocks)


def named(actor: str, name: str | None = None) -> str:
    """Who did something, in mrkdwn: by name if there is one, else a mention or the API key's name."""
    if name is not None:
        return escape(name, 60)
    if actor == API:
        return "the API"
    key = actor.removeprefix("api:")
    return f"API key {escape(key, 40)}" if key != actor else mention(actor)


def asked_again(gone: Lead, *, hidden: frozenset[str] = frozenset()) -> Card:
    """What a lead says that only repeats the card's request, with the way back.

    Args:
        gone: the lead that was merged without anybody being asked.
        hidden: names of entities this desk does not show.
    """
    head = f"*Asked again*, {gone.number}, {escape(wording.source(gone))}"
    words = "" if hidden and gone.analysis is None else wording.veiled(gone.message, gone.analysis, hidden)
    apart = {
        "type": "button",
        "action_id": ActionName.UNMERGE.value,
        "text": plain("Another request", 75),
        "value": gone.lead_id,
        "confirm": {
            "title": plain(f"Give {gone.number} a card of its own?", 100),
            "text": plain("Both leads become what they were before.", 300),
            "confirm": plain("Yes", 30),
            "deny": plain("No", 30),
        },
    }
    blocks = [
        {"type": "section", "text": markup(head)},
        {"type": "section", "text": plain(f"“{cut(clean(words), _AGAIN_MAX)}”", 3_000)} if words else None,
        {"type": "actions", "block_id": actions_block_id(gone), "elements": [apart]},
    ]
    return Card(text=f"{gone.number}: asked again", blocks=[block for block in blocks if block])
