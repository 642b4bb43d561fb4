"""A lead as it stands in the tables, read whole and changed inside the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, select, update

from core.errors import NotFound
from core.lead import Also, Analysis, Contact, Crm, Lead, Match, Part, utcnow
from core.store.credits import UNCOUNTED, give_back
from core.store.submissions import lead_number
from core.store.tables import leads, matches, waiting


def read_lead(connection: Connection, lead_id: str, *, for_update: bool = False) -> Lead:
    """The lead, inside the caller's transaction; NotFound if there is none."""
    query = _ONE.with_for_update() if for_update else _ONE
    found = whole_leads(connection, query, {"lead_id": lead_id})
    if not found:
        raise NotFound(f"There is no lead {lead_id}.")
    return found[0]


def read_leads(connection: Connection, lead_ids: Sequence[str]) -> list[Lead]:
    """Those leads that exist, in the order asked for, inside the caller's transaction."""
    by_id = {lead.lead_id: lead for lead in whole_leads(connection, _THESE, {"lead_ids": list(lead_ids)})}
    return [by_id[lead_id] for lead_id in lead_ids if lead_id in by_id]


def read_numbers(connection: Connection, lead_ids: Collection[str]) -> dict[str, int]:
    """The numbers of those of these leads that exist, by id."""
    rows = connection.execute(_NUMBERS, {"lead_ids": list(lead_ids)}) if lead_ids else ()
    return {row.lead_id: row.number for row in rows}


def change_lead(connection: Connection, lead_id: str, changes: Mapping[str, Any]) -> None:
    """Set these columns, inside the caller's transaction; the version grows.

    A lead that proves to be none, or goes to another desk or owner, gives back what it cost whoever was given
    it; one that they left lying until it went back to the pool does not.
    """
    if changes.get("desk_status") in UNCOUNTED or "desk" in changes:
        give_back(connection, lead_id)
    elif changes.get("owner") is not None:
        give_back(connection, lead_id, only_from_owner=True)
    connection.execute(_CHANGE, {"this": lead_id, "updated_at": utcnow(), **changes})


# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_CHANGE = update(leads).where(leads.c.lead_id == bindparam("this")).values(version=leads.c.version + 1)
_THESE = select(leads).where(leads.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
_ONE = select(leads).where(leads.c.lead_id == bindparam("lead_id"))
_NUMBERS = select(leads.c.lead_id, leads.c.number).where(
    leads.c.lead_id.in_(bindparam("lead_ids", expanding=True))
)
_MATCHES = (
    select(matches, leads.c.number, leads.c.desk_status, leads.c.owner, leads.c.received_at)
    .join(leads, leads.c.lead_id == matches.c.other_id)
    .where(matches.c.lead_id.in_(bindparam("lead_ids", expanding=True)))
    .order_by(matches.c.score.desc())
)
_WAITING = select(waiting).where(waiting.c.lead_id.in_(bindparam("lead_ids", expanding=True)))


def whole_leads(
    connection: Connection, query: Select[Any], values: Mapping[str, Any] | None = None
) -> list[Lead]:
    """The leads of the query, with their matches and what they wait for."""
    rows = connection.execute(query, values or {}).mappings().all()
    lead_ids = [row["lead_id"] for row in rows]
    if not lead_ids:
        return []
    matches_of: dict[str, list[Match]] = {}
    for row in connection.execute(_MATCHES, {"lead_ids": lead_ids}).mappings():
        matches_of.setdefault(row["lead_id"], []).append(_match(row))
    missing_of: dict[str, dict[Part, str]] = {}
    for waits in connection.execute(_WAITING, {"lead_ids": lead_ids}):
        missing_of.setdefault(waits.lead_id, {})[Part(waits.part)] = waits.why
    into = [row["merged_into"] for row in rows if row["merged_into"]]
    number_of = read_numbers(connection, into)
    return [
        _lead(
            row,
            matches_of.get(row["lead_id"], []),
            missing_of.get(row["lead_id"], {}),
            number_of.get(row["merged_into"]),
        )
        for row in rows
    ]


def _match(row: RowMapping) -> Match:
    return Match(
        lead_id=row["other_id"],
        number=lead_number(row["number"]),
        kind=row["kind"],
        score=row["score"],
        evidence=row["evidence"],
        sure=row["sure"],
        desk_status=row["desk_status"],
        owner=row["owner"],
        received_at=row["received_at"],
    )


def _lead(row: RowMapping, found: Sequence[Match], missing: Mapping[Part, str], into: int | None) -> Lead:
    return Lead(
        lead_id=row["lead_id"],
        number=lead_number(row["number"]),
        status=row["status"],
        desk_status=row["desk_status"],
        business_type=row["business_type"],
        desk=row["desk"],
        source=row["source"],
        source_url=row["source_url"],
        contact=Contact(**{name: row[name] for name in Contact.model_fields}),
        also=Also() if row["also"] is None else Also.model_validate(row["also"]),
        message=row["message"],
        custom_fields=row["custom_fields"],
        analysis=None if row["analysis"] is None else Analysis.model_validate(row["analysis"]),
        matches=tuple(found),
        owner=row["owner"],
        owner_reason=row["owner_reason"],
        snoozed_until=row["snoozed_until"],
        snoozed_from=row["snoozed_from"],
        person_id=row["person_id"],
        merged_into=row["merged_into"],
        merged_number=None if into is None else lead_number(into),
        crm=Crm(
            status=row["crm_status"],
            record_id=row["crm_record_id"],
            url=row["crm_url"],
            why=row["crm_why"],
        ),
        withdrawn_at=row["withdrawn_at"],
        missing=missing,
        received_at=row["received_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
