"""The door for leads from programs with an API key: POST /api/v1/intake."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import hdrs, web

from core import intake
from core.desk import Desk
from core.lead import utcnow
from core.store.submissions import Submission
from handlers.web.authorised import authorise
from handlers.web.bodies import decode, raw_body
from handlers.web.envelope import Rejected, answer

KEY_MAX = 200
"""Longest Idempotency-Key, in characters."""


def routes(desk: Desk, *, api_keys: Sequence[str]) -> Iterable[web.RouteDef]:
    """The route; each of the keys opens it."""

    async def api(request: web.Request) -> web.Response:
        authorise(request, api_keys)
        return await _take(request, desk, source="api", actor="api")

    return [web.post("/api/v1/intake", api)]


async def _take(request: web.Request, desk: Desk, *, source: str, actor: str) -> web.Response:
    body = await raw_body(request)
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
