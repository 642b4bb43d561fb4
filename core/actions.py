"""What people do with a lead: which actions it offers, and what each one changes. Pure decisions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core.dedupe import Answer
from core.errors import NotAllowed
from core.lead import DeskStatus, Lead, Match, MatchKind, Value


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


PAST = {
    ActionName.CLAIM: "claimed",
    ActionName.APPROVE: "approved",
    ActionName.REASSIGN: "reassigned",
    ActionName.REJECT: "rejected",
    ActionName.SAME_REQUEST: "same_request",
    ActionName.SAME_PERSON: "same_person",
    ActionName.DIFFERENT: "different_person",
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

API = "api"
"""The actor of what came with an API key, which opens every desk."""

OPEN = frozenset({DeskStatus.NEW, DeskStatus.CLAIMED, DeskStatus.APPROVED, DeskStatus.SNOOZED})


class Action(Value):
    """One action one person asked for.

    Attributes:
        key: unique to this very click or command, so that a repeated delivery does nothing.
        desk: channel id whose members may act, where refusals are told.
        target: of a reassignment, the Slack user id of the new owner; of an answer about two leads, the
            other lead's id; of a merge, the id of the lead that is kept.
        reply_to: an address that reaches the actor even outside the desk's channel, for a while.
    """

    key: str
    name: ActionName
    lead_id: str
    desk: str
    actor: str
    target: str | None = None
    reply_to: str | None = None


def offered(lead: Lead) -> tuple[ActionName, ...]:
    """The actions that make sense for the lead as it is, in the order of the card's buttons."""
    if lead.desk_status == DeskStatus.MERGED:
        return (ActionName.UNMERGE,)
    if lead.desk_status not in OPEN:
        return ()
    names = [] if lead.owner else [ActionName.CLAIM]
    if lead.desk_status != DeskStatus.APPROVED:
        names.append(ActionName.APPROVE)
    return (*names, ActionName.REASSIGN, ActionName.REJECT, ActionName.MERGE)


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
    if lead.desk_status not in OPEN:
        raise NotAllowed(f"{lead.number} is {lead.desk_status.value} already.")
    match action.name:
        case ActionName.CLAIM:
            if lead.owner == action.actor:
                return {}
            if lead.owner is not None:
                raise NotAllowed(f"{lead.number} was claimed by <@{lead.owner}> before you.")
            changes: dict[str, Any] = {"owner": action.actor, "desk_status": DeskStatus.CLAIMED}
        case ActionName.APPROVE:
            changes = {"owner": lead.owner or action.actor, "desk_status": DeskStatus.APPROVED}
        case ActionName.REASSIGN:
            changes = {"owner": action.target or lead.owner, "desk_status": DeskStatus.CLAIMED}
        case ActionName.REJECT:
            changes = {"desk_status": DeskStatus.REJECTED}
        case ActionName.MERGE | ActionName.UNMERGE:
            raise ValueError(f"{action.name} is of two leads: core.store.merges does it")
    return {name: value for name, value in changes.items() if getattr(lead, name) != value}
