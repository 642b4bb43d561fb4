"""How soon the desk acted: the figures against a recount of the history, and where they are told."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.deskfile import DeskFile, Sla, read_desk_file
from core.desks import desks
from core.errors import InvalidSearch
from core.hours import desk_calendar
from core.lead import Draft, Event, Intent, Urgency
from core.ports import Embedder
from core.sla import Clock
from core.sla.timing import Timing
from core.stats import Share, rank, responses
from core.store import Store, open_store
from core.store.clocks import Timed
from core.store.submissions import Submission
from handlers import stats
from tests.databases import KINDS, fresh_database
from tests.lead_examples import NOW, analysis
from tests.product import Product, product, text_of
from tests.test_cli import basecamp
from tests.test_hours import minutes_open

MINUTE = timedelta(minutes=1)

FILE = read_desk_file(
    """
channel: "#leads"
time_zone: Europe/Berlin
hours: {mon-fri: [08:00-12:00, 13:00-17:30]}
sla: {within: {urgent: 15m, high: 2h, medium: 8h}}
""",
    "leads.yaml",
)

BEGIN = datetime(2026, 3, 24, tzinfo=UTC)
"""Two weeks from here on have a change of clocks in them."""


def timed(
    minutes: int | None, *, hour: int = 9, owner: str | None = "U0ANA", source: str = "web_form"
) -> Timed:
    """A lead with 15 minutes, on which somebody acted after so many; None: nobody did."""
    began = datetime(2026, 11, 12, hour, tzinfo=UTC)
    clock = Clock(started_at=began, due_at=began + 15 * MINUTE, owner=owner)
    if minutes is not None:
        took = minutes * MINUTE
        clock = clock.model_copy(update={"stopped_at": began + took, "stopped_by": "U0BEN", "took": took})
    return Timed(lead_id=f"{minutes}{hour}{owner}{source}", desk="#leads", source=source, clock=clock)


def zone(_desk: str) -> ZoneInfo:
    return ZoneInfo("Europe/Berlin")


def test_what_is_in_time_too_late_overdue_and_still_running_is_told_apart() -> None:
    now = datetime(2026, 11, 12, 13, 10, tzinfo=UTC)
    found = responses([timed(3), timed(15), timed(40), timed(None), timed(None, hour=13)], zone, now)
    assert (found.met, found.missed, found.overdue, found.running) == (2, 1, 1, 1)
    assert found.share_met == 0.5
    assert (found.median, found.p90) == (15 * MINUTE, 40 * MINUTE)


def test_breaches_are_counted_by_owner_hour_and_source_the_worst_first() -> None:
    leads = [timed(3), timed(40, hour=22), timed(None, owner=None, source="email"), timed(50, owner="U0BEN")]
    found = responses([*leads, timed(60, owner="U0BEN", source="email")], zone, NOW + timedelta(days=1))
    assert list(found.by_owner.items()) == [
        ("U0BEN", Share(breaches=2, leads=2)),
        ("U0ANA", Share(breaches=1, leads=2)),
        (None, Share(breaches=1, leads=1)),
    ]
    assert found.by_hour == {10: Share(breaches=3, leads=4), 23: Share(breaches=1, leads=1)}
    assert found.by_source["email"] == Share(breaches=2, leads=2)


def test_without_leads_there_are_no_figures() -> None:
    found = responses([], zone, NOW)
    assert (found.share_met, found.median, found.p90) == (None, None, None)


@pytest.mark.parametrize(("share", "minutes"), [(0.5, 5), (0.9, 9), (1.0, 10)])
def test_a_rank_is_the_nearest(share: float, minutes: int) -> None:
    assert rank([each * MINUTE for each in range(1, 11)], share) == minutes * MINUTE


@pytest.mark.parametrize(
    ("typed", "days"), [("", 30), ("7d", 7), ("2w", 14), ("since:7d", 7), ("since:2026-11-02", 10)]
)
def test_the_time_is_read_as_people_type_it(typed: str, days: int) -> None:
    now = datetime(2026, 11, 12, tzinfo=UTC)
    assert stats.since(typed, now) == now - timedelta(days=days)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSearch):
        stats.since("soon", NOW)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await open_store(database_url)
    yield store
    await store.close()


ACTS = ["claimed", "noted", "snoozed", "reassigned", "merged_in"]
LINES = ["contact_read", "refused", "moved", "unmerged", "unmerged", *ACTS]
OTHERS = ["L-1", "L-2"]
"""With whom leads are merged."""
ACTORS = ["system", "api", "api:crm", "U0ANA", "U0BEN", "U0ANA"]


async def some_leads(store: Store, timing: Timing, chance: Random, count: int) -> None:
    """Leads of two weeks, each with a history of its own; some clocks are kept at each line of it."""
    for number in range(count):
        received = BEGIN + chance.randrange(14 * 24 * 60) * MINUTE
        submission = Submission(
            source="web_form",
            event_key=str(number),
            fingerprint="f",
            content_type="text/plain",
            body=b"x",
            received_at=received,
        )
        draft = Draft(
            message="Brakes squeal", source=chance.choice(["web_form", "email"]), received_at=received
        )
        accepted = await store.submissions.accept(
            submission, draft, desk="#leads", business_type="general", actor="U0ANA", enlist=lambda *_: None
        )
        read = analysis(
            urgency=chance.choice(list(Urgency)),
            intent=chance.choice([Intent.INQUIRY, Intent.INQUIRY, Intent.SPAM]),
        )
        await store.leads.understood(accepted.lead_id, analysis=read, final=True)
        at, is_kept = received, chance.random() < 0.5
        merged: list[str] = []
        for step in range(chance.randrange(7)):
            at += chance.randrange(1, 400) * MINUTE
            what, actor = chance.choice(LINES), chance.choice(ACTORS)
            line = {"event_id": f"{number}:{step}", "lead_id": accepted.lead_id, "at": at, "told": True}
            why = None
            if what == "merged_in":
                why = chance.choice(OTHERS)
                merged.append(why)
            elif what == "unmerged":
                if not merged:
                    continue
                why = merged.pop()
            await store.leads.note(Event(**line, what=what, actor=actor, why=why))
            if is_kept:
                await timing.keep(accepted.lead_id)


async def recount(store: Store, file: DeskFile, sla: Sla, now: datetime) -> tuple[int, int]:
    """Leads met and leads decided, from the leads and their histories alone, minute by minute."""
    met = decided = 0
    calendar = desk_calendar(file)
    async for batch in store.leads.every():
        for lead in batch:
            assert lead.analysis is not None
            within = sla.within.get(lead.analysis.urgency)
            if within is None or lead.analysis.intent == Intent.SPAM:
                continue
            acts, merged = list[datetime](), list[datetime | None]()
            for line in await store.events.of(lead.lead_id):
                is_persons = line.actor.startswith("U0")
                if line.what == "merged_in":
                    merged.append(line.at if is_persons else None)
                elif line.what == "unmerged":
                    merged.pop()
                elif is_persons and line.what in ACTS:
                    acts.append(line.at)
            acts += filter(None, merged)
            until = min(acts, default=now)
            in_time = minutes_open(calendar, lead.received_at, until) <= within
            met += bool(acts) and in_time
            decided += bool(acts) or not in_time
    return met, decided


async def no_leaders(_desk: str) -> Sequence[str]:
    return ()


async def test_the_share_met_is_what_a_recount_of_all_histories_gives(store: Store) -> None:
    timing = Timing(
        store=store,
        desks=desks([FILE], "#leads", time_zone="UTC", business_type="general"),
        set_alarm=lambda _connection, _alarm: None,
        leaders=no_leaders,
    )
    await some_leads(store, timing, Random(7), 150)  # noqa: S311 - no secret
    async for batch in store.leads.every():
        for lead in batch:
            await timing.keep(lead.lead_id)
    now = BEGIN + timedelta(days=14)
    found = responses(await store.clocks.started(BEGIN, now), lambda _: FILE.zone, now)
    assert FILE.sla is not None
    assert (found.met, found.decided) == await recount(store, FILE, FILE.sla, now)
    assert 0 < found.met < found.decided
    assert sum(share.leads for share in found.by_hour.values()) == found.decided
    assert await store.clocks.started(BEGIN, now, desks=["#elsewhere"]) == []


async def test_lead_stats_and_the_command_line_say_the_same(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "leads.yaml").write_text(
        f"channel: {slack.desk_channel}\nrouting: {{otherwise: pool}}\n"
        "sla: {within: {low: 1h, medium: 1h, high: 1h, urgent: 1h}}\n"
    )
    async with product(slack, tmp_path, embedder, desks_dir=folder) as bot:
        lead_id = await bot.send("Could you call me about tyres?")
        card = await bot.card_with(lead_id, "answer due")
        await bot.slack.click("dana", "leads", card["ts"], "claim")
        await bot.card_with(lead_id, "answered in")
        assert "100 % acted upon in time (1 of 1)" in await asked(bot, "stats 7d")
        assert "is a day like" in await asked(bot, "stats soonish")
    ended = basecamp(
        "stats",
        "sla",
        DATA_DIR=str(tmp_path),
        DESKS_DIR=str(folder),
        SLACK_DESK_CHANNEL=slack.desk_channel,
    )
    assert "100 % acted upon in time (1 of 1)" in ended.stdout
    assert "nobody" in ended.stdout


async def asked(bot: Product, text: str) -> str:
    before = len(bot.slack.ephemerals("dana"))
    assert (await bot.slack.command("dana", "leads", "/lead", text)).ok
    await bot.slack.until(lambda s: len(s.ephemerals("dana")) > before, timeout=10)
    return text_of(bot.slack.ephemerals("dana")[-1])


def test_the_answer_names_who_was_too_late_without_a_line_for_what_went_well() -> None:
    found = responses([timed(3), timed(40, owner=None)], zone, NOW + timedelta(days=1))
    said = stats.told(found, NOW).text
    assert "*Too late, by owner*  nobody 1 of 1" in said
    assert "U0ANA" not in said
    assert "10-11 h 1 of 2" in said


def test_where_no_clock_runs_the_answer_says_why() -> None:
    assert "`sla`" in stats.told(responses([], zone, NOW), NOW).text
