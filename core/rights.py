"""Who may do what with leads and deliveries. Decided here only: a button that is shown promises nothing."""

from enum import StrEnum
from typing import Final

from core.actions import ActionName
from core.errors import NotAllowed
from core.lead import Lead


class Role(StrEnum):
    """What somebody is at a desk, most rights first."""

    ADMIN = "admin"
    MANAGER = "manager"
    REP = "rep"
    VIEWER = "viewer"


NOT_A_MEMBER: Final = "Only members of the desk's channel can see and work its leads."

ONLY_LOOKS: Final = (
    "You can look at this desk's leads, but not work them. Ask a manager of the desk to add you."
)

ONLY_ADMINS: Final = "Only admins of the desk can erase a lead."

ONLY_ADMINS_READ: Final = "Only admins of the desk can have its deliveries read again."

OF_ANY_LEAD = frozenset(
    {
        ActionName.CLAIM,  # refused by core.actions, which knows better why
        ActionName.SAME_REQUEST,
        ActionName.SAME_PERSON,
        ActionName.DIFFERENT,
        ActionName.MERGE,
        ActionName.UNMERGE,
        ActionName.EDIT,
        ActionName.NOTE,
        ActionName.SYNC,
        ActionName.ASK_ON,
    }
)
"""What a rep may do with a colleague's lead too: it adds what is known, and can be undone."""


def check(role: Role | None, name: ActionName, lead: Lead, actor: str) -> None:
    """NotAllowed, in a sentence for the actor, when somebody of this role may not do this with the lead.

    A rep decides about leads of nobody and their own; managers and admins about all; only admins erase.
    """
    if role is None:
        raise NotAllowed(NOT_A_MEMBER)
    if role == Role.VIEWER:
        raise NotAllowed(ONLY_LOOKS)
    if name == ActionName.FORGET and role != Role.ADMIN:
        raise NotAllowed(ONLY_ADMINS)
    if role == Role.REP and name not in OF_ANY_LEAD and lead.owner not in {None, actor}:
        raise NotAllowed(f"{lead.number} is <@{lead.owner}>'s: they or a manager of the desk can do that.")


def check_reading(role: Role | None) -> None:
    """NotAllowed, in a sentence, when somebody of this role may not have a delivery read again."""
    if role is None:
        raise NotAllowed(NOT_A_MEMBER)
    if role != Role.ADMIN:
        raise NotAllowed(ONLY_ADMINS_READ)
