"""Who is told of what happens to leads, and the log of what was told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from core.errors import NotFound
from core.hooks.calls import Call, CallState, Hook, HookEvent, call_id, new_secret
from core.lead import utcnow
from core.store.database import Database
from core.store.submissions import lead_number
from core.store.tables import hook_calls, hooks, leads

PRUNED_AT_ONCE = 1_000
"""Calls forgotten in one transaction: leads that come in meanwhile wait for no long one."""

Enlist = Callable[[Connection, Call], None]
"""Enqueue an attempt inside the transaction that says it is to be made."""


class Hooks:
    """The tables of hooks and of calls to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, url: str, events: frozenset[HookEvent]) -> Hook:
        """A new hook with a secret of its own."""
        hook = Hook(hook_id=str(uuid7()), url=url, secret=new_secret(), events=events, created_at=utcnow())
        row = hook.model_dump() | {"events": sorted(events)}
        await self._database.write(lambda connection: connection.execute(insert(hooks), row))
        return hook

    async def every(self) -> list[Hook]:
        """Oldest first, those that are disabled too."""
        rows = await self._database.read(lambda connection: connection.execute(_HOOKS).mappings().all())
        return [_hook(row) for row in rows]

    async def remove(self, hook_id: str) -> None:
        """Nothing is told to it any more, and what was is forgotten; NotFound if there is none."""
        query = delete(hooks).where(hooks.c.hook_id == hook_id)
        if not await self._database.write(lambda connection: connection.execute(query).rowcount):
            raise NotFound(f"There is no hook {hook_id}.")

    async def get(self, this: str) -> tuple[Call, Hook] | None:
        """The call and whom it goes to; None when the lead or the hook is gone."""

        def read(connection: Connection) -> tuple[Call, Hook] | None:
            row = connection.execute(_CALL, {"this": this}).mappings().first()
            if row is None:
                return None
            hook = connection.execute(_HOOK, {"this": row["hook_id"]}).mappings().one()
            return _call(row), _hook(hook)

        return await self._database.read(read)

    async def settle(self, call: Call, enlist: Enlist) -> None:
        """Keep what came of an attempt; the next one, if there is any, is enqueued with it."""

        def write(connection: Connection) -> None:
            values = {
                "attempts": call.attempts,
                "state": call.state,
                "said": call.said,
                "next_at": call.next_at,
            }
            this = hook_calls.c.call_id == call.call_id, hook_calls.c.attempts < call.attempts
            if connection.execute(update(hook_calls).where(*this).values(values)).rowcount and call.next_at:
                enlist(connection, call)

        await self._database.write(write)

    async def disable(self, hook_id: str, why: str) -> None:
        """Tell it nothing any more."""
        query = (
            update(hooks)
            .where(hooks.c.hook_id == hook_id, hooks.c.disabled_at.is_(None))
            .values(disabled_at=utcnow(), disabled_why=why)
        )
        await self._database.write(lambda connection: connection.execute(query))

    async def log(self, *, limit: int, failed_only: bool = False) -> list[tuple[Call, str]]:
        """The newest calls first, each with its lead's number."""
        query = (
            select(hook_calls, leads.c.number)
            .join(leads, leads.c.lead_id == hook_calls.c.lead_id)
            .order_by(hook_calls.c.at.desc())
            .limit(limit)
        )
        if failed_only:
            query = query.where(hook_calls.c.state == CallState.FAILED)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [(_call(row), lead_number(row["number"])) for row in rows]

    async def prune(self, before: datetime) -> int:
        """Forget what was told, or given up, of what happened before then; how many calls these were.

        What is still to be told stays, however old.
        """
        known = {"before": before}
        forgotten = 0
        while some := await self._database.write(
            lambda connection: connection.execute(_FORGET, known).rowcount
        ):
            forgotten += some
        return forgotten

    async def announce(self, event: HookEvent, lead_id: str, key: str, enlist: Enlist) -> None:
        """``announce_in`` in a transaction of its own; without any hook nothing is written."""
        if await self.every():
            await self._database.write(
                lambda connection: self.announce_in(connection, event, lead_id, key, enlist)
            )

    def announce_in(
        self, connection: Connection, event: HookEvent, lead_id: str, key: str, enlist: Enlist
    ) -> None:
        """Enqueue a call to each hook that wants it, inside the caller's transaction; once per key."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        registered = connection.execute(_HOOKS).mappings().all()
        if not registered or connection.execute(_THERE, {"this": lead_id}).first() is None:
            return  # of a lead that was erased meanwhile nothing is told
        for row in registered:
            hook = _hook(row)
            if not hook.wants(event):
                continue
            call = Call(
                call_id=call_id(key, hook.hook_id),
                hook_id=hook.hook_id,
                lead_id=lead_id,
                event=event,
                at=utcnow(),
            )
            added = upsert(hook_calls).values(call.model_dump()).on_conflict_do_nothing()
            if connection.execute(added).rowcount:
                enlist(connection, call)


_HOOKS: Any = select(hooks).order_by(hooks.c.hook_id)
_HOOK = select(hooks).where(hooks.c.hook_id == bindparam("this"))
_THERE = select(leads.c.number).where(leads.c.lead_id == bindparam("this"))
_CALL = select(hook_calls).where(hook_calls.c.call_id == bindparam("this"))
_OVER = (
    select(hook_calls.c.call_id)
    .where(hook_calls.c.at < bindparam("before"), hook_calls.c.state != CallState.WAITING)
    .limit(PRUNED_AT_ONCE)
)
_FORGET = delete(hook_calls).where(hook_calls.c.call_id.in_(_OVER))


def _hook(row: RowMapping) -> Hook:
    return Hook(**{name: row[name] for name in Hook.model_fields})


def _call(row: RowMapping) -> Call:
    return Call(**{name: row[name] for name in Call.model_fields})
