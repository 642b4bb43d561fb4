"""The card of a lead that takes long to recognise is there soon, and gone if the lead is a repeat."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.sandbox.slack.server import SlackSandbox
from core.pipeline import PLACEHOLDER_SECONDS
from core.ports import Embedder
from tests.product import product, text_of

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it this week?"
AGAIN = "Any update on this? My 2019 Civic's brakes are grinding badly, can you look at it"


class Slow:
    """A real embedding that takes its time, as on a machine that is busy."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def model(self) -> str:
        return self._embedder.model

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        await asyncio.sleep(PLACEHOLDER_SECONDS + 0.2)
        return await self._embedder.embed(texts)


async def test_a_repeat_that_took_long_leaves_no_placeholder_behind(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, Slow(embedder)) as bot:
        person = {"name": "Mike Quillfeather", "email": "mike@quillfeather.example"}
        first = await bot.synced(await bot.send(BRAKES, **person))
        again = await bot.send(AGAIN, **person)
        await slack.until(lambda _: bot.card(again) is not None, timeout=20)
        card = bot.card(first.lead_id)
        assert card is not None
        await slack.until(lambda s: "Asked again" in text_of(s.thread("leads", card["ts"])), timeout=20)
        await slack.until(lambda _: bot.card(again) is None, timeout=20)
