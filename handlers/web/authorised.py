"""Whether a request may come in: it carries one of the secrets, compared in constant time."""

import hmac
from collections.abc import Sequence

from aiohttp import hdrs, web

from handlers.web.envelope import Rejected

SECRET_HEADERS = ("X-Webhook-Secret", "X-API-Key")


def given(request: web.Request) -> list[str]:
    """What the request's headers give as a secret."""
    bearer = request.headers.get(hdrs.AUTHORIZATION, "")
    found = [request.headers[name] for name in SECRET_HEADERS if name in request.headers]
    return [*found, bearer[len("bearer ") :].strip()] if bearer.lower().startswith("bearer ") else found


def carries(found: Sequence[str], secrets: Sequence[str]) -> bool:
    """Whether one of these is one of the secrets; an empty one never is."""
    # Every pair is compared, so that the time says nothing about which one matched.
    matches = [hmac.compare_digest(_bytes(one), _bytes(other)) for one in found for other in secrets if other]
    return any(matches)


def refusal() -> Rejected:
    """The answer to whoever may not come in: it says nothing about why."""
    return Rejected(401, "UNAUTHORIZED", "The request is not authorised.")


def _bytes(header: str) -> bytes:
    return header.encode(errors="surrogateescape")  # aiohttp's way to keep bytes that are no UTF-8
