"""The product without Socket Mode: Slack's signed requests to /slack/events do what the socket does."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.app import running
from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from tests.product import Product, settings_for

EVENTS = "/slack/events"
MINUTES, MOST = 60, 5


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """The product, at the workspace's request URL."""
    http = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
    limited = {"wrong_keys_per_minute": MOST}
    async with (
        aiohttp.ClientSession() as session,
        running(settings_for(slack, tmp_path, **http, **limited), embedder=embedder) as app,
    ):
        await slack.delivery.challenge(app.url + EVENTS)
        yield Product(app, slack, session)


async def signed(bot: Product, secret: str, sent_at: float) -> int:
    """The status of a request of Slack's that was signed with this secret, then."""
    timestamp, body = str(int(sent_at)), b'{"type": "event_callback", "event": {"type": "message"}}'
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
    }
    async with bot.session.post(bot.app.url + EVENTS, data=body, headers=headers) as response:
        return response.status


async def test_a_message_a_click_a_command_and_a_form_come_over_http(bot: Product) -> None:
    await bot.slack.say("dana", "leads", "The brakes of my 2019 Civic grind, can you look at it today?")
    await bot.slack.until(lambda _: bot.cards(), timeout=20)
    (card,) = bot.cards()
    clicked = await bot.slack.click("dana", "leads", card["ts"], "claim")
    asked = await bot.slack.command("dana", "leads", "/lead", "new")
    (form,) = await bot.slack.until(lambda s: s.views("dana"), timeout=20)
    sent = await bot.slack.submit("dana", form["id"], {"message": "A tow for a 2011 Fiesta"})
    assert (clicked.ok, asked.ok, sent.ok) == (True, True, True)
    await bot.slack.until(lambda _: len(bot.cards()) > 1, timeout=20)
    await bot.slack.until(lambda s: s.thread("leads", card["ts"]), timeout=20)


async def test_a_request_that_is_forged_or_old_is_refused(bot: Product) -> None:
    secret, now = bot.slack.signing_secret, time.time()
    assert await signed(bot, "another", now) == 401
    assert await signed(bot, secret, now - 6 * MINUTES) == 401
    assert await signed(bot, secret, now) == 200


async def test_who_forges_requests_has_to_wait_and_slack_has_not(bot: Product) -> None:
    statuses = [await signed(bot, "another", time.time()) for _ in range(MOST + 2)]
    assert (set(statuses[:MOST]), statuses[-1]) == ({401}, 429)
    assert await signed(bot, bot.slack.signing_secret, time.time()) == 200
