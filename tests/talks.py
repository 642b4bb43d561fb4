"""The product where writers are talked with, and what is heard there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.sandbox.slack.server import SlackSandbox
from core.lead import Lead
from core.ports import Embedder
from tests.product import Product, eventually, product

ROOF = "My roof leaks badly, please send somebody tomorrow"


@asynccontextmanager
async def talking(slack: SlackSandbox, folder: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads with its desk, and #front-desk, which is watched too; Olga is of no desk."""
    watched = ("#leads", "#front-desk")
    async with product(
        slack, folder, embedder, slack_watch_channels=watched, slack_source_bots=("Formly",)
    ) as running:
        yield running


def said(bot: Product, channel: str, ts: str) -> list[str]:
    """What the bot said in that thread so far."""
    return [str(line["text"]) for line in bot.slack.thread(channel, ts) if "bot_id" in line]


async def hears(bot: Product, channel: str, ts: str, word: str, *, times: int = 1) -> str:
    """What the bot said in the thread with this word, once it did so often."""

    def found() -> list[dict[str, Any]]:
        lines = [line for line in bot.slack.thread(channel, ts) if "bot_id" in line]
        with_word = [line for line in lines if word in str(line["text"])]
        return with_word[times - 1 :]

    return str((await eventually(bot.slack, found))["text"])


async def only_lead(bot: Product) -> Lead:
    [lead] = await bot.app.store.leads.newest(limit=5)
    return lead


async def lead_soon(bot: Product) -> Lead:
    await bot.slack.until(lambda _: bool(bot.cards()), timeout=20)
    return await only_lead(bot)


def dates(lead: Lead) -> int:
    return len(lead.analysis.entities.get("dates", ())) if lead.analysis else 0
