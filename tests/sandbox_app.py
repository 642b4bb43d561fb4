"""A real Bolt app on the sandbox's socket, and the cards and forms that the sandbox's tests post."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.manifest import App, Command, Shortcut
from bot.sandbox.slack.server import SlackSandbox

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Press"), **more}


def asked(block_id: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain("Label"), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "callback_id": "edit", "title": plain("Edit"), "submit": plain("Save")}
    return {**view, "blocks": list(blocks), **more}


NAME = asked("name", {"type": "plain_text_input", "action_id": "typed"})
FORM = modal(NAME)
CARD: list[Json] = [
    section("Brakes, 2019 Civic"),
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            button("claim", value="L-1"),
            {"type": "users_select", "action_id": "reassign"},
            {
                "type": "overflow",
                "action_id": "more",
                "options": [
                    {"text": plain("Snooze"), "value": "snooze"},
                    {"text": plain("Merge"), "value": "merge"},
                ],
            },
        ],
    },
]

EVERYTHING = App(
    name="baseCamp",
    scopes=frozenset(
        [
            "commands",
            "chat:write",
            "channels:history",
            "groups:history",
            "im:history",
            "channels:read",
            "groups:read",
            "im:read",
            "channels:join",
            "im:write",
            "users:read",
            "users:read.email",
            "usergroups:read",
            "reactions:write",
            "files:write",
            "assistant:write",
        ]
    ),
    events=frozenset(
        [
            "message.channels",
            "message.groups",
            "message.im",
            "app_mention",
            "app_home_opened",
            "reaction_added",
            "member_joined_channel",
            "app_context_changed",
            "agent_session_stopped",
        ]
    ),
    commands=(Command(command="/lead", description="Find leads"),),
    shortcuts=(
        Shortcut(name="Make this a lead", type="message", callback_id="make_lead", description="A lead"),
        Shortcut(name="New lead", type="global", callback_id="new_lead", description="A lead by hand"),
    ),
    home_tab=True,
    is_agent=True,
)
"""An app that may do everything, for what the product's own manifest does not ask for."""


def client_of(slack: SlackSandbox) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


def bolt(slack: SlackSandbox) -> AsyncApp:
    return AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)


@asynccontextmanager
async def connected(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[None]:
    """The app, on its socket."""
    handler = AsyncSocketModeHandler(app, slack.app_token)
    before = len(slack.delivery.sockets)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt ships this one without types
    try:
        await slack.until(lambda s: len(s.delivery.sockets) > before)
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
