"""Connections: who holds one and asks for nothing, or drop by drop, is cut off; others find their place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from core import metrics
from handlers.web.envelope import Handler

HEAD_SECONDS = 15.0
"""For a request's head to be there, from the connection's first moment or from the head's first byte."""

KEEPALIVE_SECONDS = 75.0
"""Between two requests of one connection: longer than reverse proxies keep theirs, or they would use one that
is just being closed."""

CONNECTIONS_MAX = 500
"""Open at once: half of the files that a process may have open where nobody raised that (1,024)."""

GRACE_SECONDS = 1.0
"""A connection that waits no longer than this may only wait for us."""

SHUTDOWN_SECONDS = 10.0
"""For requests that are worked on when the server stops."""


@dataclass(frozen=True)
class _Wait:
    """For the next request: since when (the loop's time), and what cuts it if only a part of it comes."""

    since: float
    cut: asyncio.TimerHandle | None = None


class Connections:
    """All connections of a server, and which of them have no request that is worked on.

    aiohttp has one time for both, how long a connection may be idle and how long a head may take, and no
    bound on how many may be idle.
    """

    def __init__(
        self,
        *,
        seconds: float = HEAD_SECONDS,
        most: int = CONNECTIONS_MAX,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """Takes its bounds.

        seconds: for a head.
        most: where there are so many, the one that waits longest goes for each that comes.
        grace: none goes that waits for less.
        """
        self._seconds = seconds
        self._most = most
        self._grace = grace
        self._open: set[Any] = set()
        self._waiting: dict[Any, _Wait] = {}  # by transport, the longest first

    @property
    def now_open(self) -> int:
        """How many there are."""
        return len(self._open)

    @asynccontextmanager
    async def listening(self, app: web.Application, host: str, port: int) -> AsyncIterator[int]:
        """Serve the application, whose middlewares have ``busy``; the port. Raises OSError if it is taken."""
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, keepalive_timeout=KEEPALIVE_SECONDS
        )
        await runner.setup()
        try:
            made: Callable[[], asyncio.Protocol] = _there(runner.server)
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: _Watched(made(), self), host, port)
            try:
                yield int(server.sockets[0].getsockname()[1])
            finally:
                server.close()
        finally:
            await runner.cleanup()

    def busy(self) -> Middleware:
        """A request is worked on: how long that takes is not its sender's doing."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._end_wait(request.transport)
            try:
                return await handler(request)
            finally:
                if request.transport in self._open:
                    self._waiting[request.transport] = _Wait(_now())

        return middleware

    def opened(self, transport: Any) -> None:
        """Somebody is there: now a head has to come."""
        while len(self._open) >= self._most and (longest := self._longest()) is not None:
            self._cut(longest, "no_room")
        self._open.add(transport)
        self._expect_head(transport, _now())

    def heard(self, transport: Any) -> None:
        """Something came; where no request is worked on, it is of the next one's head."""
        wait = self._waiting.get(transport)
        if wait is not None and wait.cut is None:
            self._expect_head(transport, wait.since)

    def closed(self, transport: Any) -> None:
        """Nobody is there any more."""
        self._open.discard(transport)
        self._end_wait(transport)

    def _expect_head(self, transport: Any, since: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[transport] = _Wait(
            since, loop.call_later(self._seconds, self._cut, transport, "no_head")
        )

    def _end_wait(self, transport: Any) -> None:
        wait = self._waiting.pop(transport, None)
        if wait is not None and wait.cut is not None:
            wait.cut.cancel()

    def _longest(self) -> Any:
        """The connection that waits longest, if that is long enough."""
        transport, wait = next(iter(self._waiting.items()), (None, None))
        return transport if wait is not None and _now() - wait.since >= self._grace else None

    def _cut(self, transport: Any, why: str) -> None:
        metrics.connections_cut.labels(why).inc()  # and no line in the log, which who does this could fill
        self.closed(transport)
        transport.abort()


class _Watched(asyncio.Protocol):
    """Passes on to aiohttp's protocol all that happens, and tells it to the connections first."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._connections.opened(transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._connections.heard(self._transport)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.closed(self._transport)
        self._inner.connection_lost(exc)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _there(server: web.Server | None) -> web.Server:
    if server is None:
        raise RuntimeError("the runner is not set up")
    return server
