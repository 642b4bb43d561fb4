"""Clocks in the store: each step is taken once whoever rings, and alarms are set when something is new."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core.deskfile import read_desk_file
from core.desks import desks
from core.lead import Draft, Event, Urgency, utcnow
from core.sla.alarm import Alarm
from core.sla.timing import Timing
from core.store import Store, open_store
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database
from tests.lead_examples import analysis

MINUTE = timedelta(minutes=1)

FILE = read_desk_file(
    "channel: '#leads'\nmanagers: [U0MIA]\nsla: {within: {urgent: 10m, high: 1h}}", "leads.yaml"
)


class Bench:
    """The clocks of a store without an engine: alarms are only written down."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alarms: list[Alarm] = []
        self.timing = Timing(
            store=store,
            desks=desks([FILE], "#leads", time_zone="UTC", business_type="general"),
            set_alarm=lambda _connection, alarm: self.alarms.append(alarm),
            leaders=self._leaders,
        )

    async def lead(self, *, minutes_ago: float, urgency: Urgency = Urgency.URGENT) -> str:
        """The id of a lead that came so long ago, with its clock."""
        received = utcnow() - minutes_ago * MINUTE
        submission = Submission(
            source="web_form",
            event_key=str(received),
            fingerprint="f",
            content_type="text/plain",
            body=b"x",
            received_at=received,
        )
        draft = Draft(message="Brakes squeal", source="web_form", received_at=received)
        made = await self.store.submissions.accept(
            submission, draft, desk="#leads", business_type="general", actor="U0ANA", enlist=lambda *_: None
        )
        await self.read(made.lead_id, urgency)
        return made.lead_id

    async def read(self, lead_id: str, urgency: Urgency) -> None:
        """The lead is read (anew), and its clock kept."""
        read = analysis(urgency=urgency, model_used=urgency.value)
        await self.store.leads.understood(lead_id, analysis=read, final=True)
        await self.timing.keep(lead_id)

    async def keep(self, *lead_ids: str) -> None:
        """As their cards are shown."""
        for lead_id in lead_ids:
            await self.timing.keep(lead_id)

    async def did(self, lead_id: str) -> list[str]:
        """What the history says beside the receipt."""
        return [line.what for line in await self.store.events.of(lead_id) if line.what != "received"]

    async def _leaders(self, _desk: str) -> Sequence[str]:
        return FILE.managers


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    store = await open_store(database_url)
    yield Bench(store)
    await store.close()


async def test_ten_alarms_at_once_take_the_step_once(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=6)
    alarm = bench.alarms[-1]
    await asyncio.gather(*(bench.timing.ring(alarm) for _ in range(10)))
    assert await bench.did(lead_id) == ["reminded"]
    assert [each.rung for each in bench.alarms] == [0, 1]


async def test_an_alarm_that_rang_before_a_crash_says_again_what_it_did(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=11)
    assert await bench.timing.ring(bench.alarms[0]) == ["escalated"]
    told = await bench.timing.told(bench.alarms[0])
    assert await bench.timing.ring(bench.alarms[0]) == ["escalated"]
    assert [(notice.to, notice.key) for notice in await bench.timing.told(bench.alarms[0])] == [
        (notice.to, notice.key) for notice in told
    ]
    assert [notice.to for notice in told] == ["U0MIA"]
    assert await bench.did(lead_id) == ["escalated"]


async def test_a_clock_that_is_kept_twice_has_one_alarm(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=1)
    await bench.timing.keep(lead_id)
    assert len(bench.alarms) == 1


async def test_another_urgency_sets_the_alarm_anew(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=1, urgency=Urgency.HIGH)
    await bench.read(lead_id, Urgency.URGENT)
    first, second = bench.alarms
    assert second.at == first.at - 25 * MINUTE
    assert first.key != second.key
    assert await bench.timing.ring(first) == []


async def test_where_the_urgency_needs_no_clock_any_more_it_is_gone(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=1)
    await bench.read(lead_id, Urgency.LOW)
    assert await bench.store.clocks.of([lead_id]) == {}
    assert await bench.timing.ring(bench.alarms[0]) == []


async def test_after_an_act_an_alarm_does_nothing_and_the_clock_stands(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=30)
    line = Event(event_id="n", lead_id=lead_id, at=utcnow(), actor="U0ANA", what="noted", told=True)
    await bench.store.leads.note(line)
    assert await bench.timing.ring(bench.alarms[0]) == []
    clock = (await bench.store.clocks.of([lead_id]))[lead_id]
    assert (clock.stopped_by, clock.next_at, await bench.did(lead_id)) == ("U0ANA", None, ["noted"])


async def merged_and_undone(bench: Bench, kept: str, gone: str, *, by: str) -> None:
    """Each time with the clocks brought to what the histories say, as the cards are."""
    merges, number = bench.store.merges, len(await bench.did(kept))
    await merges.merge(f"merge-{number}", gone, into=kept, actor=by)
    await bench.keep(kept, gone)
    await merges.undo(f"undo-{number}", gone, actor=by)
    await bench.keep(kept, gone)


@pytest.mark.parametrize("by", ["U0ANA", "api"])
async def test_after_a_merge_and_its_undo_both_clocks_run_on_from_their_own_receipt(
    bench: Bench, by: str
) -> None:
    both = [await bench.lead(minutes_ago=3), await bench.lead(minutes_ago=6)]
    before = await bench.store.clocks.of(both)
    await merged_and_undone(bench, *both, by=by)
    assert await bench.store.clocks.of(both) == before


async def test_a_clock_that_runs_on_has_an_alarm_of_its_own_each_time(bench: Bench) -> None:
    both = [await bench.lead(minutes_ago=3), await bench.lead(minutes_ago=6)]
    for _ in range(2):
        await merged_and_undone(bench, *both, by="U0ANA")
    assert len(bench.alarms) == len({alarm.key for alarm in bench.alarms}) == 6
    for lead_id in both:
        last = [alarm for alarm in bench.alarms if alarm.lead_id == lead_id][-1]
        await bench.timing.ring(last)
    assert "reminded" in await bench.did(both[1])
    assert "reminded" not in await bench.did(both[0])


async def test_no_step_is_taken_again_after_a_merge_by_a_program_and_its_undo(bench: Bench) -> None:
    both = [await bench.lead(minutes_ago=6), await bench.lead(minutes_ago=6)]
    for alarm in tuple(bench.alarms):
        await bench.timing.ring(alarm)
    before = await bench.store.clocks.of(both)
    await merged_and_undone(bench, *both, by="api")
    assert await bench.store.clocks.of(both) == before
    for alarm in tuple(bench.alarms):
        await bench.timing.ring(alarm)
    for lead_id in both:
        assert (await bench.did(lead_id)).count("reminded") == 1


async def test_a_lead_that_somebody_acted_on_stays_answered_after_an_undo(bench: Bench) -> None:
    both = [await bench.lead(minutes_ago=3), await bench.lead(minutes_ago=6)]
    line = Event(event_id="n", lead_id=both[0], at=utcnow(), actor="U0BEN", what="noted", told=True)
    await bench.store.leads.note(line)
    await bench.keep(both[0])
    await merged_and_undone(bench, *both, by="U0ANA")
    found = await bench.store.clocks.of(both)
    assert [found[lead_id].stopped_by for lead_id in both] == ["U0BEN", None]


async def test_the_sweep_finds_what_should_have_rung_and_asks_once_a_minute(bench: Bench) -> None:
    lead_id = await bench.lead(minutes_ago=6)
    await bench.lead(minutes_ago=1)
    for _ in range(2):
        await bench.timing.sweep(utcnow())
    found = bench.alarms[2:]
    assert [each.lead_id for each in found] == [lead_id, lead_id]
    assert len({each.key for each in found}) == 1
    assert found[0].key not in {each.key for each in bench.alarms[:2]}
