"""The bot as a process of its own that can be killed, and the world it lives in, which stays."""

import asyncio
import contextlib
import os
import random
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from bot.sandbox.slack.values import CannotAct, Timing
from tests.product import API_KEY, calm_desk, text_of

REDELIVERED = Timing(retries=(0.3,) * 100)
"""Slack tries thrice, over six minutes; a bot that dies all the time needs more, and sooner."""

TRY_AGAIN = 0.2
"""Seconds after which a sender that got no 202 sends again."""

PEOPLE = ("dana", "marco", "priya")

AGAIN = 7
"""The number's last digit of a lead that repeats the one before, by the same person."""

REMINDER = "Any update on this? "

IN_PAIRS = re.compile(r"car number \d*[67],")
"""What the two say that are one request."""

REQUEST = "Please look at the brakes of car number {number}, they grind badly."


class BotProcess:
    """`basecamp run`, started, killed and stopped."""

    def __init__(self, environment: dict[str, str], errors: Path, session: aiohttp.ClientSession) -> None:
        self.environment = environment
        self._errors = errors
        self._session = session
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens, the same after each start."""
        return f"http://127.0.0.1:{self.environment['HTTP_PORT']}"

    @property
    def errors(self) -> str:
        """All that its processes said on stderr."""
        return self._errors.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and return when it is ready."""
        with self._errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, stderr=errors
            )
        async with asyncio.timeout(60):
            while not await self._is_ready():
                assert self._process.returncode is None, self.errors
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """SIGKILL, if it runs: no word, no cleaning up."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def start_until(self, reached: asyncio.Event) -> None:
        """Start it, ready or not, and SIGKILL it when this is reached."""
        starting = asyncio.create_task(self.start())
        async with asyncio.timeout(60):
            await reached.wait()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        await self.kill()

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def under_way(self) -> list[str]:
        """What waits, runs or failed for good, as /metrics tells it; nothing when all is done."""
        async with self._session.get(f"{self.url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return [line for line in lines if line.startswith(("queue_depth{", "parts_waiting{"))]

    async def until_done(self, patience: float) -> None:
        """Return when nothing is under way any more."""
        async with asyncio.timeout(patience):
            while await self.under_way():  # noqa: ASYNC110 - another process: nothing here to wait on
                await asyncio.sleep(0.3)

    async def _is_ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.get(f"{self.url}/readyz") as response:
                return response.ok
        return False


class World:
    """What stays while the process dies: Slack and its people, Airtable, and those who send leads.

    Attributes:
        acknowledged: idempotency key -> lead id, of each 202.
        said: the texts written into the desk's channel.
        repeated: idempotency key -> that of the lead it only repeats.
        claimed: card key -> who claimed it, of each click that was acknowledged.
    """

    def __init__(
        self, slack: SlackSandbox, airtable: AirtableStandIn, bot: BotProcess, session: aiohttp.ClientSession
    ) -> None:
        self.slack = slack
        self.airtable = airtable
        self.bot = bot
        self.acknowledged: dict[str, str] = {}
        self.said: list[str] = []
        self.repeated: dict[str, str] = {}
        self.claimed: dict[str, str] = {}
        self._claiming: dict[str, str] = {}
        self._session = session

    async def send_leads(self, enough: asyncio.Event, *, per_second: float) -> int:
        """Leads at that rate, each tenth said in the channel; how many it were, once each has its 202."""
        number = 0
        async with asyncio.TaskGroup() as senders:
            while not enough.is_set():
                number += 1
                if number % 10 == AGAIN:
                    before = REQUEST.format(number=number - 1)
                    senders.create_task(self.send(str(number), REMINDER + before, sender(number - 1)))
                    self.repeated[str(number)] = str(number - 1)
                elif number % 10:
                    senders.create_task(self.send_request(number))
                else:
                    self.said.append(REQUEST.format(number=number))
                    await self.slack.say("priya", "leads", self.said[-1])
                await asyncio.sleep(1 / per_second)
        return number

    async def send_request(self, number: int) -> None:
        """A usual one."""
        await self.send(str(number), REQUEST.format(number=number), sender(number))

    async def claim_cards(self, enough: asyncio.Event, dice: random.Random) -> None:
        """People claim card after card; who was told that a click failed clicks again."""
        while not enough.is_set():
            await asyncio.sleep(0.1)
            # Of two that are one request either may become the line of a thread while it is clicked.
            alone = [card for card in self.cards() if not IN_PAIRS.search(text_of(card))]
            open_cards = [card for card in alone if key_of(card) not in self.claimed]
            if not open_cards or not self.slack.delivery.sockets:
                continue
            card = dice.choice(open_cards)
            user = self._claiming.setdefault(key_of(card), dice.choice(PEOPLE))
            try:
                done = (await self.slack.click(user, "leads", card["ts"], "claim")).ok
            except CannotAct:  # the button is gone: an earlier click came through after all
                done = True
            if done:
                self.claimed[key_of(card)] = user

    @property
    def clicked(self) -> set[str]:
        """The keys of the cards that somebody tried to claim."""
        return set(self._claiming)

    async def until_crm_is_called(self) -> None:
        """Return at the next call of Airtable's API."""
        before = len(self.airtable.requests)
        await self.slack.until(lambda _: len(self.airtable.requests) > before, timeout=60)

    def cards(self) -> list[dict[str, Any]]:
        """The bot's own messages in the channel."""
        return [message for message in self.slack.messages("leads") if "bot_id" in message]

    async def send(self, key: str, text: str, contact: dict[str, str]) -> None:
        """One lead, sent again until it gets its 202, as a real sender does."""
        lead = {"message": text, **contact}
        headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
        while key not in self.acknowledged:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                url = f"{self.bot.url}/api/v1/intake"
                async with self._session.post(url, json=lead, headers=headers) as answer:
                    if answer.status == 202:
                        self.acknowledged[key] = (await answer.json())["data"]["lead_id"]
                        return
            await asyncio.sleep(TRY_AGAIN)


def sender(number: int) -> dict[str, str]:
    """The contact of a person of whom there is no other: names that are not alike."""
    dice = random.Random(number)  # noqa: S311 - the same names each time
    given, family = ("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(2))
    return {"name": f"{given} {family}", "email": f"{family}@example.com"}


def key_of(card: dict[str, Any]) -> str:
    """The card's key, ``card:<lead id>``."""
    return str(card["metadata"]["event_payload"]["key"])


@asynccontextmanager
async def world(folder: Path, database_url: str, **settings: str) -> AsyncIterator[World]:
    """A Slack and an Airtable of their own, and a bot, not started yet, that knows them.

    settings: of the bot's environment, beside those that it needs for that.
    """
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(running_slack(timing=REDELIVERED))
        airtable = await stack.enter_async_context(running_airtable(rate=None))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        )
        environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "SLACK_DESK_CHANNEL": slack.desk_channel,
            "AIRTABLE_API_KEY": airtable.api_key,
            "AIRTABLE_BASE_ID": airtable.base_id,
            "AIRTABLE_TABLE_NAME": airtable.table_name,
            "AIRTABLE_ENDPOINT_URL": airtable.endpoint_url,
            "CRM": "airtable",
            "OLLAMA_MODEL": "",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "HTTP_PORT": str(free_port()),
            "API_KEYS": API_KEY,
            "DESKS_DIR": str(calm_desk(folder, slack.desk_channel)),
            "SLACK_PACE": "1000",
            "LOG_LEVEL": "WARNING",
            **settings,
        }
        bot = BotProcess(environment, folder / "stderr.txt", session)
        stack.push_async_callback(bot.kill)
        yield World(slack, airtable, bot, session)


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
