"""How the sandbox delivers: sockets, acknowledgements, redelivery, reconnects, and signed HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.delivery import SOCKETS_MOST, NotDelivered
from bot.sandbox.slack.server import SlackSandbox, running
from bot.sandbox.slack.values import Timing
from tests.sandbox_app import CARD, EVERYTHING, Json, bolt, client_of, connected

QUICK = Timing(ack=0.1, retries=(0.0, 0.0, 0.0), refresh=0.0)


class Wire:
    """A socket of the app, by hand: envelopes are read and acknowledged as the test says."""

    def __init__(self, session: aiohttp.ClientSession, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self.ws = ws

    @classmethod
    async def opened(cls, slack: SlackSandbox) -> Self:
        """Connect, past the hello."""
        client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
        url = (await client.api_call("apps.connections.open"))["url"]
        session = aiohttp.ClientSession()
        wire = cls(session, await session.ws_connect(url))
        assert (await wire.next())["type"] == "hello"
        return wire

    async def next(self) -> Json:
        """The next frame."""
        frame = json.loads((await self.ws.receive(timeout=5)).data)
        assert isinstance(frame, dict)
        return frame

    async def ack(self, envelope: Json) -> None:
        """Acknowledge it."""
        await self.ws.send_json({"envelope_id": envelope["envelope_id"]})

    async def close(self) -> None:
        await self.ws.close()
        await self._session.close()


@asynccontextmanager
async def wired(slack: SlackSandbox) -> AsyncIterator[Wire]:
    wire = await Wire.opened(slack)
    try:
        yield wire
    finally:
        await wire.close()


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING, "timing": QUICK}


async def test_an_event_comes_in_slacks_shape(slack: SlackSandbox) -> None:
    async with wired(slack) as wire:
        ts = await slack.say("dana", "leads", "Brakes squeal")
        envelope = await wire.next()
        await wire.ack(envelope)
    payload = envelope["payload"]
    assert (envelope["type"], envelope["retry_attempt"], payload["type"]) == (
        "events_api",
        0,
        "event_callback",
    )
    assert payload["authorizations"][0]["user_id"] == slack.team.bot_user
    assert payload["event"] | {"blocks": None, "client_msg_id": None} == {
        "type": "message",
        "user": slack.user("dana"),
        "text": "Brakes squeal",
        "blocks": None,
        "client_msg_id": None,
        "ts": ts,
        "event_ts": ts,
        "team": slack.team.team_id,
        "channel": slack.desk_channel,
        "channel_type": "channel",
    }


async def test_an_event_that_is_not_acknowledged_comes_again_with_its_reason(slack: SlackSandbox) -> None:
    async with wired(slack) as wire:
        await slack.say("dana", "leads", "x")
        envelopes = [await wire.next() for _ in range(4)]
    assert [e["retry_attempt"] for e in envelopes] == [0, 1, 2, 3]
    assert [e["retry_reason"] for e in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({e["payload"]["event_id"] for e in envelopes}) == 1


async def test_an_acknowledged_event_does_not_come_again(slack: SlackSandbox) -> None:
    async with wired(slack) as wire:
        await slack.say("dana", "leads", "one")
        await wire.ack(await wire.next())
        await slack.say("dana", "leads", "two")
        following = await wire.next()
        await wire.ack(following)
    assert following["payload"]["event"]["text"] == "two"


async def test_a_dropped_acknowledgement_makes_the_event_come_again(slack: SlackSandbox) -> None:
    slack.faults.add("events_api", drop_ack=True)
    async with wired(slack) as wire:
        await slack.say("dana", "leads", "x")
        first = await wire.next()
        await wire.ack(first)
        again = await wire.next()
        await wire.ack(again)
    assert again["payload"]["event_id"] == first["payload"]["event_id"]


async def test_a_duplicate_comes_twice_with_one_event_id(slack: SlackSandbox) -> None:
    slack.faults.add("events_api", duplicate=True)
    async with wired(slack) as wire:
        await slack.say("dana", "leads", "x")
        pair = [await wire.next() for _ in range(2)]
        for envelope in pair:
            await wire.ack(envelope)
    assert len({e["payload"]["event_id"] for e in pair}) == 1


async def test_a_held_event_comes_after_the_next_one(slack: SlackSandbox) -> None:
    slack.faults.add("events_api", hold=True)
    async with wired(slack) as wire:
        for text in ("first", "second"):
            await slack.say("dana", "leads", text)
        pair = [await wire.next() for _ in range(2)]
        for envelope in pair:
            await wire.ack(envelope)
    assert [e["payload"]["event"]["text"] for e in pair] == ["second", "first"]


async def test_events_wait_for_the_app_to_connect(slack: SlackSandbox) -> None:
    for text in ("one", "two"):
        await slack.say("dana", "leads", text)
    async with wired(slack) as wire:
        waited = [await wire.next() for _ in range(2)]
        for envelope in waited:
            await wire.ack(envelope)
    assert [e["payload"]["event"]["text"] for e in waited] == ["one", "two"]
    assert {e["retry_attempt"] for e in waited} == {1}


async def test_what_a_dying_app_did_not_acknowledge_comes_to_its_successor(slack: SlackSandbox) -> None:
    async with wired(slack) as dying:
        await slack.say("dana", "leads", "x")
        first = await dying.next()
    async with wired(slack) as successor:
        again = await successor.next()
        await successor.ack(again)
    assert again["payload"]["event_id"] == first["payload"]["event_id"]


async def test_several_sockets_take_turns(slack: SlackSandbox) -> None:
    async with wired(slack) as one, wired(slack) as two:
        for text in ("a", "b", "c", "d"):
            await slack.say("dana", "leads", text)
        for wire in (one, two, one, two):
            await wire.ack(await wire.next())
    assert slack.delivery.retried == 0


async def test_an_eleventh_socket_is_too_many(slack: SlackSandbox) -> None:
    wires = [await Wire.opened(slack) for _ in range(SOCKETS_MOST)]
    client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    url = (await client.api_call("apps.connections.open"))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as extra:
        farewell = await extra.receive_json()
    for wire in wires:
        await wire.close()
    assert (farewell["type"], farewell["reason"]) == ("disconnect", "too_many_websockets")


async def test_a_ticket_opens_one_socket(slack: SlackSandbox) -> None:
    client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    url = (await client.api_call("apps.connections.open"))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as first:
            await first.receive()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_a_refresh_tells_the_app_and_closes_the_socket(slack: SlackSandbox) -> None:
    async with wired(slack) as wire:
        await slack.delivery.disconnect("refresh_requested")
        farewell = await wire.next()
        end = await wire.ws.receive(timeout=5)
    assert (farewell["type"], farewell["reason"]) == ("disconnect", "refresh_requested")
    assert end.type is aiohttp.WSMsgType.CLOSE


async def test_a_socket_may_be_cut_while_it_is_asked_to_leave(slack: SlackSandbox) -> None:
    trouble: list[Json] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: trouble.append(context))
    async with wired(slack) as wire:
        await slack.delivery.disconnect()
        slack.delivery.cut()
        end = await wire.ws.receive(timeout=5)
        await slack.until(lambda s: not s.delivery.sockets)
        await asyncio.sleep(0)  # the farewell ends after the socket is forgotten
    assert end.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert trouble == []


async def test_a_bolt_app_reconnects_when_it_is_asked_to(slack: SlackSandbox) -> None:
    app = bolt(slack)

    @app.message()
    async def echo(message: Json, say: Any) -> None:
        await say(text="heard", thread_ts=message["ts"])

    async with connected(slack, app):
        old = slack.delivery.sockets[0]
        await slack.delivery.disconnect()
        await slack.until(lambda s: s.delivery.sockets and old not in s.delivery.sockets)
        ts = await slack.say("dana", "leads", "x")
        await slack.until(lambda s: s.thread("leads", ts))


async def test_an_interaction_nobody_acknowledges_times_out_once(slack: SlackSandbox) -> None:
    posted = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="lead", blocks=CARD)
    async with wired(slack) as wire:
        await wire.ack(await wire.next())
        ack = await slack.click("dana", "leads", posted["ts"], "claim")
    assert (ack.ok, ack.error, slack.delivery.delivered) == (False, "operation_timeout", 2)


async def test_an_interaction_with_nobody_connected_fails_at_once(slack: SlackSandbox) -> None:
    posted = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="lead", blocks=CARD)
    ack = await slack.click("dana", "leads", posted["ts"], "claim")
    assert (ack.ok, ack.error) == (False, "dispatch_failed")


async def test_a_cut_socket_is_replaced_and_the_event_comes_again(slack: SlackSandbox) -> None:
    slack.faults.add("events_api", cut=True)
    async with wired(slack):
        await slack.say("dana", "leads", "x")
        await slack.until(lambda s: not s.delivery.sockets)
    async with wired(slack) as wire:
        envelope = await wire.next()
        await wire.ack(envelope)
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "connection_failed")


@asynccontextmanager
async def listening(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A request URL on 127.0.0.1."""
    server = web.Application()
    server.router.add_post("/slack/events", handler)
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bolt_over_http(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app(path="/slack/events"))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await slack.delivery.challenge(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield
    finally:
        await runner.cleanup()


async def test_a_bolt_app_over_http_takes_events_clicks_and_commands() -> None:
    async with running(app=EVERYTHING) as slack:
        app = bolt(slack)

        @app.message()
        async def echo(message: Json, say: Any) -> None:
            await say(text="heard", thread_ts=message["ts"])

        @app.action("claim")
        async def claim(ack: Any, respond: Any) -> None:
            await ack()
            await respond("yours")

        @app.command("/lead")
        async def find(ack: Any, body: Json) -> None:
            await ack(f"looking for {body['text']}")

        async with bolt_over_http(slack, app):
            ts = await slack.say("dana", "leads", "x")
            await slack.until(lambda s: s.thread("leads", ts))
            posted = await client_of(slack).chat_postMessage(channel="#leads", text="lead", blocks=CARD)
            clicked = await slack.click("dana", "leads", posted["ts"], "claim")
            await slack.until(lambda s: s.ephemerals("dana"))
            answer = await slack.command("dana", "leads", "/lead", "a & b")
    assert (clicked.ok, answer.text) == (True, "looking for a &amp; b")


async def test_a_bolt_app_with_another_secret_is_not_taken_for_ours(slack: SlackSandbox) -> None:
    app = AsyncApp(client=client_of(slack), signing_secret="another")
    with pytest.raises(NotDelivered):
        async with bolt_over_http(slack, app):
            pass


async def test_every_http_delivery_is_signed(slack: SlackSandbox) -> None:
    valid: list[bool] = []

    async def check(request: web.Request) -> web.Response:
        body = await request.read()
        verifier = SignatureVerifier(slack.signing_secret)
        valid.append(verifier.is_valid_request(body, dict(request.headers)))
        return web.json_response({"challenge": json.loads(body).get("challenge")})

    async with listening(check) as url:
        await slack.delivery.challenge(url)
        await slack.say("dana", "leads", "x")
        await slack.until(lambda _: len(valid) == 2)
    assert valid == [True, True]


async def test_http_retries_say_their_number_and_reason(slack: SlackSandbox) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def fail(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500)

    async with listening(fail) as url:
        slack.delivery.request_url = url
        await slack.say("dana", "leads", "x")
        await slack.until(lambda _: len(seen) == 4)
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_an_app_over_http_can_ask_for_no_retry(slack: SlackSandbox) -> None:
    seen: list[str] = []

    async def fail(request: web.Request) -> web.Response:
        seen.append((await request.json())["event"]["text"])
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with listening(fail) as url:
        slack.delivery.request_url = url
        await slack.say("dana", "leads", "one")
        await slack.until(lambda _: seen == ["one"])
        await slack.say("dana", "leads", "two")
        await slack.until(lambda _: len(seen) > 1)
    assert seen == ["one", "two"]
