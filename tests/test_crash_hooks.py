"""What is told of leads, and a process that is killed while it tells it."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from core.store import opened
from tests.bot_process import world
from tests.databases import KINDS, fresh_database
from tests.receiver import Receiver, receiving

PATIENCE = 60.0

LEADS = 5


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_occasion_of_a_lead_is_told_once_though_the_process_is_killed(
    kind: str, tmp_path: Path
) -> None:
    """Told again is what was told already, under the same id: that is how its receiver knows."""
    receiver = Receiver()
    with fresh_database(kind, tmp_path) as url:
        async with (
            world(tmp_path, url, HOOKS_PRIVATE="true") as around,
            opened(url) as store,
            receiving(store, receiver),
        ):
            async with asyncio.TaskGroup() as load:
                await around.bot.start()
                for number in range(1, LEADS + 1):
                    load.create_task(around.send_request(number))
                for pause in (0.0, 0.3):
                    await around.until_crm_is_called()
                    await asyncio.sleep(pause)
                    await around.bot.kill()
                    await around.bot.start()
            await around.bot.until_done(PATIENCE)
            assert await around.bot.stop() == 0
            leads = [lead.lead_id async for batch in store.leads.every() for lead in batch]
    told = {lead_id: Counter(receiver.types(lead_id)) for lead_id in leads}
    once = {"lead.created": 1, "lead.processed": 1, "lead.synced": 1}
    assert told == dict.fromkeys(around.acknowledged.values(), once)
