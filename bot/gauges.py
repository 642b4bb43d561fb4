"""What waits, for /metrics: counted in the database, so that a look costs the same however much it is."""

import time
from typing import Any, Final

import sqlalchemy as sa

from core import metrics
from core.store import Store

DBOS_SCHEMA: Final = "dbos"
"""Where dbos has its tables on PostgreSQL; on SQLite they are beside ours."""

UNDER_WAY: Final = frozenset({"ENQUEUED", "PENDING"})

MEASURED: Final = sorted({*UNDER_WAY, "DELAYED", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""States of work: what waits or runs, and what a person should look at."""


async def measure(store: Store) -> None:
    """Set the gauges of queue depth, of the oldest lead under way, and of parts that wait for a service."""
    depths = _depths(schema=None if store.database.is_sqlite else DBOS_SCHEMA)
    rows = await store.database.read(lambda connection: connection.execute(depths).all())
    metrics.queue_depth.clear()
    for row in rows:
        metrics.queue_depth.labels(row.queue_name or "none", row.status.lower()).set(row.depth)
    oldest = min((row.oldest for row in rows if row.status in UNDER_WAY), default=None)
    metrics.oldest_waiting_lead_seconds.set(0 if oldest is None else time.time() - oldest / 1000)
    metrics.parts_waiting.clear()
    for part, count in (await store.waiting.counts()).items():
        metrics.parts_waiting.labels(part.value).set(count)


def _depths(*, schema: str | None) -> sa.Select[Any]:
    """How much work is in each queue and state, and since when (ms); dbos itself can only list it."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("queue_name", "status", "created_at")]
    work = sa.table("workflow_status", *columns, schema=schema)
    return (
        sa.select(
            work.c.queue_name,
            work.c.status,
            sa.func.count().label("depth"),
            sa.func.min(work.c.created_at).label("oldest"),
        )
        .where(work.c.status.in_(MEASURED))
        .group_by(work.c.queue_name, work.c.status)
    )
