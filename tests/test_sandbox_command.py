"""`basecamp sandbox`: the stand-ins as a process of their own, and faults set from outside."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.commands.sandbox import fault
from bot.sandbox import loopback
from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.ollama import OllamaStandIn
from bot.sandbox.slack.server import SlackSandbox
from core.errors import LeadDeskError, Refused, Unavailable


@asynccontextmanager
async def sandbox(*options: str) -> AsyncIterator[dict[str, Any]]:
    """The command, running; what its first line says. It must end well when it is told to."""
    command = [sys.executable, "-m", "bot", "sandbox", *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline())
    finally:
        process.terminate()
        assert await process.wait() == 0


async def status(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as response:
        return response.status


async def test_all_stand_ins_run_if_none_is_named() -> None:
    async with sandbox() as where:
        ollama, base = where["ollama"], where["airtable"]
        records = f"{base['endpoint_url']}/v0/{base['base_id']}/{base['table_name']}"
        assert (
            await status(where["slack"]["page"]),
            await status(records, Authorization=f"Bearer {base['api_key']}"),
            await status(f"{ollama['host']}/api/tags"),
        ) == (200, 200, 200)


async def test_an_app_over_http_may_start_after_its_workspace(unused_tcp_port: int) -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        asked.set_result(body["type"])
        return web.json_response({"challenge": body["challenge"]})

    app = web.Application()
    app.add_routes([web.post("/slack/events", answer)])
    url = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    async with sandbox("--slack", "--request-url", url) as where, loopback.serving(app, unused_tcp_port):
        assert (list(where), await asked) == (["slack"], "url_verification")


async def test_a_fault_of_slack_is_set_from_outside(slack: SlackSandbox) -> None:
    await fault(slack.page, "add", ["method=chat.postMessage", "status=503", "times=3"])
    (set_,) = slack.faults.listed
    assert (set_.method, set_.status, set_.times) == ("chat.postMessage", 503, 3)


async def test_a_fault_of_airtable_is_set_from_outside(airtable: AirtableStandIn) -> None:
    await fault(airtable.endpoint_url, "status", ["status=503"])
    assert await status(f"{airtable.endpoint_url}/v0/meta/whoami") == 503


async def test_a_fault_of_ollama_is_set_from_outside(ollama: OllamaStandIn) -> None:
    await fault(ollama.url, "fail", ["status=500"])
    async with aiohttp.ClientSession() as http:
        question = {"model": ollama.model, "messages": []}
        async with http.post(f"{ollama.url}/api/chat", json=question) as response:
            assert response.status == 500


@pytest.mark.parametrize("stand_in", ["airtable", "ollama"])
async def test_what_was_put_down_from_outside_can_be_put_up_again(
    stand_in: str, airtable: AirtableStandIn, ollama: OllamaStandIn
) -> None:
    address, path = {
        "airtable": (airtable.endpoint_url, "/v0/meta/whoami"),
        "ollama": (ollama.url, "/api/version"),
    }[stand_in]
    await fault(address, "down", [])
    with pytest.raises(aiohttp.ClientError):
        await status(address + path)
    await fault(address, "up", [])
    assert await status(address + path) in {200, 401}


@pytest.mark.parametrize(
    ("action", "fields", "error", "why"),
    [
        ("dance", [], Refused, "no action dance: add, clear, down, up, disconnect, cut"),
        ("add", ["colour=red"], Refused, "unexpected keyword argument 'colour'"),
    ],
)
async def test_a_fault_that_there_is_not_is_refused(
    slack: SlackSandbox, action: str, fields: list[str], error: type[LeadDeskError], why: str
) -> None:
    with pytest.raises(error, match=why):
        await fault(slack.page, action, fields)


async def test_an_address_where_nothing_runs_is_told(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="no stand-in answers there"):
        await fault(f"http://127.0.0.1:{unused_tcp_port}/", "down", [])


async def test_a_foreign_page_cannot_set_a_fault(airtable: AirtableStandIn, ollama: OllamaStandIn) -> None:
    async with aiohttp.ClientSession(headers={"Origin": "https://evil.example"}) as http:
        for address in (airtable.endpoint_url, ollama.url):
            async with http.post(address + loopback.FAULTS, json={"action": "down"}) as response:
                assert response.status == 403
