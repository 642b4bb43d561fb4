"""Whether a request may come in: it carries one of the secrets, compared in constant time."""

import hmac
from collections.abc import Sequence

from aiohttp import hdrs, web

from handlers.web.envelope import Rejected

SECRET_HEADERS = ("X-Webhook-Secret", "X-API-Key")


def authorise(request: web.Request, secrets: Sequence[str]) -> None:
    """Rejected with 401, without detail, unless the request carries one of the secrets."""
    bearer = request.headers.get(hdrs.AUTHORIZATION, "")
    given = [request.headers[name] for name in SECRET_HEADERS if name in request.headers]
    if bearer.lower().startswith("bearer "):
        given.append(bearer[len("bearer ") :].strip())
    # Every pair is compared, so that the time says nothing about which one matched.
    matches = [hmac.compare_digest(_bytes(one), _bytes(other)) for one in given for other in secrets]
    if not any(matches):
        raise Rejected(401, "UNAUTHORIZED", "The request is not authorised.")


def _bytes(header: str) -> bytes:
    return header.encode(errors="surrogateescape")  # aiohttp's way to keep bytes that are no UTF-8
