"""How many messages a second the local Slack carries, and what of a core that costs: python -m bench.sandbox.

The workspace runs as a process of its own. A person's message goes in through /sandbox/say, comes out as an
event on the app's socket, is acknowledged, and is answered with a card: two messages and two events each. A
page may be open beside it. The figures of one run belong together: they stand next to what an empty aiohttp
server does on the same machine, and next to the share of a core that the workspace took.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.town import new_workspace
from handlers import cards
from tests.lead_examples import NOW, lead

RATE = 200
SECONDS = 10
AT_ONCE = 16
"""Calls under way at the same time where nothing paces them."""

EMPTY = """
import asyncio, sys
from aiohttp import web
from bot.sandbox import loopback
async def empty(request):
    await request.read()
    return web.json_response({"ok": True})
async def main():
    app = web.Application()
    app.add_routes([web.post("/", empty)])
    async with loopback.serving(app, 0) as address:
        print('{"slack": {"page": "%s/"}}' % address, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass
class Server:
    """A process under measurement: what it printed, and the CPU that it used."""

    where: dict[str, str]
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU so far (utime and stime of proc(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Answerer:
    """The app: acknowledges each event of a person's message, and answers it with a card."""

    slack: dict[str, str]
    http: aiohttp.ClientSession
    card: dict[str, Any]
    waits: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Take events until cancelled."""
        headers = {"Authorization": f"Bearer {self.slack['app_token']}"}
        async with self.http.post(f"{self.slack['api_url']}apps.connections.open", headers=headers) as opened:
            url = (await opened.json())["url"]
        async with self.http.ws_connect(url) as socket:
            async for message in socket:
                envelope = json.loads(message.data)
                if "envelope_id" in envelope:
                    await socket.send_json({"envelope_id": envelope["envelope_id"]})
                    event = envelope["payload"]["event"]
                    if "bot_id" not in event and event["text"] in self.waits:
                        task = asyncio.create_task(self._answer(event["text"]))
                        self.tasks.add(task)
                        task.add_done_callback(self.tasks.discard)

    async def _answer(self, text: str) -> None:
        headers = {"Authorization": f"Bearer {self.slack['bot_token']}"}
        url = f"{self.slack['api_url']}chat.postMessage"
        async with self.http.post(url, json=self.card, headers=headers) as response:
            assert (await response.json())["ok"]
        self.waits.pop(text).set_result(None)


@asynccontextmanager
async def started(*command: str) -> AsyncIterator[Server]:
    """A Python process that prints one JSON line and then serves."""
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        where = json.loads(await process.stdout.readline())["slack"]
        yield Server(where, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def as_fast_as_it_goes(server: Server, call: Callable[[], Awaitable[None]], count: int) -> str:
    """Calls a second, and milliseconds of the server's CPU a call."""
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            await call()

    began, cpu = time.perf_counter(), server.cpu()
    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    seconds, used = time.perf_counter() - began, server.cpu() - cpu
    return f"{count / seconds:5.0f}/s, {used / count * 1000:.2f} ms of CPU each"


async def paced(server: Server, app: Answerer) -> str:
    """RATE messages a second for SECONDS, each answered with a card."""
    took: list[float] = []

    async def say(number: int) -> None:
        text = f"message {number} at {time.time_ns()}"
        app.waits[text] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        answered = app.waits[text]
        body = {"user": "dana", "channel": "leads", "text": text}
        async with app.http.post(f"{server.where['page']}sandbox/say", json=body) as response:
            assert response.ok
        await answered
        took.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), server.cpu()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            group.create_task(say(number))
    seconds, used = time.perf_counter() - began, server.cpu() - cpu
    median, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    return (
        f"{len(took) / seconds:5.0f} messages/s, each answered with a card; said to answered "
        f"{median * 1000:.0f} ms (median), {p99 * 1000:.0f} ms (p99); {used / seconds:.0%} of a core"
    )


async def watching(http: aiohttp.ClientSession, page: str) -> None:
    """A page that is open."""
    async with http.ws_connect(f"{page}sandbox/live?user=dana", max_msg_size=0) as socket:
        async for _ in socket:
            pass


async def main() -> None:
    """Print the figures."""
    card = cards.card(lead(), now=NOW)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        def calling(url: str, body: dict[str, Any], token: str = "") -> Callable[[], Awaitable[None]]:
            async def call() -> None:
                headers = {"Authorization": f"Bearer {token}"}
                async with http.post(url, json=body, headers=headers) as response:
                    assert (await response.json())["ok"]

            return call

        async with started("-c", EMPTY) as empty:
            call = calling(empty.where["page"], {"text": card.text, "blocks": card.blocks})
            print("an empty aiohttp server:      ", await as_fast_as_it_goes(empty, call, 3000))
        async with started("-m", "bot", "sandbox", "--slack") as slack:
            where = slack.where
            post = {"channel": where["desk_channel"], "text": card.text, "blocks": card.blocks}
            url, token = f"{where['api_url']}chat.postMessage", where["bot_token"]
            call = calling(url, post, token)
            print("chat.postMessage of a card:   ", await as_fast_as_it_goes(slack, call, 3000))
            app = Answerer(where, http, post)
            running = [asyncio.create_task(app.run())]
            await asyncio.sleep(1)
            print(f"at {RATE}/s:                    ", await paced(slack, app))
            running.append(asyncio.create_task(watching(http, where["page"])))
            print("the same with the page open:  ", await paced(slack, app))
            for task in running:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    body, space = json.dumps(post), new_workspace("bench")
    answer = {"ok": True, "message": {"text": card.text, "blocks": card.blocks}}
    parts: dict[str, Callable[[], object]] = {
        "reading the body": lambda: json.loads(body),
        "checking the blocks": lambda: kit.check_message(card.blocks),
        "giving them ids": lambda: kit.kept(card.blocks, space.mint),
        "writing the answer": lambda: json.dumps(answer),
    }
    print("in a call of chat.postMessage:")
    for name, part in parts.items():
        began = time.perf_counter()
        for _ in range(1000):
            part()
        print(f"  {name:20} {time.perf_counter() - began:.3f} ms")


if __name__ == "__main__":
    asyncio.run(main())
