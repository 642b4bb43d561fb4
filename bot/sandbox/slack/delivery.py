"""Brings events and interactions to the app, over its sockets or as signed HTTP, again until acknowledged."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import ClientSession, WSMsgType, web

from bot.sandbox.slack import signed
from bot.sandbox.slack.faults import Fault, Faults
from bot.sandbox.slack.values import Ack, Json, Timing
from bot.sandbox.slack.workspace import Changes

EnvelopeType = Literal["events_api", "interactive", "slash_commands"]
SOCKETS_MOST = 10
"""Connections an app may have (SLACK.md)."""


@dataclass(eq=False)
class Socket:
    """One connection of the app, and the envelopes it has not acknowledged."""

    request: web.Request
    ws: web.WebSocketResponse
    leaving: bool = False
    pending: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class NotDelivered(Exception):
    """The app did not acknowledge; the message is Slack's retry reason."""


class Delivery:
    """The way to the app: its open sockets, or its request URL."""

    def __init__(self, *, app_id: str, secret: str, timing: Timing, faults: Faults, changes: Changes) -> None:
        self.request_url: str | None = None
        self.sockets: list[Socket] = []
        self.delivered = 0
        self.retried = 0
        self._app_id = app_id
        self._secret = secret
        self._timing = timing
        self._faults = faults
        self._changes = changes
        self._tickets: set[str] = set()
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Json] = []
        self._session: ClientSession | None = None
        faults.when_up = self._arrived.set

    def ticket(self) -> str:
        """A one-time entry for a socket."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve a socket until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or self._faults.is_down:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        socket = Socket(request=request, ws=ws)
        if len(self.sockets) >= SOCKETS_MOST:
            await self._farewell(socket, "too_many_websockets")
            return ws
        self.sockets.append(socket)
        await ws.send_json(self._hello())
        self._arrived.set()
        self._changes.tell()
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    _acknowledge(socket, message.data)
        finally:
            self._lost(socket)
        return ws

    def event(self, payload: Json) -> None:
        """Deliver an event in the background: now or when the app connects, again if not acknowledged."""
        fault = self._faults.take("events_api", delivery=True)
        if fault is not None and fault.hold:
            self._held.append(payload)
            return
        self._spawn(self._event(payload, fault))
        if fault is not None and fault.duplicate:
            self._spawn(self._event(payload, None))
        held, self._held = self._held, []
        for late in held:
            self._spawn(self._event(late, None))

    async def interact(self, kind: EnvelopeType, payload: Json) -> Ack:
        """Deliver an interaction once; its Ack says what the person will see."""
        fault = self._faults.take(kind, delivery=True)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        try:
            answer = await self._send(kind, payload, fault, retry=None)
        except NotDelivered as reason:
            late = str(reason) in {"timeout", "http_timeout"}
            return Ack(ok=False, error="operation_timeout" if late else "dispatch_failed")
        return Ack(ok=True, payload=answer)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect: tell every socket, give it no more work, close it a little later."""
        for socket in list(self.sockets):
            socket.leaving = True
            self._spawn(self._farewell(socket, reason))

    def cut(self) -> None:
        """Break every socket without a word."""
        for socket in list(self.sockets):
            _abort(socket)

    async def challenge(self, url: str) -> None:
        """Deliver to this URL from now on, once it has echoed Slack's challenge; raise NotDelivered else."""
        body = {"type": "url_verification", "challenge": uuid.uuid4().hex, "token": "sandbox"}
        try:
            status, answer = await signed.post(
                self._client(), url, self._secret, body, timeout=self._timing.ack
            )
        except (TimeoutError, ConnectionError) as error:
            raise NotDelivered(f"{url} did not answer ({type(error).__name__})") from None
        if status != 200 or answer.get("challenge", answer.get("text")) != body["challenge"]:  # noqa: PLR2004 -- HTTP's own number
            raise NotDelivered(f"{url} did not answer the challenge (HTTP {status})")
        self.request_url = url
        self._arrived.set()

    async def close(self) -> None:
        """End every socket and everything under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self.sockets):
            await socket.ws.close(code=1001)
        if self._session is not None:
            await self._session.close()

    async def _event(self, payload: Json, fault: Fault | None) -> None:
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        reason = "" if self._reachable else "connection_failed"
        first = 0 if self._reachable else 1
        for attempt in range(first, len(self._timing.retries) + 1):
            if reason:
                self.retried += 1
                await asyncio.sleep(self._timing.retries[attempt - 1] if attempt > first else 0)
            await self._ready()
            retry = (attempt, reason) if attempt else None
            try:
                await self._send("events_api", payload, fault if attempt == first else None, retry=retry)
            except NotDelivered as failed:
                reason = str(failed)
                if reason == "no_retry":
                    return
            else:
                return

    async def _send(
        self, kind: EnvelopeType, payload: Json, fault: Fault | None, *, retry: tuple[int, str] | None
    ) -> Json:
        if self._faults.is_down:
            raise NotDelivered("connection_failed")
        self.delivered += 1
        drop = fault is not None and fault.drop_ack
        if self.request_url is not None:
            return await self._send_http(self.request_url, kind, payload, retry=retry, drop=drop)
        return await self._send_socket(kind, payload, retry=retry, drop=drop, cut=bool(fault and fault.cut))

    async def _send_socket(
        self, kind: EnvelopeType, payload: Json, *, retry: tuple[int, str] | None, drop: bool, cut: bool
    ) -> Json:
        socket = self._next_socket()
        if socket is None:
            raise NotDelivered("connection_failed")
        if cut:
            _abort(socket)
            raise NotDelivered("connection_failed")
        envelope_id = str(uuid.uuid4())
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        acked: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        if not drop:
            socket.pending[envelope_id] = acked
        try:
            await socket.ws.send_str(json.dumps(envelope))
            return await asyncio.wait_for(acked, self._timing.ack)
        except TimeoutError:
            raise NotDelivered("timeout") from None
        except ConnectionError:
            raise NotDelivered("connection_failed") from None
        finally:
            socket.pending.pop(envelope_id, None)

    async def _send_http(
        self, url: str, kind: EnvelopeType, payload: Json, *, retry: tuple[int, str] | None, drop: bool
    ) -> Json:
        try:
            status, answer = await signed.post(
                self._client(),
                url,
                self._secret,
                payload,
                form=signed.FORMS.get(kind),
                retry=retry,
                timeout=self._timing.ack,
            )
        except TimeoutError:
            raise NotDelivered("http_timeout") from None
        except ConnectionError:
            raise NotDelivered("connection_failed") from None
        if drop:
            raise NotDelivered("http_timeout")
        if status != 200:  # noqa: PLR2004 -- HTTP's own number
            raise NotDelivered("no_retry" if answer.get("no_retry") else "http_error")
        return answer

    @property
    def _reachable(self) -> bool:
        way = self.request_url is not None or any(not s.leaving for s in self.sockets)
        return way and not self._faults.is_down

    async def _ready(self) -> None:
        while not self._reachable:
            self._arrived.clear()
            await self._arrived.wait()

    def _next_socket(self) -> Socket | None:
        """The one that has waited longest, moved to the end: round-robin."""
        for index, socket in enumerate(self.sockets):
            if not socket.leaving:
                self.sockets.append(self.sockets.pop(index))
                return socket
        return None

    def _lost(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
        for acked in socket.pending.values():
            if not acked.done():
                acked.set_exception(ConnectionError("socket closed"))
        self._changes.tell()

    async def _farewell(self, socket: Socket, reason: str) -> None:
        with contextlib.suppress(ConnectionError):  # it may be cut meanwhile
            await socket.ws.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )
            if reason != "too_many_websockets":
                await asyncio.sleep(self._timing.refresh)
            await socket.ws.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _client(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession()
        return self._session

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _acknowledge(socket: Socket, text: str) -> None:
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return
    acked = socket.pending.get(answer.get("envelope_id", "")) if isinstance(answer, dict) else None
    if acked is not None and not acked.done():
        acked.set_result(answer.get("payload") or {})


def _abort(socket: Socket) -> None:
    socket.leaving = True
    if socket.request.transport is not None:
        socket.request.transport.abort()
