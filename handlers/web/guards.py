"""What holds for every request: who calls, how often, how fast a body comes, which pages may call."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from handlers.web.connections import Connections
from handlers.web.envelope import REQUEST_ID, Handler, Rejected
from handlers.web.guesses import Guesses, guessed
from handlers.web.limits import Limit, Limits, by_address, ip_of

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

BODY_SECONDS = 15.0
"""For a body to be there; BODY_MAX is little even for a slow line."""

UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics", "/slack/events"})
"""Our own watchers, and Slack, which signs and has a rate of its own."""

API = "/api/"

ALLOWED = "GET, POST, PUT, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, X-API-Key, X-Request-Id"
SHOWN_HEADERS = "ETag, Retry-After, X-Request-Id"


def guards(
    *, connections: Connections, limits: Limits, guesses: Guesses, proxies: Sequence[Network]
) -> list[Middleware]:
    """The middlewares, outermost first."""
    return [
        connections.busy(),
        seen_through(proxies),
        preflight,
        counted(limits),
        guessed(guesses),
        prompt(BODY_SECONDS),
    ]


def seen_through(proxies: Sequence[Network]) -> Middleware:
    """Requests have the address of whom the trusted proxies speak for; nobody else is believed."""
    told = False

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal told
        said = ", ".join(request.headers.getall("X-Forwarded-For", ()))
        if said and not told and _is_unnamed_proxy(request.remote or "", proxies):
            told = True
            mend = "if that is your reverse proxy, name it in TRUSTED_PROXIES: all its clients count as one"
            log.warning("proxy_not_trusted", address=request.remote, mend=mend)
        client = client_address(request.remote or "", said, proxies)
        return await handler(request if client == request.remote else request.clone(remote=client))

    return middleware


def client_address(remote: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Who called: the last address of X-Forwarded-For that is no trusted proxy, as seen from behind."""
    client = remote
    for said in reversed([part.strip() for part in forwarded.split(",")]):
        if not _is_in(client, proxies):
            break
        try:
            client = str(ipaddress.ip_address(said))
        except ValueError:
            break
    return client


def _is_unnamed_proxy(remote: str, proxies: Sequence[Network]) -> bool:
    """Whether somebody in our own network speaks for others, and nobody said that they may."""
    ip = ip_of(remote)
    return ip is not None and ip.is_private and not _is_in(remote, proxies)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    ip = ip_of(address)
    return ip is not None and any(ip in network for network in networks)


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page asks whether it may call: the headers of every answer say it (``finish``)."""
    asks = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    if asks and request.path.startswith(API):
        return web.Response(status=204)
    return await handler(request)


def counted(limits: Limits) -> Middleware:
    """Count by address, and by source at its door; keys are counted where they are looked up."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in UNCOUNTED or _sends_form(request):
            return await handler(request)
        await limits.count(Limit.CALLS, by_address(request))
        if not request.path.startswith("/webhooks/"):
            return await handler(request)
        source = f"source:{request.path.split('/')[2][:50]}"
        await limits.check(Limit.CALLS, source)
        response = await handler(request)  # what may not come in does not use up what the source may send
        with suppress(Rejected):
            await limits.count(Limit.CALLS, source)
        return response

    return middleware


def _sends_form(request: web.Request) -> bool:
    """These have a limit of their own, which shows people what they typed and not an error."""
    return request.method == hdrs.METH_POST and request.path.startswith("/forms/")


def prompt(seconds: float) -> Middleware:
    """Have the body before anything is done; whoever sends it drop by drop is cut off."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.body_exists:
            try:
                async with asyncio.timeout(seconds):
                    await request.read()
            except TimeoutError:
                why = "The body did not come in time."
                raise Rejected(408, "TOO_SLOW", why, headers={hdrs.CONNECTION: "close"}) from None
            except web.RequestPayloadError:
                raise Rejected(400, "BAD_BODY", "The body is not encoded as its headers say.") from None
        return await handler(request)

    return middleware


def finish(origins: Collection[str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What to do before any answer is sent: headers that keep browsers from doing harm with it.

    origins: of pages that may call the API.
    """

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers["X-Request-Id"] = request[REQUEST_ID]
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        if not request.path.startswith("/forms"):  # these are made to stand in other pages
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        if not request.path.startswith(API):
            return
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        headers[hdrs.VARY] = hdrs.ORIGIN
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin in origins:
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = SHOWN_HEADERS
            headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = ALLOWED
            headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ALLOWED_HEADERS
            headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "600"

    return prepare
