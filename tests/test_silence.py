"""A writer who fell silent is nudged once, by day and while the desk is open."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.server import SlackSandbox
from core.conversation.silence import nudged_at, speaks_at
from core.deskfile import BadDeskFile, DeskFile, read_desk_file
from core.hours import desk_calendar
from core.lead import utcnow
from core.ports import Embedder
from tests.product import eventually, product

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = "hours: {mon-fri: 09:00-17:00}\nholidays: {country: DE}"


def desk(more: str = "") -> DeskFile:
    return read_desk_file(f"channel: '#leads'\ntime_zone: Europe/Berlin\n{more}", "test.yaml")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("more", "since", "expected"),
    [
        ("", "2026-11-25T10:00", "2026-11-25T14:00"),
        ("", "2026-11-25T18:00", "2026-11-26T08:00"),
        ("", "2026-11-25T01:00", "2026-11-25T08:00"),
        (OFFICE, "2026-11-27T12:00", "2026-11-27T16:00"),
        (OFFICE, "2026-11-27T14:00", "2026-11-30T09:00"),
        (OFFICE, "2026-12-24T15:00", "2026-12-28T09:00"),
        ("intake: {nudge: 1h, awake: 10:00-12:00}", "2026-11-25T11:30", "2026-11-26T10:00"),
    ],
)
def test_a_nudge_waits_for_the_day_and_for_the_desk(more: str, since: str, expected: str) -> None:
    assert nudged_at(desk(more), berlin(since)) == berlin(expected)


def test_a_desk_that_works_at_night_only_nudges_nobody() -> None:
    assert nudged_at(desk("hours: {mon-sun: 00:00-05:00}"), berlin("2026-11-25T04:00")) is None


def test_nobody_is_reminded_after_weeks() -> None:
    away = desk("holidays: {closed: [" + ", ".join(f"2026-12-{day:02}" for day in range(1, 25)) + "]}")
    assert nudged_at(away, berlin("2026-11-30T18:00")) is None


def test_awake_hours_end_on_the_day_they_begin() -> None:
    with pytest.raises(BadDeskFile, match="awake"):
        desk("intake: {awake: 20:00-08:00}")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(BERLIN)))  # noqa: DTZ001 - the zone is beside it
def test_whenever_it_is_said_the_desk_is_open_and_it_is_day(at: datetime) -> None:
    office = desk(OFFICE)
    said = speaks_at(office, at)
    assert said is not None
    assert said >= at.astimezone(UTC)
    assert desk_calendar(office).is_open(said)
    assert time(8) <= said.astimezone(BERLIN).time() < time(20)


async def test_a_nudge_that_is_due_at_night_is_said_in_the_morning(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    now = utcnow()
    begins = now + timedelta(hours=2 if now.hour < 21 else -12)  # a part of the day that is not now
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "leads.yaml").write_text(
        'channel: "#leads"\nrouting: {otherwise: pool}\n'
        f"intake: {{awake: {begins:%H}:00-{begins:%H}:59}}\n",
        encoding="utf-8",
    )
    async with product(slack, tmp_path, embedder, desks_dir=folder) as bot:
        ts = await slack.say("dana", "leads", "My roof leaks badly, please send somebody tomorrow")
        lines = await eventually(
            slack, lambda: [each for each in slack.thread("leads", ts) if "bot_id" in each]
        )
        [lead] = await bot.app.store.leads.newest(limit=1)
        [found] = await bot.app.store.conversations.of(lead.lead_id)
        await bot.app.engine.nudge(found.model_copy(update={"nudge_at": now}))
        await bot.app.engine.nudge(found.model_copy(update={"nudge_at": now + timedelta(seconds=1)}))
        await slack.say("dana", "leads", "415 555 2671, Priya Raman", thread_ts=ts)
        await bot.lead_when(lead.lead_id, lambda now: now.contact.phone is not None)
        said = [str(each["text"]) for each in slack.thread("leads", ts) if "bot_id" in each]
    assert lines
    assert not any("still lacks" in each for each in said)
