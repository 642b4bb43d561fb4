"""The ladder through the real wiring: alarms that ring, a restart between them, people who act meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.actions import Action, ActionName
from core.errors import Unavailable
from core.lead import SYSTEM, DeskStatus, Event, Urgency, utcnow
from core.noise.notices import Notice
from core.ports import Embedder
from core.sla import Clock, State
from core.sla.alarm import Alarm
from core.sla.ringing import sla_pipeline
from core.sla.timing import LATE
from core.store.clocks import Turn
from tests.databases import KINDS, fresh_database
from tests.product import Product, product, text_of

T = TypeVar("T")

Start = Callable[..., AbstractAsyncContextManager[Product]]
"""The product with the times and the ladder of this YAML; the same data at each start."""


@pytest.fixture
def start(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> Start:
    """Marco is a manager, and all are told in threads."""
    folder = tmp_path / "desks"
    folder.mkdir()

    @asynccontextmanager
    async def started(sla: str, **changes: Any) -> AsyncIterator[Product]:
        (folder / "leads.yaml").write_text(f"""
channel: {slack.desk_channel}
managers: {slack.user("marco")}
reps: {{{slack.user("dana")}: {{}}}}
routing: {{otherwise: pool}}
noise: {{level: channel, urgent: channel, burst: {{leads: 10000}}}}
sla: {sla}
""")
        async with product(slack, tmp_path, embedder, desks_dir=folder, **changes) as bot:
            yield bot

    return started


def times(within: str, ladder: str) -> str:
    every = ", ".join(f"{urgency}: {within}" for urgency in ("low", "medium", "high", "urgent"))
    return f"{{within: {{{every}}}, ladder: [{ladder}]}}"


LONG = timedelta(minutes=90)
"""Three quarters of two hours: the reminder is due, and nothing else."""

LADDER = "{at: 50%, do: remind}, {at: 100%, do: escalate}, {at: 200%, do: return}"


async def given(bot: Product, message: str, user: str) -> str:
    """A lead that the system gave to this user at once."""
    lead_id = await bot.send(message)
    owner = bot.slack.user(user)
    await bot.app.store.leads.act(given_line(lead_id, "assigned"), lambda _: {"owner": owner})
    return lead_id


def given_line(lead_id: str, what: str) -> Event:
    """What the system did, for the lead's history."""
    key = f"{what}:{lead_id}"
    return Event(event_id=key, lead_id=lead_id, at=utcnow(), actor=SYSTEM, what=what, told=False)


async def history(bot: Product, lead_id: str) -> list[str]:
    return [event.what for event in await bot.app.store.events.of(lead_id)]


async def done(bot: Product, lead_id: str, what: str) -> None:
    """Return once the lead's history says so."""
    async with asyncio.timeout(20):
        while what not in await history(bot, lead_id):  # noqa: ASYNC110 - a store has no event to wait for
            await asyncio.sleep(0.05)


async def clock_of(bot: Product, lead_id: str) -> Clock:
    """The lead's clock, once it is kept: the card may be there a moment before."""
    async with asyncio.timeout(20):
        while lead_id not in (found := await bot.app.store.clocks.of([lead_id])):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)
    return found[lead_id]


async def claim(bot: Product, lead_id: str, user: str) -> None:
    await bot.app.desk.act(
        Action(key=f"{user}:{lead_id}", name=ActionName.CLAIM, lead_id=lead_id, actor=bot.slack.user(user))
    )


async def said(bot: Product, lead_id: str, *words: str) -> None:
    """Return once a line of the lead's thread has all these words."""
    card = await bot.final_card(lead_id)
    await bot.slack.until(
        lambda s: any(
            all(word in text_of(line) for word in words) for line in s.thread(s.desk_channel, card["ts"])
        ),
        timeout=10,
    )


async def said_a_minute_later(bot: Product, lead_id: str, *words: str) -> None:
    """The same, of what follows another message to the same person: it gathers for a minute."""
    card = await bot.final_card(lead_id)

    def lines() -> list[str]:
        return [text_of(line) for line in bot.slack.thread(bot.slack.desk_channel, card["ts"])]

    async with asyncio.timeout(20):
        while not any(all(word in line for word in words) for line in lines()):
            later = utcnow() + timedelta(minutes=1)
            await bot.app.store.notices.take(later, limit=100, enlist=bot.app.engine.ring)
            await asyncio.sleep(0.1)


async def test_nobody_acts_and_the_ladder_is_climbed_to_its_end(start: Start) -> None:
    async with start(times("4s", LADDER)) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await done(bot, lead_id, "returned")
        lead = await bot.lead(lead_id)
        assert (lead.owner, lead.desk_status) == (None, DeskStatus.NEW)
        steps = [
            what for what in await history(bot, lead_id) if what in {"reminded", "escalated", "returned"}
        ]
        assert steps == ["reminded", "escalated", "returned"]
        dana, marco = (f"<@{bot.slack.user(name)}>" for name in ("dana", "marco"))
        await said(bot, lead_id, marco, "Waits for too long")
        await said_a_minute_later(bot, lead_id, dana, "Went back to the pool")
        await said(bot, lead_id, "Back in the pool: dana did not act in time")
        await bot.card_with(lead_id, "Unclaimed", "overdue")
        clock = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        assert (clock.next_at, clock.owner) == (None, bot.slack.user("dana"))


async def test_a_claim_stops_the_clock_and_its_pings(start: Start) -> None:
    async with start(times("3s", LADDER)) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await bot.card_with(lead_id, "answer due")
        await claim(bot, lead_id, "dana")
        await bot.card_with(lead_id, "Claimed", "answered in")
        await asyncio.sleep(4)
        assert not {"reminded", "escalated", "returned"} & set(await history(bot, lead_id))


async def test_a_restart_in_the_middle_loses_no_step_and_repeats_none(start: Start) -> None:
    sla = times("6s", LADDER)
    async with start(sla) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await done(bot, lead_id, "reminded")
    await asyncio.sleep(5)  # the managers should have been told meanwhile
    async with start(sla) as bot:
        await done(bot, lead_id, "returned")
        steps = [
            what for what in await history(bot, lead_id) if what in {"reminded", "escalated", "returned"}
        ]
        assert steps == ["reminded", "escalated", "returned"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_claim_that_races_with_the_return_has_one_winner_and_the_loser_is_told(
    start: Start, kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        async with start(times("7s", "{at: 100%, do: return}"), database_url=url) as bot:
            await race_of_twenty(bot)


async def race_of_twenty(bot: Product) -> None:
    """Twenty leads of Dana's, which she and Marco claim at once while their time runs out."""
    lead_ids = [await given(bot, f"Could you call me about tyre {n}?", "dana") for n in range(20)]
    clocks = {lead_id: await clock_of(bot, lead_id) for lead_id in lead_ids}

    async def race(number: int, lead_id: str) -> None:
        # From half a second before the end of its time on: alarms ring up to two seconds after it.
        ahead = (clocks[lead_id].due_at - utcnow()).total_seconds() - 0.5 + number * 0.25
        await asyncio.sleep(ahead)
        first, second = ("dana", "marco") if number % 2 else ("marco", "dana")
        await asyncio.gather(claim(bot, lead_id, first), claim(bot, lead_id, second))

    await asyncio.gather(*(race(number, lead_id) for number, lead_id in enumerate(lead_ids)))
    orders = set()
    for lead_id in lead_ids:
        await done(bot, lead_id, "claimed")
        await done(bot, lead_id, "refused")
        await bot.card_with(lead_id, "Claimed", "answered")
        lines = [e for e in await bot.app.store.events.of(lead_id) if e.what in {"claimed", "returned"}]
        lead, clock = await bot.lead(lead_id), (await bot.app.store.clocks.of([lead_id]))[lead_id]
        assert [line.what for line in lines] in (["claimed"], ["returned", "claimed"])
        assert lead.owner == lines[-1].actor == clock.stopped_by
        assert clock.next_at is None
        orders.add(len(lines))
    refused = [text for user in ("dana", "marco") for text in map(text_of, bot.slack.ephemerals(user))]
    await bot.slack.until(
        lambda s: sum(len(s.ephemerals(user)) for user in ("dana", "marco")) == len(lead_ids), timeout=20
    )
    assert all("claimed" in text or "is <@" in text for text in refused)
    assert orders == {1, 2}  # each of the two won at least once


async def test_an_alarm_that_was_lost_is_found_by_the_sweep(start: Start) -> None:
    async with start(times("2h", LADDER)) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await bot.card_with(lead_id, "answer due")
        clock = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        late = clock.model_copy(update={"next_at": utcnow() - 2 * LATE})
        await bot.app.store.clocks.turn(lead_id, lambda _: Turn(late), lambda _connection, _alarm: None)
        assert [found for found, _ in await bot.app.store.clocks.late(utcnow(), limit=5)] == [lead_id]
        assert await bot.app.store.clocks.overdue(clock.due_at + LATE) == {lead_id}
        assert await bot.app.store.clocks.overdue(clock.due_at) == frozenset()
        set_anew: list[Alarm] = []
        timing = replace(
            bot.app.desk.parts.timing, set_alarm=lambda _connection, alarm: set_anew.append(alarm)
        )
        await timing.sweep(utcnow())
        assert [(alarm.lead_id, alarm.rung, alarm.again) for alarm in set_anew] == [(lead_id, 0, 2)]


async def test_an_alarm_that_rings_too_early_does_nothing(start: Start) -> None:
    async with start(times("2h", LADDER)) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await bot.card_with(lead_id, "answer due")
        clock = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        alarm = Alarm.of(lead_id, clock)
        assert alarm is not None
        assert await bot.app.desk.parts.timing.ring(alarm) == []
        assert (await bot.app.store.clocks.of([lead_id]))[lead_id] == clock


class Deaf:
    """Nobody can be told right now, and then somebody can."""

    def __init__(self) -> None:
        self.can_tell = False
        self.told: list[str] = []

    async def give(self, notice: Notice) -> None:
        """As the board, once it is there."""
        if not self.can_tell:
            raise Unavailable("Slack", "does not answer")
        self.told.append(notice.key)


async def at_once(name: str, function: Callable[..., Awaitable[T]], *args: Any) -> T:  # noqa: ARG001 - a Step
    return await function(*args)


async def test_who_could_not_be_told_is_told_later_under_the_same_key(start: Start) -> None:
    async with start(times("2h", LADDER)) as bot:
        lead_id = await given(bot, "Could you call me about tyres?", "dana")
        await bot.card_with(lead_id, "answer due")
        clock = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        due = clock.model_copy(update={"next_at": utcnow(), "started_at": clock.started_at - LONG})
        set_anew: list[Alarm] = []
        parts = bot.app.desk.parts
        deaf = Deaf()
        timing = replace(parts.timing, set_alarm=lambda _connection, alarm: set_anew.append(alarm))
        parts = replace(parts, notices=deaf, timing=timing)
        alarm = Alarm.of(lead_id, due)
        assert alarm is not None
        await bot.app.store.leads.act(
            given_line(lead_id, "aged"), lambda lead: {"received_at": lead.received_at - LONG}
        )
        await parts.show(lead_id)
        await sla_pipeline(at_once, parts, alarm.model_dump(mode="json"))
        assert "reminded" in await history(bot, lead_id)
        again = set_anew[-1]
        assert (again.step, again.again, deaf.told) == (alarm.step, 1, [])
        deaf.can_tell = True
        for _ in range(2):
            await sla_pipeline(at_once, parts, again.model_dump(mode="json"))
        assert set(deaf.told) == {f"{alarm.step}:reminded:{bot.slack.user('dana')}"}
        assert set_anew[-1] == again


async def test_a_higher_urgency_brings_the_deadline_forward(start: Start) -> None:
    async with start("{within: {low: 4h, medium: 3h, high: 2h, urgent: 1h}}") as bot:
        lead_id = await bot.send("Could you call me about tyres?")
        await bot.card_with(lead_id, "answer due")
        before = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        lead = await bot.lead(lead_id)
        assert lead.analysis is not None
        urgent = lead.analysis.model_copy(update={"urgency": Urgency.URGENT, "model_used": "another"})
        await bot.app.store.leads.understood(lead_id, analysis=urgent, final=True)
        await bot.app.desk.parts.show(lead_id)
        after = (await bot.app.store.clocks.of([lead_id]))[lead_id]
        assert after.due_at < before.due_at
        assert after.state(utcnow()) == State.RUNNING


async def test_a_repetition_that_is_told_apart_has_a_clock_from_then_on(
    start: Start,
) -> None:
    async with start(times("2h", LADDER)) as bot:
        who = {"name": "Ana Silva", "email": "ana@example.com"}
        first = await bot.send("My brakes are grinding, can I come in today?", **who)
        await bot.card_with(first, "answer due")
        again = await bot.send("My brakes are grinding, can I come in today?", **who, custom="second")
        await bot.lead_when(again, lambda lead: lead.desk_status == DeskStatus.MERGED)
        card = await bot.final_card(first)
        await said(bot, first, "Asked again")
        assert list(await bot.app.store.clocks.of([first, again])) == [first]
        assert (await bot.app.store.clocks.of([first]))[first].stopped_at is None
        line = bot.slack.thread("leads", card["ts"])[-1]
        assert (await bot.slack.click("dana", "leads", line["ts"], "unmerge")).ok
        await bot.card_with(again, "answer due")
        clock = (await bot.app.store.clocks.of([again]))[again]
        assert clock.started_at > (await bot.lead(again)).received_at
        assert (await bot.app.store.clocks.of([first]))[first].stopped_at is None


async def test_a_merge_that_was_a_mistake_leaves_both_leads_waiting_as_before(start: Start) -> None:
    async with start(times("2h", LADDER)) as bot:
        both = [await bot.send("Could you call me about tyres?"), await bot.send("My brakes are grinding")]
        for lead_id in both:
            await bot.card_with(lead_id, "answer due")
        before = await bot.app.store.clocks.of(both)
        merge = Action(
            key="m",
            name=ActionName.MERGE,
            lead_id=both[1],
            target=both[0],
            actor=bot.slack.user("dana"),
        )
        await bot.app.desk.act(merge)
        await bot.card_with(both[0], "answered in")
        await bot.lead_when(both[1], lambda lead: lead.desk_status == DeskStatus.MERGED)
        undo = merge.model_copy(update={"key": "u", "name": ActionName.UNMERGE, "target": None})
        await bot.app.desk.act(undo)
        for lead_id in both:
            await bot.card_with(lead_id, "answer due")
        assert await bot.app.store.clocks.of(both) == before


async def test_the_list_of_what_is_overdue_has_it_until_somebody_acts(start: Start) -> None:
    async with start(times("1s", "{at: 100%, do: escalate}")) as bot:
        lead = await bot.synced(await bot.send("My brakes are grinding"))
        await asyncio.sleep(1)
        await bot.slack.command("dana", "leads", "/lead", "list overdue")
        assert lead.number in text_of(await bot.ephemeral("dana", "wait longer"))
        await bot.slack.command("dana", "leads", "/lead", f"claim {lead.number}")
        await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)
        await asyncio.sleep(0.5)  # the clock stops after the claim
        await bot.slack.command("dana", "leads", "/lead", "list overdue")
        await bot.ephemeral("dana", "Nothing is overdue")
