"""`basecamp replay`: pour a file of leads through a running bot's webhook, or read one delivery again."""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
    base = _base(settings, url)
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


async def again(settings: Settings, delivery: str, *, url: str | None) -> None:
    """Have the running bot read this delivery once more; exit with 1 if it is no lead then either."""
    if not settings.api_keys:
        sys.exit("basecamp replay: set API_KEYS, the running bot asks for one")
    base = _base(settings, url)
    headers = {"Authorization": f"Bearer {settings.api_keys[0].get_secret_value()}"}
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{base}/api/v1/deliveries/{quote(delivery, safe='')}/replay") as response,
        ):
            body = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        sys.exit(f"basecamp replay: the bot at {base} does not answer ({type(error).__name__})")
    if not body["success"]:
        sys.exit(f"basecamp replay: {body['errors'][0]['message']}")
    if body["data"]["number"] is None:
        sys.exit(f"basecamp replay: it is no lead yet: {body['data']['why']}")
    Console().print(f"{delivery} is {body['data']['number']}")


def _base(settings: Settings, url: str | None) -> str:
    return (url or f"http://{settings.http_host}:{settings.http_port}").rstrip("/")


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
