"""Merges: two leads become one and, as long as nothing builds upon it, two again; each in one transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, or_, select, update

from core.errors import NotAllowed
from core.lead import DeskStatus, Event, Lead, utcnow
from core.merge import MERGED, MERGED_IN, UNMERGED, columns, line_id, preview, restored
from core.store.database import Database
from core.store.events import add_event
from core.store.lead_rows import change_lead, read_lead
from core.store.submissions import lead_number
from core.store.tables import leads, merges

Follow = Callable[[Connection], None]
"""Enqueue what follows, inside the transaction that merges or undoes."""

_TURNS = 7703
"""PostgreSQL's advisory lock under which leads are merged one after the other, as on SQLite anyway."""


class Merges:
    """The table of merges. Rows are never deleted: an undo is written beside what it undid."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge(
        self,
        merge_id: str,
        gone_id: str,
        *,
        into: str,
        actor: str,
        reason: str | None = None,
        follow: Follow | None = None,
    ) -> None:
        """Let the lead ``into`` stand for the lead ``gone_id``, and for all it stood for.

        Raises NotFound, and NotAllowed with what speaks against it. A merge that is known already changes
        nothing: the engine may run a step twice.

        Args:
            merge_id: unique to this click, command or step.
            gone_id: the lead that goes.
            into: the id of the lead that is kept.
            actor: a Slack user id, ``api``, or ``system`` where nobody had to be asked.
            reason: why, in words, for the history of both; free of contact data.
            follow: what to enqueue with it.
        """

        def write(connection: Connection) -> None:
            self._take_turn(connection)
            if _one(connection, merges.c.merge_id == merge_id) is not None:
                return
            # in one order, whoever merges: two who lock the same rows never wait for each other
            found = {each: read_lead(connection, each, for_update=True) for each in sorted({into, gone_id})}
            kept, gone = found[into], found[gone_id]
            followers = connection.execute(_FOLLOWERS, {"lead_id": gone_id}).scalars()
            moved = {each: {"merged_into": (gone_id, into)} for each in followers}
            changes = {**preview(kept, gone).changes, **moved}
            for lead_id, changed in changes.items():
                change_lead(connection, lead_id, {name: after for name, (_, after) in changed.items()})
            row = {
                "merge_id": merge_id,
                "kept_id": into,
                "gone_id": gone_id,
                "actor": actor,
                "at": utcnow(),
                "changes": changes,
            }
            connection.execute(insert(merges), row)
            because = f": {reason}" if reason else ""
            add_event(connection, _line(merge_id, actor, gone, MERGED, kept.number + because))
            add_event(connection, _line(merge_id, actor, kept, MERGED_IN, gone.number + because))
            if follow is not None:
                follow(connection)

        await self._database.write(write)

    async def undo(self, undo_id: str, lead_id: str, *, actor: str, follow: Follow | None = None) -> None:
        """Undo the merge in which this lead went; of a lead that is not merged, the last one into it.

        What the merge changed becomes what it was, in all leads; what people changed since stays
        (core.merge.restored). Raises NotFound, and NotAllowed when nothing is merged, or when a later merge
        has to be undone before. An undo that is known already changes nothing.
        """

        def write(connection: Connection) -> None:
            self._take_turn(connection)
            if _one(connection, merges.c.undo_id == undo_id) is not None:
                return
            lead = read_lead(connection, lead_id)
            merge = _last(connection, lead)
            _refuse_under_a_later_one(connection, merge)
            for each in sorted(merge["changes"]):
                now = read_lead(connection, each, for_update=True)
                back = restored(merge["changes"][each], _values(now))
                change_lead(connection, each, back)  # also when nothing is left to restore: it was undone
            done = {"undo_id": undo_id, "undone_at": utcnow(), "undone_by": actor}
            connection.execute(update(merges).where(merges.c.seq == merge["seq"]).values(**done))
            kept, gone = (read_lead(connection, merge[side]) for side in ("kept_id", "gone_id"))
            add_event(connection, _line(undo_id, actor, gone, UNMERGED, kept.number))
            add_event(connection, _line(undo_id, actor, kept, UNMERGED, gone.number))
            if follow is not None:
                follow(connection)

        await self._database.write(write)

    async def last(self, lead_id: str) -> tuple[Lead, Lead]:
        """The merge that undo(…, lead_id) would undo, as (kept, gone); raises what that one raises."""

        def read(connection: Connection) -> tuple[Lead, Lead]:
            merge = _last(connection, read_lead(connection, lead_id))
            _refuse_under_a_later_one(connection, merge)
            return read_lead(connection, merge["kept_id"]), read_lead(connection, merge["gone_id"])

        return await self._database.read(read)

    async def touched(self, key: str) -> list[str]:
        """The leads that this merge (its merge_id) or undo (its undo_id) changed: kept, gone, gone before."""

        def read(connection: Connection) -> list[str]:
            row = _one(connection, or_(merges.c.merge_id == key, merges.c.undo_id == key))
            if row is None:
                return []
            first = [row["kept_id"], row["gone_id"]]
            return [*first, *sorted(set(row["changes"]) - set(first))]

        return await self._database.read(read)

    def _take_turn(self, connection: Connection) -> None:
        if not self._database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_TURNS)))


_FOLLOWERS = select(leads.c.lead_id).where(leads.c.merged_into == bindparam("lead_id"))


def _one(connection: Connection, condition: Any) -> RowMapping | None:
    return connection.execute(select(merges).where(condition)).mappings().first()


def _last(connection: Connection, lead: Lead) -> RowMapping:
    """The merge in which the lead went, else the last one into it."""
    side = merges.c.gone_id if lead.desk_status == DeskStatus.MERGED else merges.c.kept_id
    query = select(merges).where(side == lead.lead_id, merges.c.undone_at.is_(None))
    found = connection.execute(query.order_by(merges.c.seq.desc()).limit(1)).mappings().first()
    if found is None:
        raise NotAllowed(f"{lead.number} is not merged with any lead.")
    return found


def _refuse_under_a_later_one(connection: Connection, merge: RowMapping) -> None:
    both = merge["kept_id"], merge["gone_id"]
    later = (
        select(merges.c.gone_id, leads.c.number)
        .join(leads, leads.c.lead_id == merges.c.gone_id)
        .where(or_(merges.c.kept_id.in_(both), merges.c.gone_id.in_(both)))
        .where(merges.c.undone_at.is_(None), merges.c.seq > merge["seq"])
        .order_by(merges.c.seq.desc())
    )
    if (found := connection.execute(later).first()) is not None:
        raise NotAllowed(f"{lead_number(found.number)} was merged later: undo that first.")


def _values(lead: Lead) -> Mapping[str, Any]:
    return columns(lead) | {"merged_into": lead.merged_into}


def _line(key: str, actor: str, lead: Lead, what: str, why: str) -> Event:
    """A line in the lead's history, and in its thread; ``why`` begins with the other one's number."""
    return Event(
        event_id=line_id(key, what, lead),
        lead_id=lead.lead_id,
        at=utcnow(),
        actor=actor,
        what=what,
        why=why,
        told=True,
    )
