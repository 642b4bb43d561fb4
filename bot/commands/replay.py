"""`basecamp replay`: pour a file of leads through the webhook of a running bot."""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.settings import Settings

ACCEPTED = 202


async def replay(settings: Settings, file: Path, *, rate: float, source: str, url: str | None) -> None:
    """Send every line at this rate (leads a second); exit with 1 if any was not accepted.

    A line's ``id`` is its delivery's key, so that a file replayed twice makes each lead once.
    """
    leads = _leads(file)
    base = (url or f"http://{settings.http_host}:{settings.http_port}").rstrip("/")
    headers = {"X-Webhook-Secret": _secret(settings, source)}
    outcomes: Counter[str] = Counter()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with aiohttp.ClientSession(headers=headers) as session:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Replaying", total=len(leads))

            async def send(lead: dict[str, Any]) -> None:
                outcomes[await _send(session, f"{base}/webhooks/{source}", lead)] += 1
                progress.advance(task)

            started = time.monotonic()
            async with asyncio.TaskGroup() as sending:
                for position, lead in enumerate(leads):
                    await asyncio.sleep(max(0.0, started + position / rate - time.monotonic()))
                    sending.create_task(send(lead))
    for outcome, count in outcomes.most_common():
        console.print(f"{count} {outcome}")
    if outcomes.total() != outcomes["accepted"]:
        sys.exit(1)


def _leads(file: Path) -> list[dict[str, Any]]:
    """The file's leads; ends the command at a line that is none, before anything is sent."""
    leads = []
    # Not splitlines(): JSON may hold U+2028 and its like as they are.
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            lead = json.loads(line)
        except ValueError:
            lead = None
        if not isinstance(lead, dict):
            sys.exit(f"basecamp replay: line {number} of {file} is no JSON object; nothing was sent")
        leads.append(lead)
    return leads


def _secret(settings: Settings, source: str) -> str:
    secrets = [*settings.webhook_secrets.get(source, ()), *settings.api_keys]
    if not secrets:
        sys.exit(f"basecamp replay: set API_KEYS, or WEBHOOK_SECRETS with a secret for {source!r}")
    return secrets[0].get_secret_value()


async def _send(session: aiohttp.ClientSession, url: str, lead: dict[str, Any]) -> str:
    key = {"Idempotency-Key": str(lead["id"])} if "id" in lead else {}
    payload = {name: value for name, value in lead.items() if name != "id"}
    try:
        async with session.post(url, json=payload, headers=key) as response:
            if response.status == ACCEPTED:
                return "accepted"
            body = await response.json()
            return f"refused: {body['errors'][0]['code']} {body['errors'][0]['field'] or ''}".rstrip()
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"not sent: {type(error).__name__}"
