"""A lead that Facebook keeps, and a process that is killed between the steps to it."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiohttp
import psycopg
import pytest

from core.store import opened
from tests.bot_process import World, key_of, world
from tests.databases import KINDS, fresh_database
from tests.form_vendors import TOKEN, form_vendors
from tests.senders import CASES, SECRETS
from tests.spoilt import request_of

PATIENCE = 60.0

A_MOMENT = 0.7
"""Seconds in which a process comes to its next step."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_lead_that_facebook_keeps_is_one_lead_though_each_step_to_it_is_cut_short(
    kind: str, tmp_path: Path
) -> None:
    """Killed once it is kept, once it is asked for, and once it is fetched but not yet written."""
    with fresh_database(kind, tmp_path) as url:
        async with form_vendors() as vendors:
            settings = {
                "WEBHOOK_SECRETS": json.dumps(SECRETS),
                "FACEBOOK_TOKEN": TOKEN,
                "FACEBOOK_API_URL": vendors.url,
            }
            async with world(tmp_path, url, **settings) as around:
                await around.bot.start()
                assert await facebook_calls(around) == 200
                await around.bot.kill()

                asked = asyncio.Event()

                async def never() -> None:
                    asked.set()
                    await asyncio.Event().wait()

                vendors.before = never
                await around.bot.start_until(asked)

                fetched, going_on = asyncio.Event(), list[Callable[[], None]]()

                async def while_nobody_may_write() -> None:
                    going_on.append(await asyncio.to_thread(stop_writing, url))
                    asyncio.get_running_loop().call_later(A_MOMENT, fetched.set)

                vendors.before = while_nobody_may_write
                await around.bot.start_until(fetched)
                for go_on in going_on:
                    go_on()

                vendors.before = at_once
                await around.bot.start()
                assert await facebook_calls(around) == 200
                await around.bot.until_done(PATIENCE)
                assert await around.bot.stop() == 0
                async with opened(url) as store:
                    leads = [lead async for batch in store.leads.every() for lead in batch]
                    history = await store.events.of(leads[0].lead_id)
                cards = [key_of(card) for card in around.cards()]
    assert [lead.contact.name for lead in leads] == ["Fatima Boucher"]
    assert cards == [f"card:{leads[0].lead_id}"]
    assert [row["Lead ID"] for row in around.airtable.rows] == [leads[0].lead_id]
    assert [event.what for event in history].count("received") == 1
    assert len(vendors.asked) >= 3


async def facebook_calls(around: World) -> int:
    """The status of our answer to Facebook's webhook."""
    request = request_of(CASES["Facebook"])
    headers = {"Content-Type": request.content_type, **request.headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(around.bot.url + request.path, data=request.body, headers=headers) as response,
    ):
        return response.status


async def at_once() -> None:
    """As Facebook answers on a good day."""


def stop_writing(url: str) -> Callable[[], None]:
    """From now on nobody writes a lead, until what is returned is called; reading goes on."""
    if url.startswith("sqlite"):
        file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        file.execute("PRAGMA busy_timeout=10000")
        file.execute("BEGIN IMMEDIATE")
        return file.close
    server = psycopg.connect(url)
    server.execute("LOCK TABLE leads IN EXCLUSIVE MODE")
    return server.close
