"""`basecamp sandbox`: the stand-ins alone, for other projects' tests too, and what goes wrong in them."""

import asyncio
import json
import sys
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import aiohttp

from bot.commands.run import stop_signal
from bot.sandbox import airtable as airtable_stand_in
from bot.sandbox import loopback
from bot.sandbox import ollama as ollama_stand_in
from bot.sandbox.slack import server as slack_stand_in
from bot.sandbox.slack.delivery import NotDelivered
from core.errors import Refused, Unavailable

KNOCK_AGAIN = 0.5
"""Seconds after which an app that did not answer at its request URL is asked again."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """How the workspace is run: see slack.server.running, and Delivery.challenge for the request URL."""

    port: int = 0
    strict_rates: bool = False
    request_url: str | None = None


async def sandbox(wanted: Collection[str], workspace: Workspace) -> None:
    """Run those of slack, airtable and ollama; print one JSON line that says where they are."""
    stop = stop_signal()
    where: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        if "slack" in wanted:
            serving = slack_stand_in.running(port=workspace.port, strict_rates=workspace.strict_rates)
            slack = await stack.enter_async_context(serving)
            where["slack"] = slack.described()
            if workspace.request_url is not None:
                knocking = asyncio.create_task(_knock(slack, workspace.request_url))
                stack.callback(knocking.cancel)
        if "airtable" in wanted:
            where["airtable"] = (await stack.enter_async_context(airtable_stand_in.running())).described()
        if "ollama" in wanted:
            where["ollama"] = (await stack.enter_async_context(ollama_stand_in.running())).described()
        sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        await stop.wait()


async def fault(address: str, action: str, fields: Sequence[str]) -> None:
    """Have a running stand-in do this; raise Refused or Unavailable."""
    body = {"action": action, **dict(map(_field, fields))}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(urljoin(address, loopback.FAULTS), json=body) as response,
        ):
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, ValueError) as error:
        raise Unavailable(address, f"no stand-in answers there ({type(error).__name__})") from None
    if not answer["ok"]:
        raise Refused(address, answer["error"])


async def _knock(slack: slack_stand_in.SlackSandbox, url: str) -> None:
    """Challenge the app until it answers: it starts after us, since it needs our secret."""
    while True:
        try:
            await slack.delivery.challenge(url)
        except NotDelivered:
            await asyncio.sleep(KNOCK_AGAIN)
        else:
            return


def _field(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
