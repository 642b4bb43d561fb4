"""What reports count: a desk's leads of a span of time, and those that wait."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from core.lead import OPEN, DeskStatus, Lead
from core.noise.digest import Digest, overdue_of, waits
from core.noise.loudness import is_urgent
from core.noise.weekly import Came
from core.store.database import Database
from core.store.events import BY_A_PERSON
from core.store.lead_rows import whole_leads
from core.store.tables import lead_events, leads

MOST = 2_000
"""Open leads that a digest looks at, the newest; a desk with more has other worries."""


class Reports:
    """Reads for digests and weekly reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def digest(
        self, desk: str, since: datetime, until: datetime, *, overdue: Collection[str]
    ) -> Digest:
        """How the desk's leads that were there by ``until`` stand now; those since ``since`` are new.

        overdue: the ids of leads on which somebody should have acted.
        """
        values = {"desk": desk, "since": since, "until": until}
        came = await self._leads_where(_NEW, values)
        is_open = await self._leads_where(_OPEN, {"desk": desk, "until": until})
        oldest_first = sorted(is_open, key=lambda lead: lead.received_at)
        return Digest(
            since=since,
            new=len(came),
            urgent=sum(map(is_urgent, came)),
            closed=sum(lead.desk_status not in OPEN for lead in came),
            waiting=list(filter(waits, oldest_first)),
            overdue=overdue_of(oldest_first, overdue),
        )

    async def came(
        self, desk: str, since: datetime, until: datetime, *, in_time: Mapping[str, bool] | None = None
    ) -> list[Came]:
        """The desk's leads of that time. in_time: lead id -> whether it was answered in time."""
        values = {"desk": desk, "since": since, "until": until}
        rows = await self._database.read(lambda connection: connection.execute(_CAME, values).all())
        return [
            Came(
                source=row.source,
                received_at=row.received_at,
                desk_status=DeskStatus(row.desk_status),
                acted_at=row.acted_at,
                in_time=(in_time or {}).get(row.lead_id),
            )
            for row in rows
        ]

    async def _leads_where(self, query: Select[Any], values: Mapping[str, Any]) -> list[Lead]:
        return await self._database.read(lambda connection: whole_leads(connection, query, values))


_STANDING = (leads.c.desk == bindparam("desk")) & leads.c.merged_into.is_(None)
_WITHIN = leads.c.received_at.between(bindparam("since"), bindparam("until"))
_NEW = select(leads).where(_STANDING, _WITHIN).order_by(leads.c.number.desc()).limit(MOST)
_OPEN = (
    select(leads)
    .where(_STANDING, leads.c.desk_status.in_(OPEN), leads.c.received_at <= bindparam("until"))
    .order_by(leads.c.number.desc())
    .limit(MOST)
)
_CAME = select(
    leads.c.lead_id,
    leads.c.source,
    leads.c.received_at,
    leads.c.desk_status,
    select(func.min(lead_events.c.at))
    .where(lead_events.c.lead_id == leads.c.lead_id, BY_A_PERSON)
    .scalar_subquery()
    .label("acted_at"),
).where(_STANDING, leads.c.received_at >= bindparam("since"), leads.c.received_at < bindparam("until"))
