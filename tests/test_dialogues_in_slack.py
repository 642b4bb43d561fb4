"""The scripted dialogues through the product and the sandbox, with and without a model and its faults."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.sandbox.ollama import OllamaStandIn
from bot.sandbox.ollama import running as running_ollama
from bot.sandbox.slack.server import SlackSandbox
from core.conversation import Phase, Say
from core.ports import Embedder
from core.store.tables import talk_turns
from tests.dialogues import Dialogue, dialogues, faults
from tests.product import Product, product, text_of

ALL = dialogues()
BUSINESSES = sorted({dialogue.business for dialogue in ALL})

AT_ONCE = 6
"""Dialogues that go on at the same time, each with a writer of its own."""

PATIENCE = 15.0

OTHER = {
    "message": "Zebediah wants his 1967 Impala painted, not cheaply",
    "name": "Zebediah Quackenbush",
    "email": "zeb@quackenbush.example",
    "phone": "212 555 0199",
}
"""The lead of another customer of the desk."""

NEVER = (
    "zebediah",
    "quackenbush",
    "impala",
    "555",
    "@",
    "l-10",
    "quality",
    "score",
    "claimed",
    "seen before",
)
"""What no message to anybody outside the desk may hold: anybody's data, and the desk's own words."""


def as_somebody_else(dialogue: Dialogue, number: int) -> Dialogue:
    """The same dialogue with a phone and an address of its own, so that no two writers are one person."""

    def own(text: str) -> str:
        for digits in ("2671", "2672", "2673"):
            text = text.replace(f"555 {digits}", f"{220 + number} {digits}")
        return text.replace("@", f"{number}@")

    keeps = {name: own(value) for name, value in dialogue.keeps.items()}
    written = tuple(map(own, dialogue.turns))
    return replace(dialogue, first=own(dialogue.first), turns=written, keeps=keeps)


class Stage:
    """Where one dialogue is played: a thread in #front-desk, which is watched and no desk's own."""

    def __init__(self, bot: Product, writer: str) -> None:
        self._bot = bot
        self._store = bot.app.store.conversations
        self._writer = writer
        self._ts = ""
        self._written = 0
        self._nudged = False
        self.said: list[tuple[int, Say]] = []

    @property
    def _place(self) -> str:
        return f"{self._bot.slack.channel('front-desk')}:{self._ts}"

    async def play(self, dialogue: Dialogue) -> list[str]:
        """What is wrong with what came of it."""
        self._ts = await self._bot.slack.say(self._writer, "front-desk", dialogue.first)
        try:
            return await self._played(dialogue)
        except TimeoutError:
            return [f"{dialogue.name}: hangs"]

    async def _played(self, dialogue: Dialogue) -> list[str]:
        await self._settle(0)
        for number, written in enumerate(dialogue.turns, start=1):
            await self._act(written)
            await self._settle(number)
        found = await self._store.at(self._place)
        assert found is not None
        assert found.state is not None
        lead = await self._bot.app.store.leads.standing_for(found.lead_id)
        return [f"{dialogue.name}: {each}" for each in faults(dialogue, lead, found.state, self.said)]

    async def _act(self, written: str) -> None:
        who, _, words = written.partition(": ")
        self._nudged = written == "!silence"
        if written == "!silence":
            found = await self._store.at(self._place)
            if found is not None and found.nudge_at is not None:
                await self._bot.app.engine.nudge(found)
        elif written == "!resume":
            await self._call_back()
        elif written != "!restart":  # what a restart does is another test's
            person = {"team": "dana", "other": "otto"}.get(who)
            text = written if person is None else words
            await self._bot.slack.say(person or self._writer, "front-desk", text, thread_ts=self._ts)
            self._written += 1

    async def _call_back(self) -> None:
        found = await self._store.at(self._place)
        assert found is not None
        card = await self._bot.card_with(found.lead_id, "")

        def buttons() -> list[dict[str, Any]]:
            lines = self._bot.slack.thread("leads", card["ts"])
            return [line for line in lines if "ask_on" in text_of(line)]

        await self._bot.slack.until(lambda _: bool(buttons()), timeout=PATIENCE)
        assert (await self._bot.slack.click("dana", "leads", buttons()[-1]["ts"], "ask_on")).ok
        async with asyncio.timeout(PATIENCE):
            while await self._is_paused():  # noqa: ASYNC110 - the store tells nobody of its changes
                await asyncio.sleep(0.03)

    async def _is_paused(self) -> bool:
        found = await self._store.at(self._place)
        return found is not None and found.state is not None and found.state.phase == Phase.PAUSED

    async def _settle(self, number: int) -> None:
        """Return when all that was written is heard, and what is to be said to it is said."""
        query = select(talk_turns).where(talk_turns.c.place == self._place).order_by(talk_turns.c.seq)
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self._store.at(self._place)  # before the lines, or one may come in between
                rows = await self._bot.app.store.database.read(
                    lambda connection: connection.execute(query).mappings().all()
                )
                begun = found is not None and found.state is not None and found.state.opened
                heard = sum(row["said"] is None and row["part"] is not None for row in rows)
                ours = [row for row in rows if row["said"] is not None]
                waits = self._nudged and found is not None and found.nudge_at is not None
                if begun and heard == self._written and all(row["text"] for row in ours) and not waits:
                    break
                await asyncio.sleep(0.03)
        new = ours[len(self.said) :]
        self.said += [(number, Say.model_validate(row["said"])) for row in new]


async def played(bot: Product, business: str) -> list[str]:
    """All dialogues of a business, some at a time; what is wrong with them."""
    await bot.slack.hire("otto", "front-desk")
    await bot.send(**OTHER)
    turns_ = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, dialogue: Dialogue) -> list[str]:
        async with turns_:
            writer = await bot.slack.hire(f"writer{number}", "front-desk")
            return await Stage(bot, writer).play(as_somebody_else(dialogue, number))

    ours = [dialogue for dialogue in ALL if dialogue.business == business]
    results = await asyncio.gather(*(one(number, each) for number, each in enumerate(ours)))
    return [wrong for result in results for wrong in result]


def leaks(slack: SlackSandbox) -> list[str]:
    """What the bot said outside the desk that it may not say there."""
    roots = slack.messages("front-desk")
    lines = [line for root in roots for line in slack.thread("front-desk", root["ts"]) if "bot_id" in line]
    texts = [text_of([line["text"], line.get("blocks", [])]).lower() for line in lines]
    assert texts
    return [f"{word}: {text}" for text in texts for word in NEVER if word in text]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("business", BUSINESSES)
async def test_the_dialogues_come_out_right_by_rules_and_nothing_leaks(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, business: str
) -> None:
    watched: dict[str, Any] = {"business_type": business, "slack_watch_channels": ("#leads", "#front-desk")}
    async with product(slack, tmp_path, embedder, **watched) as bot:
        assert await played(bot, business) == []
        assert leaks(slack) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("business", BUSINESSES)
async def test_a_model_that_fails_in_every_way_changes_nothing_of_that(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, business: str
) -> None:
    async with AsyncExitStack() as stack:
        ollama = await stack.enter_async_context(running_ollama())
        misbehave(ollama)
        watched: dict[str, Any] = {
            "business_type": business,
            "slack_watch_channels": ("#leads", "#front-desk"),
        }
        model: dict[str, Any] = {
            "ollama_host": ollama.url,
            "ollama_model": ollama.model,
            "ollama_timeout": 5.0,
        }
        bot = await stack.enter_async_context(product(slack, tmp_path, embedder, **watched, **model))
        assert await played(bot, business) == []
        assert leaks(slack) == []
        assert ollama.history


def misbehave(ollama: OllamaStandIn) -> None:
    """Of six answers one is late, one cut off, one prose, one in wrong words, one invented, one right."""
    for _ in range(60):
        ollama.slow(0.2)
        ollama.cut()
        ollama.prose()
        ollama.wrong_words()
        ollama.invent_quotes()
        ollama.slow(0.0)
