"""The sandbox under the real Bolt app in Socket Mode: what an app and its people experience together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import SlackSandbox, running

CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Brakes, 2019 Civic"}},
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            {"type": "button", "action_id": "claim", "text": {"type": "plain_text", "text": "Claim"}},
            {"type": "users_select", "action_id": "reassign"},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "edit",
    "title": {"type": "plain_text", "text": "Edit"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}


@asynccontextmanager
async def connected(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[None]:
    """The app, on its socket."""
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    try:
        await slack.until(lambda s: s.delivery.sockets)
        yield
    finally:
        await handler.close_async()


def client_of(slack: SlackSandbox) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with running() as sandbox:
        yield sandbox


@pytest.fixture
def app(slack: SlackSandbox) -> AsyncApp:
    return AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)


async def test_a_message_in_the_desk_channel_reaches_the_app(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.message()
    async def heard(message: dict[str, Any], say: Any) -> None:
        await say(text=f"heard {message['text']}", thread_ts=message["ts"])

    async with connected(slack, app):
        ts = await slack.say("dana", "leads", "Brakes & squeal")
        replies = await slack.until(lambda s: s.thread("leads", ts))
    assert [r["text"] for r in replies] == ["heard Brakes &amp; squeal"]
    assert replies[0]["bot_id"] == slack.team.bot_id


async def test_a_click_edits_the_card_it_was_made_on(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.action("claim")
    async def claim(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        place = body["container"]
        text = f"claimed by {body['user']['id']}"
        await client.chat_update(channel=place["channel_id"], ts=place["message_ts"], text=text)

    async with connected(slack, app):
        posted = await client_of(slack).chat_postMessage(
            channel=slack.desk_channel, text="a lead", blocks=CARD
        )
        ack = await slack.click("marco", "leads", posted["ts"], "claim")
        assert ack.ok
        card = await slack.until(lambda s: [m for m in s.messages("leads") if "edited" in m])
    assert card[0]["text"] == f"claimed by {slack.user('marco')}"


async def test_a_modal_is_opened_refused_and_saved(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.command("/lead")
    async def open_form(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("edit")
    async def save(ack: Any, view: dict[str, Any]) -> None:
        typed = view["state"]["values"]["name"]["typed"]["value"]
        if typed == "wrong":
            await ack(response_action="errors", errors={"name": "Not that one"})
        else:
            await ack()

    async with connected(slack, app):
        await slack.command("dana", "leads", "/lead", "edit")
        view_id = (await slack.until(lambda s: s.views("dana")))[0]["id"]
        empty = await slack.submit("dana", view_id, {})
        wrong = await slack.submit("dana", view_id, {"name": "wrong"})
        shown = slack.views("dana")[0]["errors"]
        right = await slack.submit("dana", view_id, {"name": "Dana"})
    assert (empty.error, wrong.error, right.ok) == ("invalid_input", "errors", True)
    assert shown == {"name": "Not that one"}
    assert slack.views("dana") == []


async def test_a_command_answers_the_one_who_typed_it(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.command("/lead")
    async def find(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack(f"looking for {body['text']}")
        await respond("found nothing")

    async with connected(slack, app):
        ack = await slack.command("olga", "general", "/lead", "brakes")
        seen = await slack.until(lambda s: len(s.ephemerals("olga")) == 2 and s.ephemerals("olga"))
    assert ack.text == "looking for brakes"
    assert [m["text"] for m in seen] == ["looking for brakes", "found nothing"]
    assert slack.ephemerals("dana") == []
