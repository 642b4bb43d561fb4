"""The command line as people use it: real processes, real files."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from tests.product import API_KEY, SECRET, product


def basecamp(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment that holds only these settings."""
    plain = {"PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=plain | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_needs_none_of_the_heavy_libraries() -> None:
    heavy = ("torch", "chromadb", "dbos", "aiohttp")
    probe = f"import sys, bot.cli; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
    assert "doctor" in basecamp("--help").stdout


def test_a_start_without_settings_lists_every_mistake_with_its_mend(tmp_path: Path) -> None:
    ended = basecamp("run", DATA_DIR=str(tmp_path))
    assert ended.returncode != 0
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_DESK_CHANNEL"):
        assert f"{name} is missing: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_settings_are_told_all_at_once(tmp_path: Path) -> None:
    ended = basecamp("doctor", DATA_DIR=str(tmp_path), HTTP_PORT="x", DATABASE_URL="mysql://x", CRM="excel")
    assert ended.returncode != 0
    assert all(name in ended.stderr for name in ("HTTP_PORT", "DATABASE_URL", "CRM"))


async def test_leads_are_replayed_listed_exported_and_indexed(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    file = tmp_path / "leads.jsonl"
    leads = [{"id": f"r{n}", "message": f"Brakes squeal {n}", "name": "=HYPERLINK(1)"} for n in range(5)]
    file.write_text("\n".join(json.dumps(lead) for lead in [*leads, {"id": "bad", "message": ""}]))
    settings = {"DATA_DIR": str(tmp_path), "API_KEYS": API_KEY, "OLLAMA_MODEL": ""}
    async with product(slack, tmp_path, embedder) as bot:
        poured = await _in_thread("replay", str(file), "--rate", "50", "--url", bot.app.url, **settings)
        await slack.until(lambda _: len(bot.cards()) == len(leads), timeout=20)
    assert poured.returncode == 1
    assert "5 accepted" in poured.stderr
    assert "MESSAGE_EMPTY" in poured.stderr
    failed = basecamp("deliveries", "--failed", **settings)
    assert "MESSAGE_EMPTY" in failed.stdout
    assert SECRET not in failed.stdout
    exported = basecamp("crm", "export", **settings)
    rows = list(csv.DictReader(exported.stdout.splitlines()))
    assert len(rows) == len(leads)
    assert rows[0]["Name"].startswith("'=")
    assert basecamp("reindex", **settings).returncode == 0


async def test_the_doctor_names_the_mend_of_what_is_wrong_and_passes_what_is_right(
    slack: SlackSandbox, tmp_path: Path
) -> None:
    right = {
        "DATA_DIR": str(tmp_path),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "SLACK_DESK_CHANNEL": "#leads",
        "OLLAMA_MODEL": "",
    }
    healthy = await _in_thread("doctor", **right)
    assert healthy.returncode == 0, healthy.stdout
    wrong = right | {
        "SLACK_DESK_CHANNEL": "#nowhere",
        "OLLAMA_MODEL": "m",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    sick = await _in_thread("doctor", **wrong)
    assert sick.returncode == 1
    assert "invite it there" in sick.stdout
    assert "Ollama" in sick.stdout


async def _in_thread(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(basecamp, *arguments, **settings)
