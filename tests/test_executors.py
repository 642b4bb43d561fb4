"""Several processes on one PostgreSQL: no two with one name, and nobody's work is stranded."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import ollama as ollama_stand_in
from bot.sandbox.slack.server import SlackSandbox
from core.errors import Refused
from core.lead import Part
from core.ports import Embedder
from tests.databases import fresh_database
from tests.product import API_KEY, product


async def test_a_second_process_with_the_same_name_is_refused(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    with fresh_database("postgresql", tmp_path) as url:
        async with product(slack, tmp_path / "one", embedder, database_url=url):
            with pytest.raises(Refused, match="EXECUTOR_ID=basecamp-1"):
                async with product(slack, tmp_path / "two", embedder, database_url=url):
                    raise AssertionError("it started")


@pytest.mark.slow
async def test_work_of_a_dead_process_is_done_by_another(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    with fresh_database("postgresql", tmp_path) as url:
        async with ollama_stand_in.running(port=0) as ollama:
            ollama.slow(60)
            port = free_port()
            settings = {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "SLACK_DESK_CHANNEL": slack.desk_channel,
                "DATABASE_URL": url,
                "DATA_DIR": str(tmp_path / "dead"),
                "HTTP_PORT": str(port),
                "API_KEYS": API_KEY,
                "OLLAMA_HOST": ollama.url,
                "OLLAMA_MODEL": ollama.model,
                "EXECUTOR_ID": "the-dead",
                "LOG_LEVEL": "WARNING",
            }
            dead = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=dict(os.environ) | settings
            )
            lead_id = await _send_when_ready(f"http://127.0.0.1:{port}")
            await slack.until(lambda _: len(ollama.history) > 0, timeout=30)
            dead.send_signal(signal.SIGKILL)
            await dead.wait()
        async with product(
            slack, tmp_path / "living", embedder, database_url=url, executor_id="the-living"
        ) as bot:
            for _ in range(30):
                await bot.app.schedule.reap()
                if (await bot.lead(lead_id)).crm.record_id:
                    break
                await asyncio.sleep(0.5)
            lead = await bot.lead(lead_id)
            assert lead.crm.record_id is not None
            assert Part.CARD not in lead.missing
            assert len(bot.cards()) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _send_when_ready(url: str) -> str:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(200):
            try:
                async with session.post(f"{url}/api/v1/intake", json={"message": "Brakes squeal"}) as answer:
                    return str((await answer.json())["data"]["lead_id"])
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
    raise AssertionError("the bot did not start")
