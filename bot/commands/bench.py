"""`basecamp bench`: how fast the main path is on this machine, with the limits measured in the same run.

The bot runs as its own process against the local Slack workspace, which runs in this one; there is no model.
"""

import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.table import Table

from bot.sandbox.scenarios import SCENARIOS
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack

RATE, LEADS_AT_RATE = 20.0, 300
IDLE_LEADS = 25
BURST_CONCURRENCY = 20
KEY = "bench"
READ = "quality"
"""A word of every card whose lead was read."""

CALM = "routing: {otherwise: pool}\nnoise: {burst: {leads: 1000000}}\n"

Figures = dict[str, float]


async def bench(*, as_json: bool, database_url: str | None, leads: int = LEADS_AT_RATE) -> None:
    """Measure and print; as JSON on one line when programs ask.

    ``leads``: how many are sent at a steady rate, and then in a burst.
    """
    console = Console(stderr=True)
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="basecamp-bench-") as folder:
        async with running_slack(port=0) as slack, aiohttp.ClientSession() as session:
            with console.status("Starting…"):
                figures["limit_commit_ms_p50"] = _commits(Path(folder) / "limit.db")
                figures |= await _bare_accept(session)
                started = time.monotonic()
            async with _bot(slack, Path(folder), database_url) as (url, pid):
                figures["ready_s"] = await _until_ready(session, url) - started
                client = _Client(session, url, slack)
                await client.send("warm up")
                await client.processed(1)
                with console.status("One lead at a time…"):
                    figures |= await _idle(client, min(leads, IDLE_LEADS))
                with console.status(f"{RATE:.0f} leads a second…"):
                    figures |= await _steady(client, leads)
                with console.status("As fast as it goes…"):
                    figures |= await _burst(client, leads)
                figures["rss_mb"] = _rss_mb(pid)
    if as_json:
        sys.stdout.write(json.dumps({name: round(value, 3) for name, value in figures.items()}) + "\n")
        return
    table = Table("figure", "value", box=None)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.1f}")
    Console().print(table)


class _Client:
    """Sends leads and sees when their cards are there."""

    def __init__(self, session: aiohttp.ClientSession, url: str, slack: SlackSandbox) -> None:
        self._session = session
        self._url = url
        self._slack = slack
        self.sent = 0

    async def send(self, note: str) -> tuple[str, float]:
        """The lead's id and the milliseconds until its 202."""
        scenario = SCENARIOS[self.sent % len(SCENARIOS)]
        self.sent += 1
        # Each by a person of its own: the same one again would be no second card.
        family = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])
        contact = {"name": f"{family[:6].title()} {family[6:].title()}", "email": f"{family}@example.com"}
        lead = scenario | {"message": f"{scenario['message']} ({note} {self.sent})", "contact": contact}
        del lead["id"]
        started = time.perf_counter()
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self._session.post(f"{self._url}/api/v1/intake", json=lead, headers=headers) as response:
            response.raise_for_status()
            body = await response.json()
        return body["data"]["lead_id"], (time.perf_counter() - started) * 1000

    async def processed(self, count: int, patience: float = 120.0) -> None:
        """Return when so many leads are through their pipeline."""
        async with asyncio.timeout(patience):
            while await self._processed() < count:  # noqa: ASYNC110 - counted in another process: no event
                await asyncio.sleep(0.5)

    async def _processed(self) -> float:
        async with self._session.get(f"{self._url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("leads_processed_total "))

    async def cards_of(self, lead_id: str, started: float) -> tuple[float, float]:
        """Milliseconds until a card was there, and until it said what was read: mostly the same card."""
        await self._slack.until(lambda slack: self._card(slack, lead_id), timeout=30)
        placeholder = (time.perf_counter() - started) * 1000
        await self._slack.until(lambda slack: READ in json.dumps(self._card(slack, lead_id)), timeout=30)
        return placeholder, (time.perf_counter() - started) * 1000

    @staticmethod
    def _card(slack: SlackSandbox, lead_id: str) -> dict[str, Any] | None:
        for message in reversed(slack.messages(slack.desk_channel)):
            if message.get("metadata", {}).get("event_payload", {}).get("key") == f"card:{lead_id}":
                return message
        return None


async def _idle(client: _Client, leads: int) -> Figures:
    placeholders, finals = [], []
    for _ in range(leads):
        started = time.perf_counter()
        lead_id, _ = await client.send("idle")
        placeholder, final = await client.cards_of(lead_id, started)
        placeholders.append(placeholder)
        finals.append(final)
        await asyncio.sleep(0.3)
    return _spread("placeholder_card_ms", placeholders) | _spread("final_card_ms", finals)


async def _steady(client: _Client, leads: int) -> Figures:
    started = time.monotonic()
    async with asyncio.TaskGroup() as sending:
        tasks = []
        for position in range(leads):
            await asyncio.sleep(max(0.0, started + position / RATE - time.monotonic()))
            tasks.append(sending.create_task(client.send("steady")))
    sent = time.monotonic()
    await client.processed(client.sent)
    lag = time.monotonic() - sent
    return _spread("accept_ms", [task.result()[1] for task in tasks]) | {"lag_after_steady_s": lag}


async def _burst(client: _Client, leads: int) -> Figures:
    turns = asyncio.Semaphore(BURST_CONCURRENCY)

    async def send() -> float:
        async with turns:
            return (await client.send("burst"))[1]

    started = time.monotonic()
    await asyncio.gather(*(send() for _ in range(leads)))
    accepted = time.monotonic() - started
    await client.processed(client.sent)
    whole = time.monotonic() - started
    return {"accepted_per_s": leads / accepted, "leads_per_s": leads / whole}


def _commits(file: Path, count: int = 100) -> float:
    """Milliseconds of one durable SQLite commit here: what every acknowledgement has to wait for."""
    times = []
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE t (body BLOB)")
        for _ in range(count):
            started = time.perf_counter()
            database.execute("INSERT INTO t VALUES (?)", (b"x" * 500,))
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


async def _bare_accept(session: aiohttp.ClientSession, count: int = 200) -> Figures:
    """An aiohttp server that does nothing but answer: the least that any accept can take."""

    async def nothing(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({}, status=202)

    app = web.Application()
    app.add_routes([web.post("/", nothing)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    times = []
    for _ in range(count):
        started = time.perf_counter()
        async with session.post(f"http://127.0.0.1:{runner.addresses[0][1]}/", json=SCENARIOS[0]) as response:
            await response.read()
        times.append((time.perf_counter() - started) * 1000)
    await runner.cleanup()
    return _spread("limit_bare_accept_ms", times)


@asynccontextmanager
async def _bot(slack: SlackSandbox, folder: Path, database_url: str | None) -> AsyncIterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    desks = folder / "desks"
    desks.mkdir()
    # Each card at once: else the pace that Slack asks for, and summaries of bursts, are all that is seen.
    (desks / "leads.yaml").write_text(f"channel: {slack.desk_channel}\n{CALM}", encoding="utf-8")
    environment = dict(os.environ) | {
        "DESKS_DIR": str(desks),
        "SLACK_PACE": "1000",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "SLACK_DESK_CHANNEL": slack.desk_channel,
        "HTTP_PORT": str(port),
        "DATA_DIR": str(folder),
        "API_KEYS": KEY,
        "OLLAMA_MODEL": "",
        "CRM": "local",
        "LOG_LEVEL": "WARNING",
    }
    if database_url:
        environment["DATABASE_URL"] = database_url
    bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=environment)
    try:
        yield f"http://127.0.0.1:{port}", bot.pid
    finally:
        bot.terminate()
        await bot.wait()


async def _until_ready(session: aiohttp.ClientSession, url: str) -> float:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as response:
                    if response.ok:
                        return time.monotonic()
            await asyncio.sleep(0.02)


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def _spread(name: str, values: list[float]) -> Figures:
    ordered = sorted(values)
    return {
        f"{name}_p50": statistics.median(ordered),
        f"{name}_p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
    }
