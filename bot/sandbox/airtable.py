"""A strict Airtable on 127.0.0.1 for AIRTABLE_ENDPOINT_URL: its API, its refusals, its limits, and faults."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox import loopback
from bot.sandbox.airtable_api import routes
from bot.sandbox.airtable_base import AirtableError, Base, Field, Json, Table, no_model, notes_fields

API_KEY = "patSandbox0000000.local"
SCOPES = frozenset(
    {
        "data.records:read",
        "data.records:write",
        "schema.bases:read",
        "schema.bases:write",
        "webhook:manage",
    }
)


@dataclass
class Fault:
    """What the next requests meet: a wait, then an answer instead of the real one, or none at all."""

    times: int
    delay: float = 0.0
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    lose_answer: bool = False


@dataclass
class Faults:
    """Faults on demand; ``down`` lasts until it is taken back, the others take a number of requests each."""

    down: bool = False
    queue: deque[Fault] = field(default_factory=deque)

    def delay(self, seconds: float, *, times: int = 1) -> None:
        """Answer late."""
        self.queue.append(Fault(times, delay=seconds))

    def status(
        self, status: int, body: str = "", *, headers: Mapping[str, str] | None = None, times: int = 1
    ) -> None:
        """Answer with this status, body and headers, and do nothing."""
        self.queue.append(Fault(times, status=status, body=body, headers=headers or {}))

    def lose_answer(self, *, times: int = 1) -> None:
        """Do what was asked, and cut the line instead of answering."""
        self.queue.append(Fault(times, lose_answer=True))

    def go_down(self) -> None:
        """Cut the line of every request from now on."""
        self.down = True

    def come_up(self) -> None:
        """End that; the faults in the queue stay."""
        self.down = False

    def clear(self) -> None:
        """Work as ever."""
        self.down = False
        self.queue.clear()

    @property
    def actions(self) -> Mapping[str, Callable[..., None]]:
        """By name, for other processes."""
        acts = {act.__name__: act for act in (self.delay, self.status, self.lose_answer, self.clear)}
        return {**acts, "down": self.go_down, "up": self.come_up}

    def next(self) -> Fault:
        """The fault of the request that has come."""
        if not self.queue:
            return Fault(0)
        fault = self.queue[0]
        fault.times -= 1
        if fault.times <= 0:
            self.queue.popleft()
        return fault


@dataclass(kw_only=True)
class AirtableStandIn:
    """The running stand-in: where it is, what it holds, what it was asked.

    Attributes:
        requests: loop times, in seconds, of all API requests, refused ones too.
        limited: how many of them were too many.
        rate: requests in any one second that are served; None: no limit.
        penalty: seconds for which everything is refused after that, until ``quiet_until``.
        served: loop times of the last second's requests that were not too many.
    """

    base: Base
    endpoint_url: str = ""
    api_key: str = API_KEY
    scopes: frozenset[str] = SCOPES
    rate: int | None = 5
    penalty: float = 30.0
    faults: Faults = field(default_factory=Faults)
    requests: list[float] = field(default_factory=list)
    limited: int = 0
    served: list[float] = field(default_factory=list)
    quiet_until: float = 0.0

    def described(self) -> Json:
        """What another process needs to know of it, as ``basecamp sandbox`` prints it."""
        return loopback.described(self, "endpoint_url", "api_key", "base_id", "table_name")

    @property
    def base_id(self) -> str:
        """For AIRTABLE_BASE_ID."""
        return self.base.id

    @property
    def table(self) -> Table:
        """The first table."""
        return self.base.tables[0]

    @property
    def table_name(self) -> str:
        """For AIRTABLE_TABLE_NAME."""
        return self.table.name

    @property
    def rows(self) -> list[Json]:
        """The cells of the first table's records, oldest first."""
        return [dict(record.cells) for record in self.table.records.values()]


@asynccontextmanager
async def running(
    *,
    port: int = 0,
    api_key: str = API_KEY,
    table_name: str = "Leads",
    fields: Sequence[Field] | None = None,
    rate: int | None = 5,
    penalty: float = 30.0,
) -> AsyncIterator[AirtableStandIn]:
    """Serve a base of one table on 127.0.0.1, by default the "notes" preset's; port 0 takes a free one."""
    table = Table(name=table_name, fields=list(fields) if fields is not None else notes_fields())
    airtable = AirtableStandIn(base=Base(tables=[table]), api_key=api_key, rate=rate, penalty=penalty)
    async with loopback.serving(_app(airtable), port) as address:
        airtable.endpoint_url = address
        yield airtable


def _app(airtable: AirtableStandIn) -> web.Application:
    app = web.Application(middlewares=[loopback.local_only, _edge(airtable)], client_max_size=16 * 2**20)
    app.add_routes([loopback.faults(airtable.faults.actions), *routes(airtable.base)])
    return app


def _edge(airtable: AirtableStandIn) -> Any:
    @web.middleware
    async def edge(request: web.Request, handler: loopback.Handler) -> web.StreamResponse:
        if not request.path.startswith("/v0/"):
            return await handler(request)
        now = asyncio.get_running_loop().time()
        airtable.requests.append(now)
        limited, fault = _too_many(airtable, now), airtable.faults.next()
        await asyncio.sleep(fault.delay)
        if airtable.faults.down:
            return loopback.cut(request)
        if fault.status is not None:
            headers = {"Content-Type": "application/json", **fault.headers}
            return web.Response(status=fault.status, text=fault.body, headers=headers)
        if limited:
            error = {
                "error": "RATE_LIMIT_REACHED",
                "message": "Rate limit exceeded. Please try again later",
            }
            return web.json_response({"errors": [error]}, status=429)
        try:
            _allow(airtable, request)
            answer = await handler(request)
        except AirtableError as error:
            answer = web.json_response(error.body, status=error.status)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            answer = web.json_response({"error": "NOT_FOUND"}, status=404)
        return loopback.cut(request) if fault.lose_answer else answer

    return edge


def _too_many(airtable: AirtableStandIn, now: float) -> bool:
    """Whether this request is refused; the first one too many starts the penalty."""
    if airtable.rate is None:
        return False
    if now >= airtable.quiet_until:
        recent = [at for at in airtable.served if now - at < 1]
        if len(recent) < airtable.rate:
            airtable.served = [*recent, now]
            return False
        airtable.quiet_until = now + airtable.penalty
    airtable.limited += 1
    return True


def _allow(airtable: AirtableStandIn, request: web.Request) -> None:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        raise AirtableError(401, "AUTHENTICATION_REQUIRED", "Authentication required")
    if token != airtable.api_key:
        raise AirtableError(401, "UNAUTHORIZED", "Invalid authentication token")
    kind = "schema.bases" if "/meta/" in request.path else "data.records"
    reads = request.method == "GET" or request.path.endswith("/listRecords")
    hooks = request.path.startswith("/v0/bases/")
    base = request.match_info.get("base", airtable.base_id)
    needed = "webhook:manage" if hooks else f"{kind}:{'read' if reads else 'write'}"
    if needed not in airtable.scopes and "whoami" not in request.path:
        raise no_model()
    if base != airtable.base_id:
        raise no_model()
