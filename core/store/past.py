"""The leads of the last days, as a replay of the routing needs them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from core.actions import PAST, ActionName
from core.lead import OPEN, DeskStatus, Lead
from core.routing.replay import Past
from core.store.credits import UNCOUNTED
from core.store.database import Database
from core.store.lead_rows import whole_leads
from core.store.tables import assignments, lead_events, leads

_ENDS = [PAST[name] for name in (ActionName.WON, ActionName.LOST, ActionName.REJECT, ActionName.SPAM)]

_BATCH = 500
"""Leads read at once; a statement takes only so many ids."""


async def past_leads(database: Database, since: datetime) -> list[Past]:
    """Every lead received since then that was one of its own, in the order of receipt."""
    return await database.read(lambda connection: _past(connection, since))


def _past(connection: Connection, since: datetime) -> list[Past]:
    window = {"since": since}
    found: list[Lead] = []
    while batch := whole_leads(connection, _LEADS, {**window, "after": _number(found)}):
        found += batch
    given = {row.lead_id: row for row in connection.execute(_GIVEN, window)}
    ended = {row.lead_id: row.at for row in connection.execute(_ENDED, window)}
    known: dict[str, list[str]] = {}
    for row in connection.execute(_KNOWN, window):
        known.setdefault(row.person_id, []).append(row.owner)
    return [
        Past(
            lead=lead,
            came_to=given[lead.lead_id].came_to if lead.lead_id in given else lead.desk,
            given_to=given[lead.lead_id].owner if lead.lead_id in given else None,
            closed_at=None if lead.desk_status in OPEN else ended.get(lead.lead_id, lead.updated_at),
            counted=lead.desk_status not in UNCOUNTED,
            known=tuple(dict.fromkeys(known.get(lead.person_id or "", ()))),
        )
        for lead in sorted(found, key=lambda lead: (lead.received_at, lead.lead_id))
    ]


def _number(found: Sequence[Lead]) -> int:
    """The number of the last lead; 0 before there is one."""
    return int(found[-1].number.removeprefix("L-")) if found else 0


_WINDOW = leads.c.received_at >= bindparam("since")
_LEADS = (
    select(leads)
    .where(_WINDOW, leads.c.desk_status.not_in([DeskStatus.MERGED, DeskStatus.ARCHIVED]))
    .where(leads.c.number > bindparam("after"))
    .order_by(leads.c.number)
    .limit(_BATCH)
)
_GIVEN = (
    select(assignments.c.lead_id, assignments.c.came_to, assignments.c.owner)
    .join(leads, leads.c.lead_id == assignments.c.lead_id)
    .where(_WINDOW)
    .order_by(assignments.c.at)
)
_ENDED = (
    select(lead_events.c.lead_id, func.max(lead_events.c.at).label("at"))
    .join(leads, leads.c.lead_id == lead_events.c.lead_id)
    .where(_WINDOW, lead_events.c.what.in_(_ENDS))
    .group_by(lead_events.c.lead_id)
)
_KNOWN = (
    select(leads.c.person_id, leads.c.owner)
    .where(leads.c.received_at < bindparam("since"), leads.c.owner.is_not(None))
    .where(leads.c.desk_status.not_in([DeskStatus.SPAM, DeskStatus.REJECTED]))
    .where(leads.c.person_id.in_(select(leads.c.person_id).where(_WINDOW)))
    .order_by(leads.c.number.desc())
)
