"""Leads of earlier years, written many at once: their submissions, themselves, their history lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select
from uuid_utils.compat import uuid7

from core.lead import DeskStatus, Draft, Event, Lead, Status, SyncStatus, utcnow
from core.store.events import add_events
from core.store.lead_rows import read_leads
from core.store.tables import leads, submissions

SOURCE = "import"
"""Of their submissions: rows of files are deliveries from one sender, whatever the leads' sources are."""


@dataclass(frozen=True, kw_only=True)
class OldLead:
    """An old lead before it has a number.

    Attributes:
        event_key: of its submission, the same for the same row of any file.
        body: the row.
        why: where it comes from, for its history line.
    """

    lead_id: str
    event_key: str
    draft: Draft
    desk_status: DeskStatus
    owner: str | None
    body: bytes
    why: str


def known(connection: Connection, event_keys: Sequence[str]) -> dict[str, str]:
    """Those rows that are leads already: key -> lead id."""
    rows = connection.execute(_KNOWN, {"event_keys": list(event_keys)})
    return {row.event_key: row.lead_id for row in rows}


def add_old_leads(
    connection: Connection, old: Sequence[OldLead], *, desk: str, business_type: str, actor: str
) -> list[Lead]:
    """Write them, none of which is known, and give them back as leads, in order."""
    if not old:
        return []
    now = utcnow()
    filled = {"desk": desk, "created_at": now, "updated_at": now}
    connection.execute(_ADD_LEADS, [_lead(each, business_type) | filled for each in old])
    connection.execute(_ADD_SUBMISSIONS, [_submission(each) | {"received_at": now} for each in old])
    add_events(
        connection,
        [
            Event(
                event_id=f"imported:{each.lead_id}",
                lead_id=each.lead_id,
                at=now,
                actor=actor,
                what="imported",
                why=each.why,
                told=False,
            )
            for each in old
        ],
    )
    return read_leads(connection, [each.lead_id for each in old])


# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_KNOWN = select(submissions.c.event_key, submissions.c.lead_id).where(
    submissions.c.source == SOURCE, submissions.c.event_key.in_(bindparam("event_keys", expanding=True))
)
_ADD_SUBMISSIONS = insert(submissions)
_ADD_LEADS = insert(leads)


def _submission(old: OldLead) -> dict[str, Any]:
    return {
        "submission_id": str(uuid7()),
        "source": SOURCE,
        "event_key": old.event_key,
        "content_type": "application/json",
        "body": old.body,
        "lead_id": old.lead_id,
    }


def _lead(old: OldLead, business_type: str) -> dict[str, Any]:
    draft = old.draft
    return {
        "lead_id": old.lead_id,
        "status": Status.RAW,
        "desk_status": old.desk_status,
        "business_type": draft.business_type or business_type,
        "source": draft.source,
        "source_url": draft.source_url,
        **draft.contact.model_dump(),
        "message": draft.message,
        "custom_fields": dict(draft.custom_fields),
        "owner": old.owner,
        "person_id": old.lead_id,
        "crm_status": SyncStatus.PENDING,
        "received_at": draft.received_at,
        "version": 1,
    }
