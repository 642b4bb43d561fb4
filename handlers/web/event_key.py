"""The sender's own id of a delivery."""

from aiohttp import web

from handlers.web.envelope import Rejected

KEY_MAX = 200
"""Longest Idempotency-Key, in characters."""


def event_key(request: web.Request) -> str | None:
    """The sender's own id of this delivery, if it has one; Rejected with 400 when it is none."""
    key = request.headers.get("Idempotency-Key") or request.headers.get("webhook-id")
    if key is not None and not (len(key) <= KEY_MAX and key.isprintable()):
        why = f"The key must be at most {KEY_MAX} printable characters."
        raise Rejected(400, "BAD_KEY", why, field="Idempotency-Key")
    return key
