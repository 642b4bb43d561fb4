"""What the table of leads answers to a question: how many of each outcome, and the newest of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from core.lead import DeskStatus, Lead
from core.listing import Term
from core.similar.wanted import NOBODY, Wanted
from core.store.database import Database
from core.store.lead_rows import whole_leads
from core.store.queues import is_urgent, stands
from core.store.tables import leads


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Leads of a question, in one snapshot.

    Attributes:
        counts: desk status -> how many; none that is 0.
        newest: the newest of them, newest first.
    """

    counts: dict[DeskStatus, int]
    newest: list[Lead]


class Questions:
    """The table of leads, counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tally(
        self,
        wanted: Wanted,
        terms: Sequence[Term],
        *,
        urgent: bool,
        desks: Collection[str] | None,
        limit: int,
    ) -> Tally:
        """Those in which all the terms stand; a merged lead counts as the one that stands for it.

        desks: only those of these desks; None: of any.
        """
        so = _conditions(wanted, terms, urgent=urgent, desks=desks)

        def read(connection: Connection) -> Tally:
            by_status = select(leads.c.desk_status, func.count()).where(*so).group_by(leads.c.desk_status)
            counts = {DeskStatus(status): count for status, count in connection.execute(by_status)}
            newest = select(leads).where(*so).order_by(leads.c.number.desc()).limit(limit)
            return Tally(counts=counts, newest=whole_leads(connection, newest) if counts else [])

        return await self._database.read(read)

    async def among(self, lead_ids: Collection[str], terms: Sequence[Term]) -> frozenset[str]:
        """Those of these leads in which all the terms stand."""
        query = select(leads.c.lead_id).where(leads.c.lead_id.in_(lead_ids), *map(stands, terms))
        found = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return frozenset(found)


def _conditions(
    wanted: Wanted, terms: Sequence[Term], *, urgent: bool, desks: Collection[str] | None
) -> list[ColumnElement[Any]]:
    so: list[ColumnElement[Any]] = [leads.c.merged_into.is_(None), *map(stands, terms)]
    if desks is not None:
        so.append(leads.c.desk.in_(desks))
    if urgent:
        so.append(is_urgent())
    if wanted.business_type is not None:
        so.append(leads.c.business_type == wanted.business_type)
    if wanted.owner is not None:
        so.append(leads.c.owner.is_(None) if wanted.owner == NOBODY else leads.c.owner == wanted.owner)
    if wanted.outcomes:
        so.append(leads.c.desk_status.in_(sorted(wanted.outcomes)))
    if wanted.received_from is not None:
        so.append(leads.c.received_at >= wanted.received_from)
    if wanted.received_before is not None:
        so.append(leads.c.received_at < wanted.received_before)
    return so
