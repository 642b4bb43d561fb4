"""Deliveries over HTTP: POST /api/v1/deliveries/{id}/replay reads one again that is no lead yet."""

from collections.abc import Iterable

from aiohttp import web

from core.api.keys import Scope
from core.desk import Desk
from core.intake.again import redeliver
from handlers.web.envelope import answer
from handlers.web.keys import Keys


def routes(desk: Desk, keys: Keys) -> Iterable[web.RouteDef]:
    """The route, for keys that may change leads."""

    async def replay(request: web.Request) -> web.Response:
        await keys.caller(request, Scope.WRITE)
        delivery = await redeliver(desk, request.match_info["delivery_id"])
        data = {"delivery_id": delivery.submission_id, "number": delivery.number, "why": delivery.why}
        return answer(request, data)

    return [web.post("/api/v1/deliveries/{delivery_id}/replay", replay)]
