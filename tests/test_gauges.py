"""What waits is counted for /metrics, on either database."""

from pathlib import Path

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from tests.databases import KINDS, fresh_database
from tests.product import product

ALARMED = "sla: {within: {low: 1d, medium: 1d, high: 1d, urgent: 1d}, ladder: [{at: 50%, do: remind}]}"


@pytest.mark.parametrize("kind", KINDS)
async def test_metrics_say_how_much_waits_in_which_queue(
    kind: str, slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    desks = tmp_path / "desks"
    desks.mkdir()
    (desks / "leads.yaml").write_text(f"channel: {slack.desk_channel}\n{ALARMED}\n")
    with fresh_database(kind, tmp_path) as url:
        async with product(slack, tmp_path, embedder, desks_dir=desks, database_url=url) as bot:
            for message in ("My brakes squeal", "What does an oil change cost?"):
                await bot.synced(await bot.send(message))
            async with bot.session.get(bot.app.url + "/metrics") as response:
                lines = (await response.text()).splitlines()
    assert 'queue_depth{queue="alarms",state="delayed"} 2.0' in lines
