"""After an outage of the CRM all leads that wait go there, in full requests; over the real wiring."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import SlackSandbox
from core.lead import Part, utcnow
from core.ports import Embedder
from core.store import open_store
from tests.crm_side import after_an_outage
from tests.product import product


@pytest.fixture
async def airtable() -> AsyncIterator[AirtableStandIn]:
    """With its real limit."""
    async with running_airtable() as base:
        yield base


def of(airtable: AirtableStandIn) -> dict[str, Any]:
    """The settings for it."""
    return {
        "crm": "airtable",
        "airtable_api_key": airtable.api_key,
        "airtable_base_id": airtable.base_id,
        "airtable_endpoint_url": airtable.endpoint_url,
    }


async def test_all_that_wait_go_in_full_requests_and_none_is_put_off_again(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, airtable: AirtableStandIn
) -> None:
    """A slow Airtable takes longer for them than a single lead is waited for."""
    async with product(slack, tmp_path, embedder, **of(airtable)) as bot:
        lead_ids = await after_an_outage(bot.app.store, slack.desk_channel, 150)
        airtable.faults.delay(1.5, times=1_000)
        await bot.app.schedule.drain()
        assert {row["Lead ID"] for row in airtable.rows} == set(lead_ids)
        assert (
            len(airtable.requests) <= 15 + 5
        )  # whether it is there is asked too, and for the table's fields
        assert airtable.limited == 0


async def test_an_airtable_that_asks_for_silence_in_the_middle_is_not_asked_for_all_the_others(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, airtable: AirtableStandIn
) -> None:
    async with product(slack, tmp_path, embedder, **of(airtable)) as bot:
        waiting = bot.app.store.waiting
        lead_ids = await after_an_outage(bot.app.store, slack.desk_channel, 300)
        airtable.faults.delay(0, times=5)
        airtable.faults.status(429, times=1_000)
        await bot.app.schedule.drain()
        left = await waiting.take(utcnow() + timedelta(days=2), parts={Part.CRM}, limit=1_000)
        untried = [each for each in left if each.attempts == 1]
        assert len(airtable.rows) + len(left) == len(lead_ids)
        assert len(untried) >= 150


async def test_a_stop_in_the_middle_says_nothing_alarming_and_what_is_left_is_due_again(
    slack: SlackSandbox,
    tmp_path: Path,
    embedder: Embedder,
    airtable: AirtableStandIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    airtable.faults.delay(0.3, times=1_000)
    async with product(slack, tmp_path, embedder, **of(airtable)) as bot:
        lead_ids = await after_an_outage(bot.app.store, slack.desk_channel, 150)
        await slack.until(lambda _: len(airtable.rows) > 20, timeout=20)  # by the clock
        caplog.clear()
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []
    store = await open_store(f"sqlite:///{tmp_path / 'basecamp.db'}")
    left = (await store.waiting.counts()).get(Part.CRM, 0)
    await store.close()
    assert left > 0
    assert left + len(airtable.rows) >= len(lead_ids)
