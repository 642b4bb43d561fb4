"""/healthz, /readyz and /metrics: whether the process lives, whether leads can be taken, what was counted."""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from handlers.web.envelope import answer


def routes(*, ready: Callable[[], bool], measure: Callable[[], Awaitable[None]]) -> Iterable[web.RouteDef]:
    """The routes; measure brings the gauges up to date before they are read."""

    async def healthz(request: web.Request) -> web.Response:
        return answer(request, {"alive": True})

    async def readyz(request: web.Request) -> web.Response:
        return answer(request, {"ready": ready()}, status=200 if ready() else 503)

    async def metrics(_request: web.Request) -> web.Response:
        await measure()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
