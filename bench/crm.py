"""Times the CRM's side against a strict Airtable: ``python -m bench.crm [LEADS]`` (default 3,000).

`basecamp run` is a process of its own; Slack and Airtable stand in this one. A real clock and Airtable's real
limit of five requests a second: 3,000 leads take a minute.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
from uuid_utils.compat import uuid4

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import running as running_slack
from core.store import open_store
from tests.bot_process import BotProcess, free_port
from tests.crm_side import after_an_outage

KEY = "bench"
ALONE, STORM = 15, 200

SENT_APART = 0.05
"""Seconds: twenty leads a second are sent where accepting is timed."""


async def main(count: int) -> None:
    """Drain a store as after an outage; then single leads, and intake in fine weather and in a storm."""
    with tempfile.TemporaryDirectory(prefix="basecamp-bench-") as folder:
        async with _around(folder, "outage") as (airtable, bot):
            store = await open_store(bot.environment["DATABASE_URL"])
            await after_an_outage(store, bot.environment["SLACK_DESK_CHANNEL"], count)
            await store.close()
            await bot.start()
            await _drain(airtable, bot, count)
            print(f"stopped with {await bot.stop()}, said {bot.errors or 'nothing'}")
        async with _around(folder, "fresh") as (airtable, bot), aiohttp.ClientSession() as session:
            await bot.start()
            await _one_by_one(airtable, bot, session)
            await _many("in fine weather", bot, session)
            airtable.faults.status(429, times=1_000_000)
            await _many("in a storm of 429s", bot, session)


@asynccontextmanager
async def _around(top: str, name: str) -> AsyncIterator[tuple[AirtableStandIn, BotProcess]]:
    """A Slack, an Airtable, and a product that knows them and is not started yet."""
    folder = Path(top, name)
    folder.mkdir()  # noqa: ASYNC240 - nothing runs yet
    async with running_slack() as slack, running_airtable() as airtable, aiohttp.ClientSession() as session:
        environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "SLACK_DESK_CHANNEL": slack.desk_channel,
            "HTTP_PORT": str(free_port()),
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'basecamp.db'}",
            "API_KEYS": KEY,
            "OLLAMA_MODEL": "",
            "AIRTABLE_API_KEY": airtable.api_key,
            "AIRTABLE_BASE_ID": airtable.base_id,
            "AIRTABLE_ENDPOINT_URL": airtable.endpoint_url,
            "LOG_LEVEL": "ERROR",
        }
        bot = BotProcess(environment, folder / "stderr.txt", session)
        try:
            yield airtable, bot
        finally:
            await bot.kill()


async def _drain(airtable: AirtableStandIn, bot: BotProcess, count: int) -> None:
    process = psutil.Process(bot.pid)
    while not airtable.requests:  # noqa: ASYNC110 - the stand-in has no event for a request
        await asyncio.sleep(0.05)
    began, worked = asyncio.get_running_loop().time(), _worked(process)
    while len(airtable.table.records) < count:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.05)
    took, worked = asyncio.get_running_loop().time() - began, _worked(process) - worked
    at, ideal = airtable.requests, -(-count // 10)
    most = max(sum(each <= other < each + 1 for other in at) for each in at)
    cpu = 1000 * worked / count
    print(f"{count:,} leads in {took:.1f} s (ideal {ideal / 5:.0f} s), {cpu:.1f} ms CPU a lead")
    print(
        f"{len(at)} requests (ideal {ideal}), at most {most} in a second, {airtable.limited} refused for it"
    )
    print(f"time {took / (ideal / 5) - 1:+.0%}, requests {len(at) / ideal - 1:+.0%}")


def _worked(process: psutil.Process) -> float:
    """Seconds of CPU."""
    return float(sum(process.cpu_times()[:2]))


async def _one_by_one(airtable: AirtableStandIn, bot: BotProcess, session: aiohttp.ClientSession) -> None:
    taken = []
    for _ in range(ALONE):
        before, began = len(airtable.table.records), time.perf_counter()
        await _send(bot, session)
        while len(airtable.table.records) == before:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.3)
    p50 = statistics.median(taken[2:])
    print(f"one lead alone is in the CRM {p50:.2f} s after it was sent (p50), its reading included")


async def _many(name: str, bot: BotProcess, session: aiohttp.ClientSession) -> None:
    process = psutil.Process(bot.pid)
    worked = _worked(process)
    taken = [await _accept(bot, session) for _ in range(STORM)]
    cpu = 1000 * (_worked(process) - worked) / STORM
    p50, p95 = statistics.median(taken), sorted(taken)[int(0.95 * STORM)]
    print(f"accepted {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {cpu:.0f} ms CPU a lead")


async def _accept(bot: BotProcess, session: aiohttp.ClientSession) -> float:
    """Milliseconds until its 202, at twenty a second."""
    began = time.perf_counter()
    await _send(bot, session)
    taken = time.perf_counter() - began
    await asyncio.sleep(max(0, SENT_APART - taken))
    return 1000 * taken


async def _send(bot: BotProcess, session: aiohttp.ClientSession) -> None:
    name = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])
    lead = {"message": f"My brakes grind. {name}", "email": f"{name}@example.com", "name": name.title()}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with session.post(f"{bot.url}/api/v1/intake", json=lead, headers=headers) as response:
        response.raise_for_status()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000))
