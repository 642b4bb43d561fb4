"""Intake under load: `python -m bench.load_api [leads a second] [seconds]`, the whole pipeline behind it.

Starts `basecamp run` in a process of its own against the sandbox, sends leads at that rate over many
connections whatever the answers' pace, waits until all of them are through, and prints how long accepting and
draining took, the CPU time and memory of the process, and whether every lead that was accepted is where it
belongs: in the store, in Slack, in the CRM.
"""

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.leads import leads
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from tests.product import API_KEY, text_of

RATE, SECONDS = 200.0, 60.0

PORT = 38011

SECONDS_A_LEAD = 0.3
"""How long the draining may take, beside a minute for its beginning."""

LOOK, TELL, REST = 1.0, 15.0, 20.0
"""Seconds between two looks at what is left, between two lines about it, and of rest for the memory then."""

_LEFT = """
SELECT (SELECT count(*) FROM workflow_status
        WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED') AND queue_name != 'alarms'),
       (SELECT count(*) FROM places WHERE waits)
"""

_FAILED = "SELECT count(*) FROM workflow_status WHERE status NOT IN ('ENQUEUED', 'DELAYED', 'SUCCESS')"

_LEADS = """
SELECT lead_id, status != 'raw', merged_into IS NOT NULL, crm_record_id IS NOT NULL,
       EXISTS (SELECT 1 FROM places WHERE places.lead_id = leads.lead_id)
FROM leads
"""


async def main(rate: float, seconds: float) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_slack() as slack:
            environment = {
                # Slack's own pace, a post a second, would be all that is measured.
                "SLACK_PACE": "1000",
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
                run = _Run(psutil.Process(process.pid), Path(folder) / "basecamp.db", slack)
                await run.send(rate, int(rate * seconds))
                await run.drain()
                run.look()
            finally:
                process.kill()
                await process.wait()


@dataclass
class _Run:
    """One run: what was sent, and what came of it.

    Attributes:
        began, worked: the moment of the first lead, and the process's CPU time then.
        accepted: ids of the leads that got a 202.
    """

    process: psutil.Process
    file: Path
    slack: SlackSandbox
    began: float = 0.0
    worked: float = 0.0
    accepted: set[str] = field(default_factory=set)

    async def send(self, rate: float, count: int) -> None:
        """Send so many at that rate, and say how they were accepted."""
        answers: Counter[str] = Counter()
        took: list[float] = []
        memory: list[float] = []
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
                            self.accepted.add((await response.json())["data"]["lead_id"])
                except (aiohttp.ClientError, TimeoutError) as error:
                    answers[type(error).__name__] += 1
                took.append(time.perf_counter() - began)

            self.began, self.worked = time.perf_counter(), self._cpu()
            async with asyncio.TaskGroup() as sending:
                for number, lead in enumerate(list(leads(count))):
                    await asyncio.sleep(max(0.0, self.began + number / rate - time.perf_counter()))
                    sending.create_task(send(number, lead))
                    if number % int(rate * 5) == 0:
                        memory.append(self._memory())
            lasted, worked = time.perf_counter() - self.began, self._cpu() - self.worked
        took.sort()
        print(f"{len(took)} leads in {lasted:.1f} s ({len(took) / lasted:.0f}/s): {dict(answers)}")
        print(
            f"accepted after p50 {_share(took, 0.5):.0f} ms, p95 {_share(took, 0.95):.0f} ms, "
            f"p99 {_share(took, 0.99):.0f} ms, worst {took[-1] * 1000:.0f} ms"
        )
        queue = os.getloadavg()[0]
        print(f"the process worked {worked / lasted:.0%} of a core, {queue:.1f} in the machine's queue")
        print(f"memory every 5 s, MB: {', '.join(f'{each:.0f}' for each in memory)}", flush=True)

    async def drain(self) -> None:
        """Wait until all is done that was begun, and say how long that took."""
        started = time.perf_counter()
        until, told = started + 60 + SECONDS_A_LEAD * len(self.accepted), started
        left, memory = self._left(), [self._memory()]
        at_first = left[0]
        while sum(left) and time.perf_counter() < until:
            await asyncio.sleep(LOOK)
            left = self._left()
            if time.perf_counter() - told > TELL:
                told = time.perf_counter()
                memory.append(self._memory())
                print(f"  {left[0]} in the queue, {left[1]} cards wait", file=sys.stderr, flush=True)
        over, done = time.perf_counter(), at_first - left[0]
        worked, count = self._cpu() - self.worked, len(self.accepted)
        print(f"drained {done} in {over - started:.1f} s ({done / (over - started):.1f}/s)")
        whole, each = count / (over - self.began), worked / count * 1000
        print(f"all together {whole:.1f} leads/s, {each:.1f} ms of CPU a lead")
        at_end = self._memory()
        await asyncio.sleep(REST)
        print(f"memory every {TELL:.0f} s, MB: {', '.join(f'{each:.0f}' for each in memory)}")
        print(f"{at_end:.0f} MB at its end, {self._memory():.0f} MB {REST:.0f} s later")

    def look(self) -> None:
        """Say where the leads are."""
        with sqlite3.connect(self.file) as database:
            rows = [row for row in database.execute(_LEADS) if row[0] in self.accepted]
            failed = database.execute(_FAILED).fetchone()[0]
        merged = {row[0] for row in rows if row[2]}
        standing = {row[0] for row in rows} - merged
        placed, kept = {row[0] for row in rows if row[4]}, {row[0] for row in rows if row[3]}
        shown = {
            key.removeprefix("card:")
            for message in self._messages()
            if (key := _key(message)).startswith("card:") and "quality" in text_of(message)
        }
        print(
            f"{len(self.accepted)} accepted, {len(self.accepted) - len(rows)} of them missing, "
            f"{sum(not row[1] for row in rows)} not read, {failed} failed, {self._left()} left"
        )
        print(f"{len(merged)} repeat an open lead and joined it; of the {len(standing)} others")
        print(
            f"{len(placed & standing)} have a place, {len(shown & standing)} a final card, "
            f"{len(kept & standing)} a record in the CRM"
        )

    def _messages(self) -> Iterator[dict[str, Any]]:
        """All that is in the desk's channel, those under summaries too."""
        channel = self.slack.desk_channel
        for message in self.slack.messages(channel):
            yield message
            yield from self.slack.thread(channel, message["ts"])

    def _left(self) -> tuple[int, int]:
        """How much is queued or under way, and how many cards wait for their turn."""
        with sqlite3.connect(self.file, timeout=30) as database:
            workflows, cards = database.execute(_LEFT).fetchone()
        return workflows, cards

    def _cpu(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def _memory(self) -> float:
        """MB."""
        return float(self.process.memory_info().rss / 1e6)


def _key(message: dict[str, Any]) -> str:
    """The key under which the app posted it; empty for other messages."""
    return str(message.get("metadata", {}).get("event_payload", {}).get("key", ""))


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
