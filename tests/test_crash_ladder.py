"""The process is killed between the steps of the ladder and while somebody is told of them."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot.sandbox.slack.values import CannotAct
from core.lead import DeskStatus, Event, Lead
from core.sla import ESCALATED, REMINDED, RETURNED, Clock
from core.store import open_store
from tests.bot_process import World, key_of, sender, world
from tests.databases import KINDS, fresh_database
from tests.product import text_of

LADDER = "[{at: 50%, do: remind}, {at: 100%, do: escalate}, {at: 200%, do: return}]"

SAID = {REMINDED: "Waits for you", ESCALATED: "Waits for too long", RETURNED: "Went back to the pool"}
"""How the people whom it concerns are told of a step."""

IN_THREAD = "Back in the pool: dana did not act in time"

LEADS = 4
APART = 0.3
"""Seconds between them, so that a kill finds each at another place of the ladder."""


def write_desk(around: World, folder: Path, sla: str) -> None:
    """Leads are Dana's, Marco is told what waits; nothing is gathered of what is urgent."""
    dana, marco = (around.slack.user(name) for name in ("dana", "marco"))
    (folder / "desks" / "calm.yaml").write_text(f"""
channel: {around.slack.desk_channel}
managers: {marco}
reps: {{{dana}: {{}}}}
noise: {{level: channel, urgent: channel, burst: {{leads: 10000}}}}
sla: {sla}
""")


def times(within: str, ladder: str) -> str:
    every = ", ".join(f"{urgency}: {within}" for urgency in ("low", "medium", "high", "urgent"))
    return f"{{within: {{{every}}}, ladder: {ladder}}}"


async def send(around: World, count: int) -> None:
    """Urgent leads of people who have nothing to do with each other, one after the other."""
    for number in range(count):
        text = f"Emergency: my brakes failed on the motorway, car {uuid4()}. I need help right now, urgent!"
        await around.send(f"lead-{number}", text, sender(number))
        await asyncio.sleep(APART)


async def outcome(url: str) -> list[tuple[Lead, list[Event], Clock]]:
    """Each lead with its history and its clock."""
    store = await open_store(url)
    leads = [lead async for batch in store.leads.every() for lead in batch]
    clocks = await store.clocks.of([lead.lead_id for lead in leads])
    found = [(lead, await store.events.of(lead.lead_id), clocks[lead.lead_id]) for lead in leads]
    await store.close()
    return found


def cards(around: World) -> list[dict[str, Any]]:
    """The leads' cards; what comes up again in the channel is a line of a thread."""
    return [message for message in around.cards() if key_of(message).startswith("card:")]


def lines(around: World) -> list[str]:
    """All that stands in the threads of the cards."""
    return [text_of(line) for card in cards(around) for line in around.slack.thread("leads", card["ts"])]


async def said(around: World, words: str, *, times: int) -> None:
    """Return once people were told this so many times."""
    await around.slack.until(lambda _: "\n".join(lines(around)).count(words) >= times, timeout=60)


def told(around: World, number: str, words: str) -> int:
    """How often somebody was told this of the lead; one message may tell it of several."""
    return len(re.findall(rf"{number}>?: {words}", "\n".join(lines(around))))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_killed_on_each_step_of_the_ladder_takes_and_tells_each_once(
    kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        async with world(tmp_path, url) as around:
            write_desk(around, tmp_path, times("8s", LADDER))
            await around.bot.start()
            await send(around, LEADS)
            for words in SAID.values():
                await said(around, words, times=1)
                await around.bot.kill()  # Slack has it, and nobody knows that it has
                await around.bot.start()
            await said(around, SAID[ESCALATED], times=LEADS)
            await said(around, SAID[RETURNED], times=LEADS)
            await around.bot.until_done(60)
            assert await around.bot.stop() == 0
            found = await outcome(url)
            assert len(found) == len(cards(around)) == LEADS
            for lead, history, clock in found:
                steps = [event.what for event in history if event.what in SAID]
                # whoever has to be reminded and escalated at once, after a stop, is not reminded
                assert steps in ([REMINDED, ESCALATED, RETURNED], [ESCALATED, RETURNED])
                assert {step: told(around, lead.number, words) for step, words in SAID.items()} == {
                    step: steps.count(step) for step in SAID
                }
                assert (lead.owner, lead.desk_status) == (None, DeskStatus.NEW)
                assert (clock.next_at, clock.owner) == (None, around.slack.user("dana"))
            assert sum(IN_THREAD in line for line in lines(around)) == LEADS
            assert any(REMINDED in {event.what for event in history} for _, history, _ in found)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_claim_that_races_with_the_return_over_a_kill_has_one_winner(
    kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        async with world(tmp_path, url) as around:
            write_desk(around, tmp_path, times("5s", "[{at: 100%, do: return}]"))
            await around.bot.start()
            await send(around, LEADS)
            await around.slack.until(lambda _: len(cards(around)) == LEADS, timeout=30)
            await around.bot.kill()
            await asyncio.sleep(2)  # time runs out while nobody is there
            await around.bot.start()
            await around.slack.until(lambda s: bool(s.delivery.sockets), timeout=30)
            clicks = [(key_of(card), user) for card in cards(around) for user in ("dana", "marco")]
            done = await asyncio.gather(*(claim(around, key, user) for key, user in clicks))
            await around.bot.kill()
            await around.bot.start()
            await around.bot.until_done(60)
            assert await around.bot.stop() == 0
            clicked = Counter(key for (key, _), is_done in zip(clicks, done, strict=True) if is_done)
            for lead, history, clock in await outcome(url):
                lines_of = [event for event in history if event.what in {"claimed", RETURNED}]
                assert [line.what for line in lines_of] in (["claimed"], [RETURNED, "claimed"], [RETURNED])
                assert (lines_of[-1].what == "claimed") or not clicked[f"card:{lead.lead_id}"]
                assert lead.owner == (lines_of[-1].actor if lines_of[-1].what == "claimed" else None)
                assert (clock.stopped_by, clock.next_at) == (lead.owner, None)
                assert told(around, lead.number, SAID[RETURNED]) <= 1
            assert sum(clicked.values()) > 0


async def claim(around: World, key: str, user: str) -> bool:
    """Whether the click was acknowledged: then it counts, whatever comes."""
    [card] = [card for card in cards(around) if key_of(card) == key]
    try:
        return (await around.slack.click(user, "leads", card["ts"], "claim")).ok
    except CannotAct:  # claimed by the other, and shown so, before this click
        return False
