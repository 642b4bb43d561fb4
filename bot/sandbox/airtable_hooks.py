"""The webhooks of the local Airtable: made, renewed, listed, deleted, and rung."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bot.sandbox.airtable_base import AirtableError, Base, Hook, Json, bad_request

HOOKS_MAX = 10
"""Webhooks a base."""

LIFETIME = timedelta(days=7)

SOURCES = frozenset(
    {
        *("client", "publicApi", "formSubmission", "formPageSubmission", "automation", "system", "sync"),
        *("anonymousUser", "unknown"),
    }
)


def hook_routes(base: Base) -> list[web.RouteDef]:
    """The calls on a base's webhooks."""

    async def make(request: web.Request) -> web.Response:
        try:
            told: Any = json.loads(await request.read())
            url, filters = told["notificationUrl"], told["specification"]["options"]["filters"]
            fits = (
                filters["dataTypes"] == ["tableData"]
                and any(table.id == filters["recordChangeScope"] for table in base.tables)
                and set(filters.get("fromSources", ())) <= SOURCES
                and url.startswith(("https://", "http://127.0.0.1"))
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise bad_request() from None
        if not fits:
            raise bad_request()
        if len(base.hooks) >= HOOKS_MAX:
            raise AirtableError(422, "TOO_MANY_WEBHOOKS_BY_USER", "Too many webhooks")
        hook = Hook(url=url, sources=filters.get("fromSources", []), ends=datetime.now(UTC) + LIFETIME)
        base.hooks.append(hook)
        return web.json_response({"id": hook.id, "macSecretBase64": hook.secret, **_ends(hook)})

    async def refresh(request: web.Request) -> web.Response:
        hook = _known(base, request)
        hook.ends = datetime.now(UTC) + LIFETIME
        return web.json_response(_ends(hook))

    async def delete(request: web.Request) -> web.Response:
        base.hooks.remove(_known(base, request))
        return web.Response(status=204)

    hooks = "/v0/bases/{base}/webhooks"
    return [
        web.post(hooks, make),
        web.post(hooks + "/{hook}/refresh", refresh),
        web.delete(hooks + "/{hook}", delete),
    ]


async def ring(base: Base) -> list[int]:
    """As after a person's change: call every webhook that has not ended; the statuses of the answers."""
    body = json.dumps({"base": {"id": base.id}, "timestamp": datetime.now(UTC).isoformat()}).encode()
    statuses = []
    async with aiohttp.ClientSession() as session:
        for hook in base.hooks:
            if hook.ends > datetime.now(UTC):
                mac = hmac.new(base64.b64decode(hook.secret), body, hashlib.sha256).hexdigest()
                headers = {"X-Airtable-Content-MAC": f"hmac-sha256={mac}", "Content-Type": "application/json"}
                async with session.post(hook.url, data=body, headers=headers) as answer:
                    statuses.append(answer.status)
    return statuses


def _known(base: Base, request: web.Request) -> Hook:
    found = [hook for hook in base.hooks if hook.id == request.match_info["hook"]]
    if not found or found[0].ends <= datetime.now(UTC):
        raise AirtableError(404, "NOT_FOUND")
    return found[0]


def _ends(hook: Hook) -> Json:
    return {"expirationTime": hook.ends.isoformat().replace("+00:00", "Z")}
