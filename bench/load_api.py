"""Intake under load: `python -m bench.load_api [leads a second] [seconds]`, the whole pipeline behind it.

Starts `basecamp run` in a process of its own against the sandbox, sends leads at that rate over many
connections whatever the answers' pace, and prints how long accepting took, how much memory the process had,
and whether every lead that was accepted is there.
"""

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp
import psutil

from bench.leads import leads
from bot.sandbox.slack.server import running as running_slack
from tests.product import API_KEY

RATE, SECONDS = 200.0, 60.0

PORT = 38011

_QUEUED = "SELECT count(*) FROM workflow_status WHERE name = 'lead_pipeline'"


async def main(rate: float, seconds: float) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_slack() as slack:
            environment = {
                **os.environ,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "SLACK_DESK_CHANNEL": slack.desk_channel,
                "HTTP_PORT": str(PORT),
                "DATA_DIR": folder,
                "API_KEYS": API_KEY,
                "OLLAMA_MODEL": "",
                "CRM": "local",
                "LOG_LEVEL": "ERROR",
            }
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"), env=environment, stdout=asyncio.subprocess.DEVNULL
            )
            try:
                await _measure(psutil.Process(process.pid), Path(folder), rate, seconds)
            finally:
                process.kill()
                await process.wait()


async def _measure(process: psutil.Process, folder: Path, rate: float, seconds: float) -> None:
    answers: Counter[str] = Counter()
    took: list[float] = []
    accepted: set[str] = set()
    memory: list[float] = []
    made = leads(int(rate * seconds))
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await _until_ready(session)

        async def send(number: int, lead: dict[str, object]) -> None:
            began = time.perf_counter()
            body = {**lead, "message": f"{lead['message']} ({number})"}
            try:
                async with session.post(f"http://127.0.0.1:{PORT}/api/v1/intake", json=body) as response:
                    answers[str(response.status)] += 1
                    if response.status == 202:
                        accepted.add((await response.json())["data"]["lead_id"])
            except (aiohttp.ClientError, TimeoutError) as error:
                answers[type(error).__name__] += 1
            took.append(time.perf_counter() - began)

        started, worked = time.perf_counter(), sum(process.cpu_times()[:2])
        async with asyncio.TaskGroup() as sending:
            for number, lead in enumerate(made):
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                sending.create_task(send(number, lead))
                if number % int(rate * 5) == 0:
                    memory.append(process.memory_info().rss / 1e6)
        lasted, worked = time.perf_counter() - started, sum(process.cpu_times()[:2]) - worked
    with sqlite3.connect(folder / "basecamp.db") as database:
        there = {row[0] for row in database.execute("SELECT lead_id FROM leads")}
        read = database.execute("SELECT count(*) FROM leads WHERE status != 'raw'").fetchone()[0]
        queued = database.execute(_QUEUED).fetchone()[0]
    took.sort()
    print(f"{len(took)} leads in {lasted:.1f} s ({len(took) / lasted:.0f}/s): {dict(answers)}")
    print(
        f"accepted after p50 {_share(took, 0.5):.0f} ms, p95 {_share(took, 0.95):.0f} ms, "
        f"p99 {_share(took, 0.99):.0f} ms, worst {took[-1] * 1000:.0f} ms"
    )
    print(
        f"the process worked {worked / lasted:.0%} of a core, {os.getloadavg()[0]:.1f} in the machine's queue"
    )
    print(f"memory every 5 s, MB: {', '.join(f'{each:.0f}' for each in memory)}")
    print(f"{len(accepted)} accepted, {len(accepted - there)} of them missing, {queued} in the queue")
    print(f"{read} were read by then")


async def _until_ready(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{PORT}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)


def _share(ordered: list[float], share: float) -> float:
    """Milliseconds that this share of them did not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[1:]]
    asyncio.run(main(*(given or [RATE]), *([SECONDS] if len(given) < 2 else [])))
