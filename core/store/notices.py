"""What people are told about leads: each notice once, several that are due to one person as one message."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.deskfile import Level
from core.noise.loudness import Plan, is_direct
from core.noise.notices import Notice, Reason
from core.store.database import Database
from core.store.events import BY_A_PERSON
from core.store.tables import UtcDateTime, lead_events, notices

Enlist = Callable[[Connection, str], None]
"""Enqueues the sending of a batch inside the caller's transaction."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A notice as it is kept.

    Attributes:
        at: since when it waits.
        sent: how often it was sent.
        acted: whether a person acted on the lead since.
    """

    notice: Notice
    level: Level
    at: datetime
    sent: int
    acted: bool


@dataclass(frozen=True, kw_only=True)
class Ping:
    """A notice that was sent, for counting.

    Attributes:
        place: channel and ts of the message it came in, last.
        times: how often.
        acted_at: when a person first acted on the lead after it.
    """

    lead_id: str
    to: str | None
    reason: Reason
    level: Level
    place: tuple[str, str]
    times: int
    sent_at: datetime
    acted_at: datetime | None


class KeptNotices:
    """The table of notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, notice: Notice, plan: Plan, at: datetime) -> None:
        """Keep it, once; not if this person was told just this of the lead, and nobody acted since.

        What does not hurry is gathered with what else there is to say to the person soon.
        """
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        values = notice.model_dump() | {"level": plan.level, "at": at, "sent": 0}
        query = upsert(notices).on_conflict_do_nothing(index_elements=["key"])
        same = {"lead_id": notice.lead_id, "to": notice.to, "reason": notice.reason}

        def write(connection: Connection) -> None:
            earlier = connection.execute(_SAME, same).scalar()
            if earlier is None or _acted_at(connection, notice.lead_id, earlier) is not None:
                last = connection.execute(_LAST, {"to": notice.to}).scalar()
                connection.execute(query, values | {"due_at": plan.after(last)})

        await self._database.write(write)

    async def take(self, now: datetime, *, limit: int, enlist: Enlist) -> None:
        """Make what is due now into messages, and enlist the sending of each; each is taken once."""
        query = _DUE.limit(limit).with_for_update(skip_locked=True)

        def write(connection: Connection) -> None:
            messages: dict[tuple[str, bool], list[Any]] = {}
            for row in connection.execute(query, {"now": now}):
                messages.setdefault((row.to or row.key, is_direct(Level(row.level))), []).append(row)
            for rows in messages.values():
                # with the time: what had to be put off is another batch
                batch = f"ring:{rows[0].key}:{rows[0].sent}:{now.timestamp():.0f}"
                connection.execute(_BATCH, {"keys": [row.key for row in rows], "batch_key": batch})
                enlist(connection, batch)

        await self._database.write(write)

    async def batch(self, batch: str) -> list[Kept]:
        """What this message says, the oldest first; empty when it was sent."""

        def read(connection: Connection) -> list[Kept]:
            rows = connection.execute(_OF_BATCH, {"batch": batch}).mappings().all()
            return [_kept(connection, row) for row in rows]

        return await self._database.read(read)

    async def sent(
        self,
        kept: Sequence[Kept],
        now: datetime,
        place: tuple[str, str],
        again: Callable[[Kept], datetime | None],
    ) -> None:
        """They were sent there (channel, ts); ``again`` says when each is sent anew, None: never."""
        rows = [
            {"this": each.notice.key, "again": again(each), "now": now, "place": place[0], "there": place[1]}
            for each in kept
        ]
        if rows:
            await self._database.write(lambda connection: connection.execute(_SENT, rows))

    async def end(self, keys: Collection[str]) -> None:
        """Nothing more is to be said of these."""
        await self._set(keys, None)

    async def put_off(self, keys: Collection[str], until: datetime) -> None:
        """They could not be sent now: they are due anew then."""
        await self._set(keys, until)

    async def pings(self, since: datetime) -> list[Ping]:
        """What was sent since then."""
        rows = await self._database.read(
            lambda connection: connection.execute(_PINGS, {"since": since}).all()
        )
        return [
            Ping(
                lead_id=row.lead_id,
                to=row.to,
                reason=Reason(row.reason),
                level=Level(row.level),
                place=(row.channel, row.ts),
                times=row.sent,
                sent_at=row.sent_at,
                acted_at=row.acted_at,
            )
            for row in rows
        ]

    async def _set(self, keys: Collection[str], due_at: datetime | None) -> None:
        values = {"keys": list(keys), "due": due_at}
        if keys:
            await self._database.write(lambda connection: connection.execute(_AGAIN, values))


def _kept(connection: Connection, row: RowMapping) -> Kept:
    return Kept(
        notice=Notice(**{name: row[name] for name in Notice.model_fields}),
        level=Level(row["level"]),
        at=row["at"],
        sent=row["sent"],
        acted=_acted_at(connection, row["lead_id"], row["at"]) is not None,
    )


def _acted_at(connection: Connection, lead_id: str, since: datetime) -> datetime | None:
    found: datetime | None = connection.execute(_ACTED, {"lead_id": lead_id, "since": since}).scalar()
    return found


_ACTED = select(func.min(lead_events.c.at)).where(
    lead_events.c.lead_id == bindparam("lead_id"), lead_events.c.at > bindparam("since"), BY_A_PERSON
)
_SAME = select(func.max(notices.c.at)).where(
    notices.c.lead_id == bindparam("lead_id"),
    notices.c.to.is_not_distinct_from(bindparam("to")),
    notices.c.reason == bindparam("reason"),
)
_LAST = select(func.max(notices.c.sent_at)).where(notices.c.to == bindparam("to"))
_DUE = (
    select(notices.c.key, notices.c.to, notices.c.level, notices.c.sent)
    .where(notices.c.due_at <= bindparam("now"), notices.c.batch.is_(None))
    .order_by(notices.c.at, notices.c.key)
)
_OF_BATCH = select(notices).where(notices.c.batch == bindparam("batch")).order_by(notices.c.at, notices.c.key)
_BATCH = (
    update(notices)
    .where(notices.c.key.in_(bindparam("keys", expanding=True)))
    .values(batch=bindparam("batch_key"))
)
_AGAIN = (
    update(notices)
    .where(notices.c.key.in_(bindparam("keys", expanding=True)))
    .values(due_at=bindparam("due"), batch=None)
)
_SENT = (
    update(notices)
    .where(notices.c.key == bindparam("this"))
    .values(
        due_at=bindparam("again"),
        batch=None,
        sent=notices.c.sent + 1,
        sent_at=func.coalesce(notices.c.sent_at, bindparam("now", type_=UtcDateTime)),
        channel=bindparam("place"),
        ts=bindparam("there"),
    )
)
_PINGS = select(
    notices,
    select(func.min(lead_events.c.at))
    .where(lead_events.c.lead_id == notices.c.lead_id, lead_events.c.at > notices.c.sent_at, BY_A_PERSON)
    .scalar_subquery()
    .label("acted_at"),
).where(notices.c.sent_at >= bindparam("since"))
