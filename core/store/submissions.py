"""What was sent to us, kept before anything else happens; the same delivery twice is the same lead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from core.errors import InvalidLead, NotFound
from core.lead import DeskStatus, Draft, Event, Status, SyncStatus, utcnow
from core.store.database import Database
from core.store.events import add_event
from core.store.tables import leads, shapes, submissions

REPEAT_WINDOW = timedelta(minutes=10)
"""Without an event id, an equal body from the same source within this time is the same delivery."""

Enlist = Callable[[Connection, str], None]
"""Enqueue the lead's pipeline inside the transaction that stores it; given connection and lead id."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The raw bytes somebody sent.

    Attributes:
        event_key: the sender's own id of this delivery, if it has one.
        fingerprint: sha256 (hex) of the canonical body, for senders without ids.
        body: None where nothing may be kept.
        fields: what it said, decoded, to read it again should it not become a lead now.
        desk: the channel of the desk whose door it came through; None: whichever takes it.
    """

    source: str
    event_key: str | None
    fingerprint: str
    content_type: str
    body: bytes | None
    received_at: datetime
    fields: Mapping[str, Any] | None = None
    desk: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The answer to a delivery: the lead's final id, and whether this delivery made it."""

    lead_id: str
    number: str
    fresh: bool


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery as `basecamp deliveries` and Home list it: a lead, or why it is none (yet).

    Attributes:
        desk: channel of the desk whose door it came through, or which is asked what its fields are.
        readable: it was kept in a form that may be read again.
        read_key: of the click for which it was last read again.
    """

    submission_id: str
    source: str
    desk: str | None
    received_at: datetime
    number: str | None
    code: str | None
    field: str | None
    why: str | None
    readable: bool
    read_key: str | None


class Submissions:
    """The table of deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(
        self,
        submission: Submission,
        draft: Draft,
        *,
        desk: str,
        business_type: str,
        actor: str,
        enlist: Enlist,
        kept: str | None = None,
    ) -> Accepted:
        """In one transaction: keep the submission, make its lead, enqueue its pipeline.

        A delivery that came before gives the lead that it made then.
        kept: the id of the submission, where it was kept before and is read again.
        """

        def write(connection: Connection) -> Accepted:
            lead_id = str(uuid7())
            if kept is not None:
                before = _take_up_kept(connection, kept, submission, lead_id)
            else:
                before = self._lead_of_equal(connection, submission)
                if before is None and not self._insert(connection, submission, lead_id):
                    before = _take_up(connection, _same_key(submission), lead_id)
            if before is not None:
                return before
            number = _insert_lead(connection, lead_id, draft, desk=desk, business_type=business_type)
            add_event(connection, _received(lead_id, actor, draft.source))
            enlist(connection, lead_id)
            return Accepted(lead_id, lead_number(number), fresh=True)

        return await self._database.write(write, first=True)

    async def refuse(self, submission: Submission, error: InvalidLead) -> None:
        """Keep what was refused, and why, for `basecamp deliveries`."""
        refused: dict[str, Any] = {
            "event_key": None,
            "code": error.code,
            "field": error.field,
            "why": error.why,
        }
        refused |= {"fields": submission.fields, "desk": submission.desk}
        query = insert(submissions).values(**(submission_row(submission) | refused))
        await self._database.write(lambda connection: connection.execute(query))

    async def lead_of(self, source: str, event_key: str) -> Accepted | None:
        """The lead that this very delivery made, if it made one."""
        key = (submissions.c.source == source, submissions.c.event_key == event_key)
        return await self._database.read(lambda connection: _accepted(connection, *key))

    async def latest(self, *, limit: int, failed_only: bool = False) -> list[Delivery]:
        """The newest deliveries first."""
        query = DELIVERIES.order_by(submissions.c.received_at.desc()).limit(limit)
        if failed_only:
            query = query.where(submissions.c.code.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [read_delivery(row) for row in rows]

    def _lead_of_equal(self, connection: Connection, submission: Submission) -> Accepted | None:
        if submission.event_key is not None:
            return None
        return _accepted(connection, *lately_equal(connection, submission, self._database))

    def _insert(self, connection: Connection, submission: Submission, lead_id: str) -> bool:
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        result = connection.execute(
            upsert(submissions)
            .values(**submission_row(submission), lead_id=lead_id)
            .on_conflict_do_nothing(index_elements=["source", "event_key"])
            .returning(submissions.c.submission_id)
        )
        return result.first() is not None


DELIVERIES = (
    select(
        submissions.c.submission_id,
        submissions.c.source,
        func.coalesce(submissions.c.desk, shapes.c.desk).label("desk"),
        submissions.c.received_at,
        leads.c.number,
        submissions.c.code,
        submissions.c.field,
        submissions.c.why,
        (submissions.c.body.is_not(None) | submissions.c.fetch.is_not(None)).label("readable"),
        submissions.c.read_key,
    )
    .join(leads, leads.c.lead_id == submissions.c.lead_id, isouter=True)
    .join(shapes, shapes.c.shape_id == submissions.c.shape_id, isouter=True)
)
"""All deliveries as ``read_delivery`` reads them, without what they said."""


def read_delivery(row: RowMapping) -> Delivery:
    """A row of DELIVERIES."""
    number = None if row["number"] is None else lead_number(row["number"])
    return Delivery(**{**row, "number": number, "readable": bool(row["readable"])})


def lately_equal(
    connection: Connection, submission: Submission, database: Database
) -> tuple[ColumnElement[bool], ...]:
    """What finds an equal body of the same source within REPEAT_WINDOW."""
    if not database.is_sqlite:  # there, two equal bodies at once must take turns
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(submission.fingerprint))))
    return (
        submissions.c.source == submission.source,
        submissions.c.fingerprint == submission.fingerprint,
        submissions.c.received_at > submission.received_at - REPEAT_WINDOW,
    )


def lead_number(number: int) -> str:
    """The number as people say it: 1042 -> ``L-1042``."""
    return f"L-{number}"


def submission_row(submission: Submission) -> dict[str, Any]:
    """The row of a delivery that is new."""
    return {
        "submission_id": str(uuid7()),
        "source": submission.source,
        "event_key": submission.event_key,
        "fingerprint": submission.fingerprint,
        "content_type": submission.content_type,
        "body": submission.body,
        "received_at": submission.received_at,
    }


def _same_key(submission: Submission) -> list[ColumnElement[bool]]:
    return [submissions.c.source == submission.source, submissions.c.event_key == submission.event_key]


def _take_up(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], lead_id: str
) -> Accepted | None:
    """Make the submission that was kept before this lead's; or give the lead that it is already."""
    query = select(submissions.c.submission_id, submissions.c.lead_id).where(*conditions)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound("There is no such delivery any more.")
    this = submissions.c.submission_id == row.submission_id
    if row.lead_id is not None:
        return _accepted(connection, this)
    connection.execute(update(submissions).where(this).values(became(lead_id)))
    return None


def became(lead_id: str) -> dict[str, Any]:
    """The columns that change when a submission is a lead."""
    return {"lead_id": lead_id, "code": None, "field": None, "why": None, "fields": None}


def _take_up_kept(connection: Connection, kept: str, submission: Submission, lead_id: str) -> Accepted | None:
    """The same for one that is read again, which by now may have its sender's key, or have come under it."""
    this = submissions.c.submission_id == kept
    if submission.event_key is None:
        return _take_up(connection, [this], lead_id)
    same = select(submissions.c.submission_id).where(
        *_same_key(submission), submissions.c.submission_id != kept
    )
    if connection.execute(same).first() is None:
        key = {"event_key": submission.event_key}
        connection.execute(update(submissions).where(this, submissions.c.lead_id.is_(None)).values(**key))
        return _take_up(connection, [this], lead_id)
    before = _take_up(connection, _same_key(submission), lead_id)
    _take_up(connection, [this], lead_id if before is None else before.lead_id)
    return before


def _accepted(connection: Connection, *conditions: ColumnElement[bool]) -> Accepted | None:
    query = (
        select(leads.c.lead_id, leads.c.number)
        .join(submissions, submissions.c.lead_id == leads.c.lead_id)
        .where(*conditions)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else Accepted(row.lead_id, lead_number(row.number), fresh=False)


def _insert_lead(connection: Connection, lead_id: str, draft: Draft, *, desk: str, business_type: str) -> int:
    now = utcnow()
    row = {
        "lead_id": lead_id,
        "status": Status.RAW,
        "desk_status": DeskStatus.NEW,
        "business_type": draft.business_type or business_type,
        "desk": desk,
        "source": draft.source,
        "source_url": draft.source_url,
        **draft.contact.model_dump(),
        "message": draft.message,
        "custom_fields": dict(draft.custom_fields),
        "ip_address": draft.ip_address,
        "crm_status": SyncStatus.PENDING,
        "received_at": draft.received_at,
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }
    number: int = connection.execute(_INSERT_LEAD, row).scalar_one()
    return number


# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_INSERT_LEAD = insert(leads).returning(leads.c.number)


def _received(lead_id: str, actor: str, source: str) -> Event:
    return Event(
        event_id=f"received:{lead_id}",
        lead_id=lead_id,
        at=utcnow(),
        actor=actor,
        what="received",
        why=source,
        told=False,
    )
