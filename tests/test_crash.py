"""The process is killed, again and again, under load: what was acknowledged is done once it runs again."""

import asyncio
import contextlib
import logging
import os
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from bot.sandbox.slack.values import CannotAct, Timing
from core.lead import Event, Lead, Status
from core.store import open_store
from tests.databases import KINDS, fresh_database
from tests.product import API_KEY, Product, text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KILLS = 20
SOONEST, LATEST = 0.2, 2.5
"""Seconds from ready to the kill."""

PER_SECOND = 6.0
"""Leads sent, also while nobody is there to take them: the senders try again."""

SEED = 20_260_101

PEOPLE = ("dana", "marco", "priya")

PATIENCE = 120.0
"""Seconds for what is left over after the last kill."""

REQUEST = "Please look at the brakes of car number {number}, they are grinding badly."

log = logging.getLogger(__name__)


@dataclass
class World:
    """What the bot lives in and keeps while its process dies: Slack, Airtable, the database, the senders."""

    slack: SlackSandbox
    airtable: AirtableStandIn
    session: aiohttp.ClientSession
    environment: dict[str, str]
    log_file: Path
    bot: asyncio.subprocess.Process | None = None
    acknowledged: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    clicked: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['HTTP_PORT']}"

    async def start(self) -> None:
        """Start the process and return when it is ready."""
        with self.log_file.open("ab") as errors:
            self.bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, stderr=errors
            )
        async with asyncio.timeout(60):
            while not await self._is_ready():
                assert self.bot.returncode is None, self.log_file.read_text()
                await asyncio.sleep(0.02)

    async def _is_ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self.session.get(f"{self.url}/readyz") as response:
                return response.ok
        return False

    async def kill(self) -> None:
        """SIGKILL: no word, no cleaning up."""
        assert self.bot is not None
        self.bot.kill()
        await self.bot.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.bot is not None
        self.bot.terminate()
        return await self.bot.wait()

    async def send(self, key: str) -> None:
        """One lead, sent again until it gets its 202, as a real sender does."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
        lead = {"message": REQUEST.format(number=key), "name": "Ana Silva", "email": f"ana{key}@example.com"}
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self.session.post(
                    f"{self.url}/api/v1/intake", json=lead, headers=headers
                ) as answer:
                    if answer.status == 202:
                        self.acknowledged[key] = (await answer.json())["data"]["lead_id"]
                        return
            await asyncio.sleep(0.2)

    async def send_all(self, enough: asyncio.Event) -> None:
        """Leads at the rate, each tenth as a message in the channel; returns when every one was taken."""
        async with asyncio.TaskGroup() as senders:
            number = 0
            while not enough.is_set():
                number += 1
                if number % 10:
                    senders.create_task(self.send(str(number)))
                else:
                    self.said.append(REQUEST.format(number=number))
                    await self.slack.say("priya", "leads", self.said[-1])
                await asyncio.sleep(1 / PER_SECOND)

    async def click_all(self, enough: asyncio.Event, dice: random.Random) -> None:
        """People claim one card after the other, each card once."""
        while not enough.is_set():
            await asyncio.sleep(0.1)
            cards = [card for card in self.cards() if key_of(card) not in self.clicked | dict.fromkeys(self.unsure)]
            if not cards or not self.slack.delivery.sockets:
                continue
            card, user = dice.choice(cards), dice.choice(PEOPLE)
            with contextlib.suppress(CannotAct):
                ack = await self.slack.click(user, "leads", card["ts"], "claim")
                if ack.ok:
                    self.clicked[key_of(card)] = user
                else:
                    self.unsure.add(key_of(card))

    def cards(self) -> list[dict[str, object]]:
        return [message for message in self.slack.messages("leads") if "bot_id" in message]
