"""Faults on demand: what the workspace does wrong when it is told to."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.server import SlackSandbox
from tests.sandbox_app import EVERYTHING, bolt, client_of, connected


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING}


@pytest.fixture
def client(slack: SlackSandbox) -> AsyncWebClient:
    """A client that retries nothing by itself."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def test_a_429_carries_retry_after(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.add("chat.postMessage", error="ratelimited", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=slack.desk_channel, text="x")
    response = refused.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (
        429,
        "ratelimited",
        "7",
    )


async def test_a_storm_of_429_passes_for_a_client_that_waits(slack: SlackSandbox) -> None:
    client = client_of(slack)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    slack.faults.add("chat.postMessage", times=2, error="ratelimited", retry_after=0)
    await client.chat_postMessage(channel=slack.desk_channel, text="x")
    assert [call.status for call in slack.calls] == [429, 429, 200]


async def test_a_5xx_happens_as_often_as_it_is_set(slack: SlackSandbox) -> None:
    slack.faults.add("*", times=2, status=503)
    statuses = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.bot_token}"}) as session:
        for _ in range(3):
            async with session.post(f"{slack.api_url}auth.test") as response:
                statuses.append(response.status)
    assert statuses == [503, 503, 200]


async def test_a_lost_answer_still_did_what_was_asked(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.add("chat.postMessage", lost_answer=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.desk_channel, text="x")
    assert [m["text"] for m in slack.messages("leads")] == ["x"]


async def test_a_slow_call_succeeds_in_the_end(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.add("chat.postMessage", delay=0.01)
    assert (await client.chat_postMessage(channel=slack.desk_channel, text="x"))["ok"]


async def test_a_fault_concerns_only_its_method(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.add("chat.update", error="fatal_error")
    assert (await client.chat_postMessage(channel=slack.desk_channel, text="x"))["ok"]


async def test_down_refuses_everything_until_up(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.down()
    with pytest.raises(SlackApiError):
        await client.auth_test()
    slack.faults.up()
    assert (await client.auth_test())["ok"]


async def test_events_wait_while_the_workspace_is_down(slack: SlackSandbox) -> None:
    app, heard = bolt(slack), []

    @app.message()
    async def hear(message: dict[str, Any]) -> None:
        heard.append(message["text"])

    async with connected(slack, app):
        slack.faults.down()
        await slack.say("dana", "leads", "x")
        slack.faults.up()
        await slack.until(lambda _: heard)
    assert heard == ["x"]


async def test_a_fault_s_refusal_is_not_counted_among_refused_payloads(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    slack.faults.add("chat.postMessage", error="fatal_error")
    with pytest.raises(SlackApiError, match="fatal_error"):
        await client.chat_postMessage(channel=slack.desk_channel, text="x")
    assert (slack.refused, slack.calls[-1].error) == ([], "fatal_error")


def test_a_fault_for_every_call_leaves_deliveries_alone() -> None:
    faults = Faults()
    faults.add("*", status=503)
    assert faults.take("events_api", delivery=True) is None


def test_clear_forgets_every_fault() -> None:
    faults = Faults()
    faults.add(times=None, status=503)
    faults.down()
    faults.clear()
    assert (faults.take("auth.test"), faults.is_down) == (None, False)
