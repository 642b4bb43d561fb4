"""The sandbox's page as tests use it: open it as somebody, post a card, find it, write."""

from typing import Any

from playwright.async_api import Locator, Page, expect
from slack_bolt.async_app import AsyncApp

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.values import Timing
from tests.sandbox_app import EVERYTHING, Json, client_of

IN_A_HURRY: Options = {"app": EVERYTHING, "timing": Timing(ack=0.5)}
"""A workspace whose app may do everything and has half a second to acknowledge."""


async def look(page: Page, slack: SlackSandbox, user: str = "dana", at: str = "") -> None:
    """Open the page as somebody, and wait until it shows the workspace."""
    await page.goto(f"{slack.page}?user={user}{at}")
    await expect(page.locator("#app")).to_be_visible()


async def post(slack: SlackSandbox, blocks: list[Json], text: str = "a card") -> str:
    """Post blocks to #leads as the app; the message's ts."""
    answer = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text=text, blocks=blocks)
    return str(answer["ts"])


def message(page: Page, ts: str) -> Locator:
    """A message in the channel."""
    return page.locator(f"#stream [data-ts='{ts}']")


async def write(page: Page, text: str) -> None:
    """Send something to the channel."""
    await page.get_by_role("combobox", name="Message").fill(text)
    await page.get_by_role("button", name="Send").click()


def opens(app: AsyncApp, action_id: str, view: Json) -> None:
    """Let a click on this element open this modal."""

    @app.action(action_id)
    async def open_it(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)
