"""Deliveries over HTTP: POST /api/v1/deliveries/{id}/replay reads one again that is no lead yet."""

from collections.abc import Iterable, Sequence

from aiohttp import web

from core.deliveries import redeliver
from core.desk import Desk
from handlers.web.authorised import authorise
from handlers.web.envelope import answer


def routes(desk: Desk, *, api_keys: Sequence[str]) -> Iterable[web.RouteDef]:
    """The route; each of the keys opens it."""

    async def replay(request: web.Request) -> web.Response:
        authorise(request, api_keys)
        delivery = await redeliver(desk, request.match_info["delivery_id"])
        data = {"delivery_id": delivery.submission_id, "number": delivery.number, "why": delivery.why}
        return answer(request, data)

    return [web.post("/api/v1/deliveries/{delivery_id}/replay", replay)]
