"""Runs the local Slack workspace on 127.0.0.1: in a test, in ``basecamp demo``, or alone.

::

    async with running() as slack:
        ...                               # point the bot at slack.api_url, slack.bot_token, slack.app_token
        ts = await slack.say("dana", "leads", "Brakes squeal, 2019 Civic")
        await slack.until(lambda s: s.thread("leads", ts))
        ack = await slack.click("marco", "leads", card_ts, "claim")

What people can do is in people.People, what goes wrong on demand in faults.Faults, and the surface for the
page and other processes in control. Names: users dana, marco, priya (members of #leads), olga (not);
channels leads, general, front-desk, sales-leads (private); the bot is in leads and front-desk.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, TypeVar

from aiohttp import web

from bot.sandbox import loopback
from bot.sandbox.slack import methods_chat, methods_files
from bot.sandbox.slack.api import Api
from bot.sandbox.slack.control import Control
from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.manifest import App, read_manifest
from bot.sandbox.slack.people import People
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.town import new_workspace
from bot.sandbox.slack.values import Call, Json, Refused, SlackError, Timing

PAGE = Path(__file__).parent / "page"
LOOK_AGAIN = 0.05
"""Seconds after which until() looks again though the workspace did not change."""
T = TypeVar("T")


class SlackSandbox(People):
    """A running workspace: act as its people, see what they see, set faults, read what the app called.

    Attributes:
        api_url: base of the Web API, ``http://127.0.0.1:PORT/api/``.
        page: address of the page, ``http://127.0.0.1:PORT/``.
        bot_token, app_token, signing_secret: what the app authenticates with.
        desk_channel: the id of #leads.
        faults: what goes wrong on demand.
        delivery: the app's sockets: ``disconnect()``, ``cut()``, ``challenge(url)`` for signed HTTP.
    """

    def __init__(self, desk: Desk, *, bot_token: str, app_token: str, signing_secret: str) -> None:
        super().__init__(desk)
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.faults = desk.faults
        self.delivery = desk.delivery
        self.team = desk.space
        self.desk_channel = desk.space.channel("leads").id

    def described(self) -> Json:
        """What another process needs to know of it, as ``basecamp sandbox`` prints it."""
        names = ("api_url", "bot_token", "app_token", "signing_secret", "desk_channel", "page")
        return loopback.described(self, *names)

    @property
    def page(self) -> str:
        """The page's address."""
        return self._desk.base

    @property
    def api_url(self) -> str:
        """The Web API's base."""
        return f"{self._desk.base}api/"

    @property
    def calls(self) -> list[Call]:
        """Every Web API call, oldest first."""
        return self._desk.calls

    @property
    def refused(self) -> list[Refused]:
        """Every payload that was refused for what it was, oldest first."""
        return self._desk.refused

    def new_response_url(self, user: str, channel: str, ts: str | None = None) -> str:
        """A response_url as an interaction would carry it, ``ts`` being the message that was clicked."""
        who, where = self._user(user), self._channel(channel)
        message = None if ts is None else self._visible(who, where, ts)
        return self._desk.response_url(who.id, where.id, message)

    def count(self, method: str) -> int:
        """How often a method was called, whatever came of it."""
        return sum(call.method == method for call in self._desk.calls)

    def user(self, name: str) -> str:
        """A user's id."""
        return self._user(name).id

    def channel(self, name: str) -> str:
        """A channel's id."""
        return self._channel(name).id

    def messages(self, channel: str) -> list[Json]:
        """A channel's own messages, oldest first."""
        return self._space.messages(self.channel(channel))

    def thread(self, channel: str, ts: str) -> list[Json]:
        """A thread's replies, oldest first."""
        return self._space.replies(self.channel(channel), ts)

    def ephemerals(self, user: str) -> list[Json]:
        """What is shown to this person only."""
        return list(self._space.ephemerals.get(self.user(user), ()))

    def views(self, user: str) -> list[Json]:
        """The person's open modals, the topmost last, each with its ``errors``."""
        errors = self._space.view_errors
        stack = self._space.stacks.get(self.user(user), ())
        return [{**view, "errors": errors.get(view["id"], {})} for view in stack]

    def home(self, user: str) -> Json | None:
        """The person's Home, None before the app published one."""
        return self._space.homes.get(self.user(user))

    async def until(
        self,
        predicate: Callable[["SlackSandbox"], T | Literal[False] | None],
        timeout: float = 5.0,  # noqa: ASYNC109 -- the test's patience, ended with a message of its own
    ) -> T:
        """What the predicate returns once it is true; raise TimeoutError, naming the last refusals.

        It is looked at on every change of the workspace, and now and then for what it reads elsewhere.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (result := predicate(self)):
                    await self._changed()
        except TimeoutError:
            refused = "; ".join(f"{r.method}: {r.error} {' '.join(r.messages)}" for r in self.refused[-5:])
            raise TimeoutError(f"not so within {timeout} s; refused: {refused or 'nothing'}") from None
        return result

    async def _changed(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN):
                await self._space.changes.wait()


@asynccontextmanager
async def running(
    port: int = 0,
    *,
    app: App | None = None,
    timing: Timing | None = None,
    strict_rates: bool = False,
    speed: float = 1.0,
    distributed: bool = False,
) -> AsyncIterator[SlackSandbox]:
    """A workspace on 127.0.0.1.

    Args:
        port: 0 is any free one.
        app: what is installed; by default what the product's manifest.yml says it is.
        timing: Slack's times, to be shortened.
        strict_rates: enforce Slack's rates.
        speed: how much faster than Slack's they are: what takes Slack minutes is tried in seconds.
        distributed: treat the app as one that is distributed outside the Marketplace: reading history is
            15 messages a page and, with strict rates, one call a minute.
    """
    installed, timing = app or read_manifest(), timing or Timing()
    space = new_workspace(installed.name)
    faults, secret = Faults(), secrets.token_hex(16)
    delivery = Delivery(
        app_id=space.app_id, secret=secret, timing=timing, faults=faults, changes=space.changes
    )
    desk = Desk(
        space=space, app=installed, delivery=delivery, faults=faults, timing=timing, distributed=distributed
    )
    slack = SlackSandbox(
        desk,
        bot_token=f"xoxb-sandbox-{secrets.token_hex(12)}",
        app_token=f"xapp-sandbox-{secrets.token_hex(12)}",
        signing_secret=secret,
    )
    rates = Rates(lambda: time.monotonic() * speed, distributed=distributed)
    served = _routes(slack, desk, rates if strict_rates else None)
    async with loopback.serving(served, port) as address:
        desk.base = f"{address}/"
        try:
            yield slack
        finally:
            await delivery.close()


def _routes(slack: SlackSandbox, desk: Desk, rates: Rates | None) -> web.Application:
    api = Api(desk, bot_token=slack.bot_token, app_token=slack.app_token, rates=rates)
    control = Control(desk, slack)
    server = web.Application(middlewares=[loopback.local_only], client_max_size=8 * 2**20)

    async def respond(request: web.Request) -> web.Response:
        return await _respond(desk, request)

    async def upload(request: web.Request) -> web.Response:
        try:
            methods_files.put_file(desk, request.match_info["file_id"], await request.read())
        except SlackError as error:
            return web.Response(status=400, text=error.error)
        return web.Response(text="OK")

    async def shown(request: web.Request) -> web.Response:
        try:
            content, kind = methods_files.shared_file(desk, request.match_info["file_id"])
        except SlackError as error:
            return web.Response(status=404, text=error.error)
        return web.Response(body=content, content_type=kind)

    async def index(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def ask_again(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.setdefault("Cache-Control", "no-cache")  # the page's modules change together

    server.on_response_prepare.append(ask_again)
    server.on_shutdown.append(control.close)
    server.add_routes(
        [
            web.route("*", "/api/{method}", api.handle),
            web.get("/link/", desk.delivery.accept),
            web.post("/actions/{team}/{key}", respond),
            web.post("/upload/v1/{file_id}", upload),
            web.get("/files/{file_id}", shown),
            web.get("/sandbox/state", control.state),
            web.get("/sandbox/live", control.live),
            loopback.faults(control.faults),
            web.post("/sandbox/{what}", control.act),
            web.get("/", index),
            web.get("/archives/{channel}/{message}", index),
            web.static("/", PAGE),
        ]
    )
    return server


async def _respond(desk: Desk, request: web.Request) -> web.Response:
    """An answer to a response_url."""
    fault = desk.faults.take("response_url")
    if desk.faults.is_down or (fault is not None and fault.status):
        return web.Response(status=503 if fault is None or fault.status is None else fault.status)
    body = await request.json()
    try:
        methods_chat.respond(desk, request.match_info["key"], body)
    except SlackError as error:
        desk.note_refusal("response_url", error, body)
        gone = error.error in {"invalid_url", "expired_url", "used_url"}
        return web.json_response({"ok": False, "error": error.error}, status=404 if gone else 400)
    return web.Response(text="ok")
