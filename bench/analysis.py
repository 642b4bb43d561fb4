"""What reading a message costs: by rules, with and without embedding, and what we add to a model's answer.

Run: ``python -m bench.analysis``. The model answers at once here, so that only our own work is measured.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import prompts
from bot.making import load_embedder
from bot.settings import Settings
from core.analyze import Analyst
from core.lead import Contact
from core.ports import ChatMessage, Vector

DATA = Path(__file__).parents[1] / "tests" / "data"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ANSWER = {
    "wants": "Brake repair",
    "intent": "appointment_request",
    "urgency": "high",
    "urgency_quote": "tomorrow",
    "summary": "They ask for a brake repair tomorrow.",
    "entities": {},
    "business_insights": {},
}


class AtOnce:
    """A model that answers before it is asked."""

    name = "at-once"

    async def chat(self, messages: Sequence[ChatMessage], *, schema: Mapping[str, Any]) -> str:
        """The same answer always."""
        assert messages
        assert schema
        return json.dumps(ANSWER)

    async def check(self) -> None:
        """Always there."""


async def main() -> None:
    """Print p50 and p95 of each way."""
    rows = [
        json.loads(line)
        for name in ("held_back.jsonl", "other_trades.jsonl")
        for line in (DATA / name).read_text(encoding="utf-8").splitlines()
    ]
    embedder = await asyncio.to_thread(load_embedder, Settings(_env_file=None))
    analyst = Analyst(prompts.load_every(), embedder, AtOnce())
    await analyst.warm_up()
    whole, rules, model = [], [], []
    for row in rows:
        reading = (row["message"], Contact(), row["business_type"], NOW)
        whole.append(await _timed(analyst, reading, None))
        vector: Vector = (await embedder.embed([row["message"]]))[0]
        alone = await _timed(analyst, reading, vector)
        started = time.perf_counter()
        await analyst.by_model(*reading, vector)
        rules.append(alone)
        model.append((time.perf_counter() - started) * 1000 - alone)
    embedder.close()
    for name, spent in (
        ("by rules, embedding included", whole),
        ("by rules alone", rules),
        ("added to a model's answer", model),
    ):
        cuts = quantiles(spent, n=20)
        print(f"{name:30} p50 {cuts[9]:6.2f} ms   p95 {cuts[18]:6.2f} ms   ({len(spent)} messages)")


async def _timed(
    analyst: Analyst, reading: tuple[str, Contact, str, datetime], vector: Vector | None
) -> float:
    started = time.perf_counter()
    await analyst.by_rules(*reading, vector)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    asyncio.run(main())
