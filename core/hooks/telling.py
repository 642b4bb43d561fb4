"""Telling others what happens to leads: each call is kept, made durably and tried again for a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from core.errors import NotFound
from core.hooks.calls import GONE, Call, CallState, HookEvent, Outcome, after, message, signed
from core.lead import utcnow
from core.ports import HookPost
from core.store import Store

log = structlog.get_logger()

NOBODY_THERE = "it answered that it is gone (410)"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What happens to leads, for whoever is registered (core.store.hooks)."""

    store: Store
    post: HookPost
    enlist: Callable[[Connection, Call], None]

    async def announce(self, event: HookEvent, lead_id: str, key: str) -> None:
        """Have everybody told who wants to know; the same key twice is once."""
        await self.store.hooks.announce(event, lead_id, key, self.enlist)

    def announce_in(self, connection: Connection, event: HookEvent, lead_id: str, key: str) -> None:
        """The same inside the caller's transaction."""
        self.store.hooks.announce_in(connection, event, lead_id, key, self.enlist)

    async def attempt(self, call_id: str, number: int) -> None:
        """Make the attempt of that number, from 0, unless it was made or there is nobody to tell."""
        found = await self.store.hooks.get(call_id)
        if found is None:
            return
        call, hook = found
        if call.attempts != number or call.state != CallState.WAITING:
            return
        try:
            lead = await self.store.leads.get(call.lead_id)
        except NotFound:  # erased: nobody is told of it any more
            return
        if hook.disabled_at is not None:
            outcome = Outcome(status=None, said="the hook is disabled", final=True)
        else:
            body = message(call, lead)
            outcome = await self.post.send(hook.url, signed(hook.secret, call, body, utcnow()), body)
        settled = after(call, outcome, utcnow())
        log.info("hook_called", lead_id=call.lead_id, hook=hook.hook_id, event_=call.event, said=outcome.said)
        if outcome.status == GONE:
            await self.store.hooks.disable(hook.hook_id, NOBODY_THERE)
        await self.store.hooks.settle(settled, self.enlist)


async def hook_pipeline(step: Any, parts: Any, call: Mapping[str, Any]) -> None:
    """One attempt; the next is enqueued with what came of this one."""
    await step("tell", parts.telling.attempt, call["call_id"], call["number"])
