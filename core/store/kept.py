"""Deliveries that are no leads yet: their sender keeps them, or a person has to say what the fields are."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import InvalidLead, NotFound
from core.intake.shapes import Shape
from core.store.database import Database
from core.store.shapes import add_shape, read_shape
from core.store.submissions import (
    DELIVERIES,
    Accepted,
    Delivery,
    Submission,
    became,
    lately_equal,
    lead_number,
    read_delivery,
    submission_row,
)
from core.store.tables import leads, submissions


class Waits(StrEnum):
    """Why a delivery that was not refused is no lead yet; stands where others say why they were refused."""

    SHAPE = "UNKNOWN_SHAPE"
    FETCH = "FETCHING"


WHY = {
    Waits.SHAPE: "waits for somebody to confirm, in Slack, which of its fields is which",
    Waits.FETCH: "is being fetched from its sender",
}

TOLD_IN_FORM = "slash_command"
"""The source of `/lead new`: what was wrong there was said beside its field, and mended in the same form."""

FETCH_FOR = timedelta(days=7)
"""After so long, only `basecamp replay` asks the sender again."""


@dataclass(frozen=True, kw_only=True)
class KeptDelivery:
    """A delivery to be read again.

    Attributes:
        fields: None: its body could not be decoded, or it is a lead.
        number: of the lead that it is by now.
        why: it is none.
    """

    submission_id: str
    submission: Submission
    fields: Mapping[str, Any] | None
    shape: Shape | None
    fetch: str | None
    number: str | None
    why: str | None


class Kept:
    """The rows of submissions without a lead."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self,
        submission: Submission,
        waits: Waits,
        *,
        shape: Shape | None = None,
        fetch: str | None = None,
        follow: Callable[[Connection, str], None],
        kept: str | None = None,
    ) -> tuple[str, Accepted | None]:
        """Keep it and, the first time, call ``follow``; its id, and the lead that it is if it came before.

        kept: its id, where it was refused before and is read again; it goes if it came again meanwhile.
        """

        def write(connection: Connection) -> tuple[str, Accepted | None]:
            before = _before(connection, submission, self._database)
            if before is not None:
                if kept not in {None, before[0]}:
                    _came_again(connection, kept, before[1])
                return before
            if shape is not None:
                add_shape(connection, shape, is_sqlite=self._database.is_sqlite)
            waiting = {
                "fields": submission.fields,
                "desk": submission.desk,
                "shape_id": None if shape is None else shape.shape_id,
                "fetch": fetch,
                "code": waits.value,
                "why": WHY[waits],
            }
            if kept is not None:
                again = {**waiting, "event_key": submission.event_key, "field": None}
                connection.execute(update(submissions).where(_is_no_lead(kept)).values(**again))
                follow(connection, kept)
                return kept, None
            row = submission_row(submission) | waiting
            upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
            new = (
                upsert(submissions)
                .values(**row)
                .on_conflict_do_nothing(index_elements=["source", "event_key"])
            )
            if connection.execute(new.returning(submissions.c.submission_id)).first() is not None:
                follow(connection, row["submission_id"])
                return row["submission_id"], None
            before = _before(connection, submission, self._database)  # it came at this very moment
            if before is None:
                raise NotFound("There is no such delivery any more.")
            return before

        return await self._database.write(write)

    async def get(self, submission_id: str) -> KeptDelivery:
        """The delivery; NotFound without one."""
        query = (
            select(submissions, leads.c.number)
            .join(leads, leads.c.lead_id == submissions.c.lead_id, isouter=True)
            .where(submissions.c.submission_id == submission_id)
        )

        def read(connection: Connection) -> KeptDelivery:
            row = connection.execute(query).mappings().first()
            if row is None:
                raise NotFound("There is no such delivery.")
            names = (
                "source",
                "event_key",
                "fingerprint",
                "content_type",
                "body",
                "received_at",
                "fields",
                "desk",
            )
            return KeptDelivery(
                submission_id=submission_id,
                submission=Submission(**{name: row[name] for name in names}),
                fields=row["fields"],
                shape=None if row["shape_id"] is None else read_shape(connection, row["shape_id"]),
                fetch=row["fetch"],
                number=None if row["number"] is None else lead_number(row["number"]),
                why=row["why"],
            )

        return await self._database.read(read)

    async def delivery(self, submission_id: str) -> Delivery:
        """The delivery as it is listed; NotFound without one."""
        query = DELIVERIES.where(submissions.c.submission_id == submission_id)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise NotFound("There is no such delivery any more.")
        return read_delivery(row)

    async def no_leads(
        self, desk: str, *, but: Collection[str] | None, before: str | None, limit: int
    ) -> list[Delivery]:
        """Deliveries that are no leads, newest first; not what a colleague was told in the form itself.

        Args:
            desk: the channel that they came to.
            but: the others' channels, where this one has all that is none of theirs; None: only its own.
            before: id; None: from the newest on.
            limit: at most so many.
        """
        query = DELIVERIES.where(_none_at(desk, but)).order_by(submissions.c.submission_id.desc())
        if before is not None:
            query = query.where(submissions.c.submission_id < before)
        rows = await self._database.read(
            lambda connection: connection.execute(query.limit(limit)).mappings().all()
        )
        return [read_delivery(row) for row in rows]

    async def count_no_leads(self, desk: str, *, but: Collection[str] | None) -> int:
        """How many there are, as in ``no_leads``."""
        query = select(func.count()).select_from(DELIVERIES.where(_none_at(desk, but)).subquery())
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def was_read(self, submission_id: str, key: str) -> None:
        """Note for which click it was read again, whatever came of it."""
        query = update(submissions).where(submissions.c.submission_id == submission_id)
        await self._database.write(lambda connection: connection.execute(query.values(read_key=key)))

    async def note(self, submission_id: str, **columns: Any) -> None:
        """Write down what is to be said of it, such as ``why``; a lead stays as it is."""
        query = update(submissions).where(_is_no_lead(submission_id))
        await self._database.write(lambda connection: connection.execute(query.values(**columns)))

    async def refuse(self, submission_id: str, error: InvalidLead) -> None:
        """It can be no lead; mended, the same delivery may come again."""
        await self.note(submission_id, event_key=None, code=error.code, field=error.field, why=error.why)

    async def let_go(self, *, refused_before: datetime) -> int:
        """Remove what was refused before then, with all that was sent; how many."""
        refused = submissions.c.code.not_in(list(Waits))
        old = submissions.c.received_at < refused_before
        query = delete(submissions).where(submissions.c.lead_id.is_(None), refused, old)
        return await self._database.write(lambda connection: connection.execute(query).rowcount)

    async def fetching(self, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        """Ids and times of receipt of what is still to be fetched, the oldest first."""
        query = (
            select(submissions.c.submission_id, submissions.c.received_at)
            .where(
                submissions.c.code == Waits.FETCH,
                submissions.c.lead_id.is_(None),
                submissions.c.received_at > now - FETCH_FOR,
            )
            .order_by(submissions.c.received_at)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(row.submission_id, row.received_at) for row in rows]


def _none_at(desk: str, but: Collection[str] | None) -> ColumnElement[bool]:
    place = DELIVERIES.selected_columns.desk
    here = place == desk if but is None else or_(place.is_(None), place.not_in(but))
    return and_(submissions.c.lead_id.is_(None), submissions.c.source != TOLD_IN_FORM, here)


def _came_again(connection: Connection, kept: str | None, lead: Accepted | None) -> None:
    """What was refused is the lead that it became when it came again, or waits as that delivery."""
    this = _is_no_lead(kept)
    if lead is None:
        connection.execute(delete(submissions).where(this))
    else:
        connection.execute(update(submissions).where(this).values(became(lead.lead_id)))


def _is_no_lead(submission_id: str | None) -> ColumnElement[bool]:
    return and_(submissions.c.submission_id == submission_id, submissions.c.lead_id.is_(None))


def _before(
    connection: Connection, submission: Submission, database: Database
) -> tuple[str, Accepted | None] | None:
    """The same delivery, if it came before and was not refused."""
    if submission.event_key is None:
        same = lately_equal(connection, submission, database)
    else:
        same = (submissions.c.source == submission.source, submissions.c.event_key == submission.event_key)
    query = (
        select(submissions.c.submission_id, submissions.c.lead_id, leads.c.number)
        .join(leads, leads.c.lead_id == submissions.c.lead_id, isouter=True)
        .where(*same, submissions.c.lead_id.is_not(None) | submissions.c.code.in_(list(Waits)))
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    lead = None if row.lead_id is None else Accepted(row.lead_id, lead_number(row.number), fresh=False)
    return row.submission_id, lead
