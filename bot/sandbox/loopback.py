"""What the stand-ins share: each listens on 127.0.0.1, answers nobody else, and takes faults on demand."""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

HOST = "127.0.0.1"
FAULTS = "/sandbox/faults"
"""Where every stand-in takes faults: POST ``{"action": …, its fields}``."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a foreign page makes a browser send: another Host (DNS rebinding) or Origin."""
    host = request.host.rsplit(":", 1)[0]
    origin = request.headers.get("Origin")
    if host not in {HOST, "localhost"} or (origin is not None and origin != f"http://{request.host}"):
        raise web.HTTPForbidden(text="this stand-in answers to 127.0.0.1 only")
    return await handler(request)


@asynccontextmanager
async def serving(
    app: web.Application, port: int, *, shutdown_timeout: float = 1.0, handler_cancellation: bool = False
) -> AsyncIterator[str]:
    """Serve on 127.0.0.1, port 0 being any free one; the address, without a slash at its end."""
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=shutdown_timeout, handler_cancellation=handler_cancellation
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def faults(actions: Mapping[str, Callable[..., object]]) -> web.RouteDef:
    """The route at FAULTS: the action named is called with the other fields, as keywords."""

    async def act(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            action = body.pop("action", None)
            if action not in actions:
                return _refusal(f"no action {action}: {', '.join(actions)}")
            done = actions[action](**body)
            if inspect.isawaitable(done):
                await done
        except (json.JSONDecodeError, AttributeError, TypeError) as error:
            return _refusal(str(error))
        return web.json_response({"ok": True})

    return web.post(FAULTS, act)


def cut(request: web.Request) -> web.Response:
    """Break the line without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def described(stand_in: object, *names: str) -> dict[str, Any]:
    """What another process needs to know of a stand-in, as ``basecamp sandbox`` prints it."""
    return {name: getattr(stand_in, name) for name in names}


def _refusal(why: str) -> web.Response:
    return web.json_response({"ok": False, "error": why}, status=400)
