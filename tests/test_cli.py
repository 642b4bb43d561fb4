"""The command line as people use it: real processes, real files."""

import asyncio
import csv
import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_what_is_wrong_and_what_is_missing_is_told_in_one_list(tmp_path: Path) -> None:
    wrong = {"HTTP_PORT": "x", "DATABASE_URL": "mysql://x", "CRM": "airtable", "BUSINESS_TYPE": "bakery"}
    ended = basecamp("run", DATA_DIR=str(tmp_path), WEBHOOK_SECRETS="{no json", SLACK_BOT_TOKEN="", **wrong)
    first, *mistakes = ended.stderr.splitlines()
    assert ended.returncode != 0
    assert first == "basecamp cannot start:"
    assert [mistake.split()[1].rstrip(":") for mistake in mistakes] == [
        "HTTP_PORT",
        "WEBHOOK_SECRETS",
        "DATABASE_URL",
        "CRM",
        "BUSINESS_TYPE",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_DESK_CHANNEL",
    ]


def test_a_secret_that_is_empty_is_a_mistake(tmp_path: Path) -> None:
    ended = basecamp("deliveries", DATA_DIR=str(tmp_path), WEBHOOK_SECRETS='{"web_form": [""]}')
    assert ended.stderr.splitlines()[1].startswith("  - WEBHOOK_SECRETS: ")


def test_a_setting_that_is_empty_is_not_set(tmp_path: Path) -> None:
    empty = {"CRM": "", "DATABASE_URL": "", "CHROMA_URL": "", "HTTP_PORT": "", "WEBHOOK_SECRETS": ""}
    ended = basecamp("deliveries", DATA_DIR=str(tmp_path), **empty)
    assert (ended.returncode, ended.stdout) == (0, "Nothing was delivered yet.\n")


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (
            ["deliveries"],
            {"DATABASE_URL": "postgresql://127.0.0.1:9/x"},
            "basecamp: Database: cannot be opened",
        ),
        (["deliveries"], {"DATA_DIR": "/dev/null/x"}, "basecamp: Database: cannot be opened"),
        (["crm", "export", "--out", "/dev/null/x"], {}, "basecamp crm export: /dev/null/x cannot be written"),
        (["reindex"], {"EMBEDDING_MODEL": "another"}, "basecamp: "),
    ],
)
def test_a_command_that_cannot_work_says_so_in_a_sentence(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], says: str
) -> None:
    ended = basecamp(*arguments, **{"DATA_DIR": str(tmp_path)} | settings)
    assert ended.returncode != 0
    assert ended.stderr.startswith(says)
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    slack = dict.fromkeys(("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"), "x") | {"SLACK_DESK_CHANNEL": "#x"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = basecamp("run", DATA_DIR=str(tmp_path), HTTP_PORT=port, LOG_LEVEL="ERROR", **slack)
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"basecamp: HTTP: cannot listen on 127.0.0.1:{port}")


@pytest.mark.parametrize("line", ["[1]", "{", "null", '"x"'])
def test_a_file_with_a_line_that_is_no_lead_is_not_replayed_at_all(tmp_path: Path, line: str) -> None:
    file = tmp_path / "leads.jsonl"
    file.write_text('{"message": "m"}\n' + line)
    ended = basecamp("replay", str(file), API_KEYS="k", HTTP_PORT="9")
    assert ended.stderr == f"basecamp replay: line 2 of {file} is no JSON object; nothing was sent\n"


async def test_leads_are_replayed_listed_exported_and_indexed(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    file = tmp_path / "leads.jsonl"
    leads = [{"id": f"r{n}", "message": f"Brakes\u2028squeal {n}", "name": "=HYPERLINK(1)"} for n in range(5)]
    lines = [json.dumps(lead, ensure_ascii=False) for lead in [*leads, {"id": "bad", "message": ""}]]
    file.write_text("\n".join(lines), encoding="utf-8")
    settings = {"DATA_DIR": str(tmp_path), "API_KEYS": API_KEY, "OLLAMA_MODEL": ""}
    async with product(slack, tmp_path, embedder) as bot:
        poured = await _in_thread("replay", str(file), "--rate", "50", "--url", bot.app.url, **settings)
        await slack.until(lambda _: len(bot.cards()) == len(leads), timeout=20)
    assert poured.returncode == 1
    assert "5 accepted" in poured.stderr
    assert "MESSAGE_EMPTY" in poured.stderr
    failed = basecamp("deliveries", "--failed", COLUMNS="200", **settings)
    assert "MESSAGE_EMPTY" in failed.stdout
    assert "Refused: message is missing or empty." in failed.stdout
    assert SECRET not in failed.stdout
    exported = basecamp("crm", "export", **settings)
    rows = list(csv.DictReader(io.StringIO(exported.stdout)))
    assert len(rows) == len(leads)
    assert rows[0]["Name"].startswith("'=")
    assert basecamp("reindex", **settings).returncode == 0
    assert "5 vectors" in basecamp("doctor", **settings).stdout


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
    assert "ollama serve" in sick.stdout


def test_the_doctor_says_what_keeps_the_database_from_opening(tmp_path: Path) -> None:
    sick = basecamp("doctor", DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://127.0.0.1:9/x")
    assert sick.returncode == 1
    assert "check that it runs, DATABASE_URL" in sick.stdout


async def _in_thread(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(basecamp, *arguments, **settings)


def test_the_main_path_can_be_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "bench", "--json", "--leads", "3"],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    figures = json.loads(done.stdout)
    assert {"ready_s", "accept_ms_p50", "placeholder_card_ms_p50", "final_card_ms_p99", "leads_per_s"} <= {
        *figures
    }
    assert all(value > 0 for value in figures.values())


async def test_one_delivery_is_read_again_by_its_id(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    settings = {"DATA_DIR": str(tmp_path), "API_KEYS": API_KEY, "OLLAMA_MODEL": ""}
    async with product(slack, tmp_path, embedder) as bot:
        await bot.post("/webhooks/own", json={"message": "Brakes squeal", "email": "ana@"})
        await bot.send("Brakes squeal")
        good, bad = await bot.app.store.submissions.latest(limit=2)
        again = await _in_thread("replay", bad.submission_id, "--url", bot.app.url, **settings)
        before = await _in_thread("replay", good.submission_id, "--url", bot.app.url, **settings)
    assert again.returncode == 1
    assert again.stderr.startswith("basecamp replay: The lead was not accepted: contact.email")
    assert (before.returncode, before.stdout) == (0, f"{good.submission_id} is {good.number}\n")


def test_what_is_neither_a_file_nor_a_delivery_is_not_replayed(tmp_path: Path) -> None:
    ended = basecamp("replay", str(tmp_path / "nothing"), API_KEYS="k")
    assert ended.returncode != 0
    assert "no delivery's id" in ended.stderr.replace("\n", " ")
