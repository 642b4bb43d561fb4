"""The web application: routes, limits, and Slack's requests where there is no Socket Mode."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from handlers.web.bodies import BODY_MAX
from handlers.web.envelope import outcomes


def web_app(
    *routes: Iterable[web.RouteDef],
    guards: Sequence[Middleware],
    finish: Callable[[web.Request, web.StreamResponse], Awaitable[None]],
) -> web.Application:
    """An application with these routes, guards and last touch on every answer."""
    app = web.Application(middlewares=[outcomes, *guards], client_max_size=BODY_MAX)
    app.on_response_prepare.append(finish)
    for group in routes:
        app.add_routes(group)
    return app


def slack_events(bolt: AsyncApp) -> Iterable[web.RouteDef]:
    """Slack's own requests, whose signature Bolt checks: events, commands, clicks, modals."""

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    return [web.post("/slack/events", events)]
