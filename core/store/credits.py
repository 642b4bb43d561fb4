"""What each rep of a desk is owed: changed by every lead that is given, and given back to the last digit."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import DeskStatus, utcnow
from core.store.tables import assignments, leads, turns

UNCOUNTED: Final = frozenset({DeskStatus.REJECTED, DeskStatus.SPAM, DeskStatus.MERGED})
"""A lead that came to this was none of its own, and counts for nobody."""


def credits_of(connection: Connection, desk: str) -> dict[str, int]:
    """What each is owed at this desk, by Slack user id."""
    return {row.user: row.credit for row in connection.execute(_CREDITS, {"desk": desk})}


def change_credits(connection: Connection, desk: str, changes: Mapping[str, int]) -> None:
    """Add these changes, by Slack user id, inside the caller's transaction."""
    if not changes:
        return
    upsert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    adding = upsert(turns)
    adding = adding.on_conflict_do_update(
        index_elements=["desk", "user"], set_={"credit": turns.c.credit + adding.excluded.credit}
    )
    # in one order, whoever changes them: two that lock the same rows never wait for each other
    connection.execute(
        adding, [{"desk": desk, "user": user, "credit": change} for user, change in sorted(changes.items())]
    )


def give_back(connection: Connection, lead_id: str, *, only_from_owner: bool = False) -> None:
    """Undo what the lead changed when it was given to somebody, once; nothing if it never was.

    only_from_owner: only while whoever was given it still has it.
    """
    query = _GIVE_BACK.where(assignments.c.owner == _OWNER) if only_from_owner else _GIVE_BACK
    for row in connection.execute(query, {"this": lead_id, "now": utcnow()}).all():
        change_credits(connection, row.desk, {user: -change for user, change in row.credits.items()})


_OWNER = select(leads.c.owner).where(leads.c.lead_id == bindparam("this")).scalar_subquery()
_CREDITS = select(turns.c.user, turns.c.credit).where(turns.c.desk == bindparam("desk"))
_GIVE_BACK = (
    update(assignments)
    .where(assignments.c.lead_id == bindparam("this"), assignments.c.given_back_at.is_(None))
    .values(given_back_at=bindparam("now"))
    .returning(assignments.c.desk, assignments.c.credits)
)
