"""The /sandbox/ surface: what the page and other processes see and do, and whom it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox
from tests.sandbox_app import CARD, EVERYTHING, NAME, Json, bolt, client_of, connected, modal, section


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Surface:
    """The surface as the page uses it."""

    def __init__(self, slack: SlackSandbox, http: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._http = http

    async def state(self, user: str) -> Json:
        async with self._http.get(f"{self._slack.page}sandbox/state", params={"user": user}) as response:
            answer: Json = await response.json()
            return answer

    async def post(self, what: str, **body: Any) -> tuple[int, Json]:
        async with self._http.post(f"{self._slack.page}sandbox/{what}", json=body) as response:
            return response.status, await response.json()


@pytest.fixture
def surface(slack: SlackSandbox, http: aiohttp.ClientSession) -> Surface:
    return Surface(slack, http)


def channel(state: Json, name: str) -> Json:
    found: Json = next(c for c in state["channels"] if c["name"] == name)
    return found


async def test_the_state_shows_channels_with_their_threads(surface: Surface) -> None:
    _, said = await surface.post("say", user="dana", channel="leads", text="root")
    await surface.post("say", user="marco", channel="leads", text="reply", thread_ts=said["ts"])
    messages = channel(await surface.state("dana"), "leads")["messages"]
    assert [(m["text"], [r["text"] for r in m["replies"]]) for m in messages] == [("root", ["reply"])]


async def test_nobody_sees_a_private_channel_they_are_not_in(surface: Surface) -> None:
    seen = [
        {c["name"] for c in (await surface.state(user))["channels"] if c["kind"] == "group"}
        for user in ("dana", "olga")
    ]
    assert seen == [{"sales-leads"}, set()]


async def test_an_ephemeral_message_is_shown_to_one_person(slack: SlackSandbox, surface: Surface) -> None:
    await client_of(slack).chat_postEphemeral(
        channel=slack.desk_channel, user=slack.user("dana"), text="psst"
    )
    seen = [[m["text"] for m in (await surface.state(user))["ephemerals"]] for user in ("dana", "marco")]
    assert seen == [["psst"], []]


async def test_a_refused_card_is_shown_as_slacks_error(slack: SlackSandbox, surface: Surface) -> None:
    await client_of(slack).api_call("conversations.info", params={"channel": slack.desk_channel})
    with pytest.raises(Exception, match="invalid_blocks"):
        await client_of(slack).chat_postMessage(channel="#leads", text="x", blocks=[section("x" * 3001)])
    refused = (await surface.state("dana"))["refused"]
    assert [(r["method"], r["error"]) for r in refused] == [("chat.postMessage", "invalid_blocks")]
    assert "/blocks/0/text/text" in refused[0]["messages"][0]


async def test_a_modal_is_opened_filled_and_submitted(slack: SlackSandbox, surface: Surface) -> None:
    app = bolt(slack)

    @app.action("claim")
    async def claim(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(NAME))

    @app.view("edit")
    async def save(ack: Any) -> None:
        await ack()

    async with connected(slack, app):
        posted = await client_of(slack).chat_postMessage(channel="#leads", text="lead", blocks=CARD)
        place = {"user": "dana", "channel": "leads", "ts": posted["ts"]}
        await surface.post("click", **place, action_id="claim")
        await slack.until(lambda s: s.views("dana"))
        view = (await surface.state("dana"))["views"][0]
        _, empty = await surface.post("submit", user="dana", view_id=view["id"], values={})
        errors = (await surface.state("dana"))["views"][0]["errors"]
        status, full = await surface.post("submit", user="dana", view_id=view["id"], values={"name": "Pat"})
    assert view["values"] == {"name": {"typed": {"type": "plain_text_input", "value": None}}}
    assert (empty["error"], empty["errors"]) == ("invalid_input", errors)
    assert (status, full["ok"], (await surface.state("dana"))["views"]) == (200, True, [])


async def test_what_a_person_cannot_do_is_a_conflict(surface: Surface) -> None:
    status, answer = await surface.post("say", user="olga", channel="leads", text="x")
    assert (status, answer) == (409, {"ok": False, "error": "olga is not in #leads"})


async def test_a_body_with_wrong_fields_is_a_bad_request(surface: Surface) -> None:
    status, _ = await surface.post("say", user="dana", text="x")
    assert status == 400


async def test_faults_are_set_and_shown(surface: Surface) -> None:
    await surface.post("faults", action="add", method="chat.postMessage", times=2, error="ratelimited")
    await surface.post("faults", action="down")
    state = await surface.state("dana")
    assert (state["down"], state["faults"][0]["error"]) == (True, "ratelimited")


async def test_a_page_is_told_of_every_change(slack: SlackSandbox, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(f"{slack.page}sandbox/live?user=dana") as live:
        first = json.loads((await live.receive(timeout=5)).data)
        await slack.say("dana", "leads", "x")
        then = json.loads((await live.receive(timeout=5)).data)
    assert [len(channel(state, "leads")["messages"]) for state in (first, then)] == [0, 1]


async def test_a_message_that_a_page_has_is_told_again_by_its_ts_only(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    ts = await slack.say("dana", "leads", "first")
    async with http.ws_connect(f"{slack.page}sandbox/live?user=dana") as live:
        await live.receive(timeout=5)
        await slack.say("dana", "leads", "second")
        then = channel(json.loads((await live.receive(timeout=5)).data), "leads")["messages"]
    assert (then[0], then[1]["text"]) == (ts, "second")


async def test_a_change_during_a_push_is_not_missed(slack: SlackSandbox, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(f"{slack.page}sandbox/live?user=dana") as live:
        await live.receive(timeout=5)
        for n in range(20):
            await slack.say("dana", "leads", str(n))
            await asyncio.sleep(0)
        seen = 0
        while seen < 20:
            seen = len(channel(json.loads((await live.receive(timeout=5)).data), "leads")["messages"])
    assert seen == 20


@pytest.mark.parametrize("path", ["sandbox/state?user=dana", "api/auth.test"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_foreign_page_is_refused(
    slack: SlackSandbox, http: aiohttp.ClientSession, path: str, headers: dict[str, str]
) -> None:
    async with http.get(f"{slack.page}{path}", headers=headers) as response:
        assert response.status == 403


async def test_nobody_s_state_is_not_found(slack: SlackSandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{slack.page}sandbox/state?user=nobody") as response:
        assert response.status == 404
