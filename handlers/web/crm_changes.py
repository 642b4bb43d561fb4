"""The door at which Airtable rings when people changed records: POST /airtable/changes."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

PATH = "/airtable/changes"

SIGNATURE = "X-Airtable-Content-MAC"

BODY_MAX = 10_000
"""It only says whose webhook it is, and when; what was changed is asked for."""


def routes(
    *, secret: Callable[[], Awaitable[str | None]], ring: Callable[[], None]
) -> Iterable[web.RouteDef]:
    """The route.

    Args:
        secret: the webhook's, base64; None: there is none.
        ring: starts the look at what was changed; never waits for it.
    """

    async def changes(request: web.Request) -> web.Response:
        body = (await request.read())[:BODY_MAX]
        if not signed(body, request.headers.get(SIGNATURE, ""), await secret()):
            raise web.HTTPUnauthorized
        ring()
        return web.Response(status=204)

    return [web.post(PATH, changes)]


def signed(body: bytes, signature: str, secret: str | None) -> bool:
    """Whether the body is from who has the secret; compared in constant time."""
    if secret is None:
        return False
    made = hmac.new(base64.b64decode(secret), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"hmac-sha256={made}".encode(), signature.encode(errors="surrogateescape"))
