"""The two doors for leads over HTTP: POST /webhooks/{source} and POST /api/v1/intake."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import hdrs, web

from core import intake
from core.desk import Desk
from core.lead import utcnow
from core.store.submissions import Submission
from handlers.web.authorised import authorise
from handlers.web.bodies import BODY_MAX, decode
from handlers.web.envelope import Rejected, answer

SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")

KEY_MAX = 200
"""Longest Idempotency-Key, in characters."""


def routes(
    desk: Desk, *, api_keys: Sequence[str], webhook_secrets: Mapping[str, Sequence[str]]
) -> Iterable[web.RouteDef]:
    """The routes; keys open every door, a source's secrets (newest first) its own."""

    async def webhook(request: web.Request) -> web.Response:
        source = request.match_info["source"]
        if not SOURCE.fullmatch(source):
            raise web.HTTPNotFound
        authorise(request, [*api_keys, *webhook_secrets.get(source, ())])
        return await _take(request, desk, source=source, actor=f"webhook:{source}")

    async def api(request: web.Request) -> web.Response:
        authorise(request, api_keys)
        return await _take(request, desk, source="api", actor="api")

    return [web.post("/webhooks/{source}", webhook), web.post("/api/v1/intake", api)]


async def _take(request: web.Request, desk: Desk, *, source: str, actor: str) -> web.Response:
    if (request.content_length or 0) > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, request.content_length or 0)
    try:
        body = await request.read()  # the application's client_max_size ends a longer one without a length
    except web.RequestPayloadError:
        raise Rejected(400, "BAD_BODY", "The body is not encoded as its headers say.") from None
    fields = await decode(request, body)
    now = utcnow()
    submission = Submission(
        source=source,
        event_key=event_key(request),
        fingerprint=intake.fingerprint(fields),
        content_type=intake.storable(request.headers.get(hdrs.CONTENT_TYPE, ""))[:200],
        body=body,
        received_at=now,
    )
    accepted = await desk.submit(submission, lambda: _draft(fields, request, desk, source, now), actor=actor)
    data = {"lead_id": accepted.lead_id, "number": accepted.number, "repeated": not accepted.fresh}
    return answer(request, data, status=202)


def _draft(fields: Mapping[str, Any], request: web.Request, desk: Desk, source: str, now: Any) -> Any:
    return intake.read(
        fields, source=source, now=now, business_types=desk.business_types, ip_address=request.remote
    )


def event_key(request: web.Request) -> str | None:
    """The sender's own id of this delivery, if it has one; Rejected with 400 when it is none."""
    key = request.headers.get("Idempotency-Key") or request.headers.get("webhook-id")
    if key is not None and not (len(key) <= KEY_MAX and key.isprintable()):
        why = f"The key must be at most {KEY_MAX} printable characters."
        raise Rejected(400, "BAD_KEY", why, field="Idempotency-Key")
    return key
