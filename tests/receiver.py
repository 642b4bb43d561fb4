"""Somebody who is told of what happens to leads."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from core.hooks.calls import Hook, HookEvent
from core.store import Store


class Receiver:
    """Somebody who is told, and answers with these statuses, the last one ever after."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [204]
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """To what it is told."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append((headers, await request.read()))
        return web.Response(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

    def types(self, lead_id: str) -> list[str]:
        """What it was told of the lead, each message once though it came again, sorted."""
        return sorted(body["type"] for body in self.bodies() if body["data"]["lead_id"] == lead_id)

    def bodies(self) -> list[dict[str, Any]]:
        """What it was told, each message once, as it came last."""
        by_id = {headers["webhook-id"]: json.loads(body) for headers, body in self.received}
        return list(by_id.values())

    async def until(self, so: Callable[[], object], *, seconds: float = 20) -> None:
        """Return once this is so."""
        async with asyncio.timeout(seconds):
            while not so():  # noqa: ASYNC110 - an HTTP server tells nobody
                await asyncio.sleep(0.05)


@asynccontextmanager
async def receiving(store: Store, receiver: Receiver, *events: HookEvent) -> AsyncIterator[Hook]:
    """The receiver, registered there for these events, or for all."""
    app = web.Application()
    app.router.add_post("/hook", receiver.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    hook = await store.hooks.add(receiver.url, frozenset(events))
    try:
        yield hook
    finally:
        await store.hooks.remove(hook.hook_id)
        await runner.cleanup()
