"""What people do with a lead: which actions it offers, and what each one changes. Pure decisions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from core.dedupe import Answer
from core.edits import Edit
from core.errors import NotAllowed
from core.lead import OPEN, DeskStatus, Lead, Match, MatchKind, SyncStatus, Value


class ActionName(StrEnum):
    """What a person can do from the card."""

    CLAIM = "claim"
    APPROVE = "approve"
    REASSIGN = "reassign"
    REJECT = "reject"
    SAME_REQUEST = "same_request"
    SAME_PERSON = "same_person"
    DIFFERENT = "different"
    MERGE = "merge"
    UNMERGE = "unmerge"
    EDIT = "edit"
    NOTE = "note"
    SNOOZE = "snooze"
    WAKE = "wake"
    WON = "won"
    LOST = "lost"
    SPAM = "spam"
    REOPEN = "reopen"
    MOVE = "move"
    FORGET = "forget"
    SYNC = "sync"
    KEEP_OURS = "keep_ours"
    KEEP_THEIRS = "keep_theirs"
    ASK_ON = "ask_on"


PAST = {
    ActionName.CLAIM: "claimed",
    ActionName.APPROVE: "approved",
    ActionName.REASSIGN: "reassigned",
    ActionName.REJECT: "rejected",
    ActionName.SAME_REQUEST: "same_request",
    ActionName.SAME_PERSON: "same_person",
    ActionName.DIFFERENT: "different_person",
    ActionName.EDIT: "edited",
    ActionName.NOTE: "noted",
    ActionName.SNOOZE: "snoozed",
    ActionName.WAKE: "woken",
    ActionName.WON: "won",
    ActionName.LOST: "lost",
    ActionName.SPAM: "marked_as_spam",
    ActionName.REOPEN: "reopened",
    ActionName.MOVE: "moved",
    ActionName.SYNC: "sync_asked",
    ActionName.KEEP_OURS: "kept_ours",
    ActionName.KEEP_THEIRS: "kept_theirs",
    ActionName.ASK_ON: "asked_on",
}
"""The action as its history line says it."""

ANSWERS = {
    ActionName.SAME_REQUEST: Answer.SAME_REQUEST,
    ActionName.SAME_PERSON: Answer.SAME_PERSON,
    ActionName.DIFFERENT: Answer.DIFFERENT,
}
"""Actions that say what two leads are to each other."""

OF_TWO_LEADS = frozenset({ActionName.MERGE, ActionName.UNMERGE, ActionName.SAME_REQUEST})
"""They change more leads than one (core.merge)."""

ABOUT_CRM = frozenset({ActionName.KEEP_OURS, ActionName.KEEP_THEIRS})
"""Answers about a lead's record in the CRM (core.crm.reconcile)."""

API = "api"
"""The actor of what came with a key of the settings, which opens every desk; with one of ours, api:<name>."""


def is_program(actor: str) -> bool:
    """Whether it came with an API key, of whatever name."""
    return actor == API or actor.startswith(f"{API}:")


WORDS_MAX = 1_000
"""Longest note or reason, in characters."""

REOPENABLE = frozenset(
    {DeskStatus.WON, DeskStatus.LOST, DeskStatus.REJECTED, DeskStatus.SPAM, DeskStatus.ARCHIVED}
)


class Action(Value):
    """One action one person asked for.

    Attributes:
        key: unique to this very click or command, so that a repeated delivery does nothing.
        target: of a reassignment, the Slack user id of the new owner; of an answer about two leads, the
            other lead's id; of a merge, the id of the lead that is kept; of a move, the other desk's channel;
            of an answer about the CRM, the question's id.
        words: the text of a note, the reason of an outcome.
        until: when a snoozed lead comes back; of a waking, the time for which it was asked.
        edit: what an edit changes.
        reply_to: an address that reaches the actor even outside the desk's channel, for a while.
    """

    key: str
    name: ActionName
    lead_id: str
    actor: str
    target: str | None = None
    words: str | None = Field(default=None, max_length=WORDS_MAX)
    until: AwareDatetime | None = None
    edit: Edit | None = None
    reply_to: str | None = None


def offered(lead: Lead) -> tuple[ActionName, ...]:
    """The actions that make sense for the lead as it is, in the order of the card's buttons."""
    if lead.desk_status == DeskStatus.MERGED:
        return (ActionName.UNMERGE,)
    if lead.desk_status not in OPEN:
        return ()
    names = [] if _is_taken(lead) else [ActionName.CLAIM]
    if lead.desk_status != DeskStatus.APPROVED:
        names.append(ActionName.APPROVE)
    return (*names, ActionName.REASSIGN, ActionName.REJECT)


def _is_taken(lead: Lead) -> bool:
    """Whether somebody took the lead up; one that was given to its owner is new until they claim it."""
    return lead.owner is not None and DeskStatus.NEW not in {lead.desk_status, lead.snoozed_from}


def seldom(lead: Lead) -> tuple[ActionName, ...]:
    """What the card's menu offers beside the buttons, at most the five that Slack takes.

    A lead that nobody took up is no deal yet, and one that somebody did was found to be a lead: so one menu
    ends with an outcome and the other with "not a lead"; commands and the form of Edit have the rest.
    """
    if lead.desk_status in REOPENABLE:
        return (ActionName.REOPEN, ActionName.NOTE)
    if lead.desk_status not in OPEN:
        return ()
    later = ActionName.WAKE if lead.desk_status == DeskStatus.SNOOZED else ActionName.SNOOZE
    end = ActionName.WON if _is_taken(lead) else ActionName.SPAM
    return (ActionName.EDIT, ActionName.NOTE, later, end, ActionName.MERGE)


def question(lead: Lead) -> Match | None:
    """The earlier lead about which somebody should say whether it belongs with this one."""
    if lead.desk_status not in OPEN:
        return None
    return next((match for match in lead.matches if not match.sure), None)


def asked_about(lead: Lead, action: Action) -> Match:
    """The earlier lead that the answer is about; NotAllowed when it is answered already."""
    match = next((match for match in lead.matches if match.lead_id == action.target), None)
    if match is None or match.kind == MatchKind.SIMILAR:
        raise NotAllowed(f"What {lead.number} is to that lead was answered before you.")
    return match


def decide(lead: Lead, action: Action) -> Mapping[str, Any]:
    """The lead's columns that an action of one lead changes, none if all is so already (a double click).

    Raises NotAllowed, in a sentence for the actor, when it may not be.
    """
    if lead.desk_status == DeskStatus.MERGED:
        raise NotAllowed(f"{lead.number} is merged into {lead.merged_number} already: use that card.")
    if action.name == ActionName.WAKE:
        return _woken(lead, action)
    if action.name == ActionName.REOPEN:
        return _reopened(lead)
    if lead.desk_status not in OPEN:
        raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.")
    if action.name == ActionName.CLAIM and lead.owner not in {None, action.actor}:
        if _is_taken(lead):
            raise NotAllowed(f"{lead.number} was claimed by <@{lead.owner}> before you.")
        raise NotAllowed(
            f"{lead.number} is <@{lead.owner}>'s to claim: they or a manager of the desk can hand it over."
        )
    changes = {**_AWAKE, **_step(lead, action)}
    return {name: value for name, value in changes.items() if getattr(lead, name) != value}


def tried_again(lead: Lead) -> Mapping[str, Any]:
    """The columns that change when somebody asks for another try at the CRM; none if it is in there."""
    if lead.crm.status != SyncStatus.FAILED:
        return {}
    return {"crm_status": SyncStatus.PENDING, "crm_why": None}


def moved(lead: Lead, desk: str, *, keeps_owner: bool) -> Mapping[str, Any]:
    """The columns that a move to another desk changes; without an owner there, it is new there.

    Raises NotAllowed when the lead is over.
    """
    if lead.desk_status not in OPEN:
        raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.")
    if lead.desk == desk:
        return {}
    anew = {} if keeps_owner else {"owner": None, "desk_status": DeskStatus.NEW, **_AWAKE}
    return {"desk": desk, **anew}


def _step(lead: Lead, action: Action) -> Mapping[str, Any]:
    """What an open lead becomes."""
    match action.name:
        case ActionName.CLAIM:
            further = lead.desk_status == DeskStatus.APPROVED
            return {"owner": action.actor} | ({} if further else {"desk_status": DeskStatus.CLAIMED})
        case ActionName.APPROVE:
            return {"owner": lead.owner or action.actor, "desk_status": DeskStatus.APPROVED}
        case ActionName.REASSIGN:
            return {"owner": action.target or lead.owner, "desk_status": DeskStatus.CLAIMED}
        case ActionName.WON:
            return {"owner": lead.owner or action.actor, "desk_status": DeskStatus.WON}
        case ActionName.REJECT | ActionName.LOST | ActionName.SPAM:
            return {"desk_status": _ENDS[action.name]}
        case ActionName.SNOOZE:
            return {
                "desk_status": DeskStatus.SNOOZED,
                "snoozed_from": lead.snoozed_from or lead.desk_status,
                "snoozed_until": action.until,
            }
    raise ValueError(f"{action.name} is not a step of one lead alone")


_ENDS = {
    ActionName.REJECT: DeskStatus.REJECTED,
    ActionName.LOST: DeskStatus.LOST,
    ActionName.SPAM: DeskStatus.SPAM,
}


def _woken(lead: Lead, action: Action) -> Mapping[str, Any]:
    """Back where it was; nothing when it is awake, or was snoozed anew since the waking was due."""
    if lead.desk_status != DeskStatus.SNOOZED or action.until not in {None, lead.snoozed_until}:
        return {}
    return {"desk_status": lead.snoozed_from or _unsnoozed(lead), **_AWAKE}


def _reopened(lead: Lead) -> Mapping[str, Any]:
    if lead.desk_status in OPEN:
        return {}
    if lead.desk_status not in REOPENABLE:
        raise NotAllowed(f"{lead.number} is {lead.desk_status.value}: it cannot be opened again.")
    return {"desk_status": _unsnoozed(lead), **_AWAKE}


def _unsnoozed(lead: Lead) -> DeskStatus:
    return DeskStatus.CLAIMED if lead.owner else DeskStatus.NEW


_AWAKE: Mapping[str, Any] = {"snoozed_until": None, "snoozed_from": None}
