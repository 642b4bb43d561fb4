"""`basecamp demo`: the whole product against a local Slack, leads flowing in through the real webhook."""

import asyncio
import contextlib
import re
import secrets
import socket
import tempfile
from pathlib import Path

import aiohttp
from rich.console import Console

from bot import observe, sandbox
from bot.app import running
from bot.commands.run import stop_signal
from bot.sandbox.scenarios import SCENARIOS
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from bot.settings import Settings
from core.adapters.ollama import Ollama
from core.errors import Refused, Unavailable

DESK = Path(sandbox.__file__).parent / "desk.yaml"
"""Its people, routing, times and loudness."""

BETWEEN_LEADS = 1.2
"""Seconds: fast enough not to bore, slow enough to see each card change."""

OLLAMA_PATIENCE = 2.0


async def demo(page_port: int, seconds: float | None) -> None:
    """Run until Ctrl-C, or for so many seconds; everything is forgotten afterwards."""
    observe.configure("WARNING", "text")
    console = Console()
    stop = stop_signal()
    key = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="basecamp-demo-") as folder:
        async with running_slack(port=_free(page_port)) as slack:
            model = await _model()
            settings = Settings(
                slack_bot_token=slack.bot_token,
                slack_app_token=slack.app_token,
                slack_api_url=slack.api_url,
                slack_desk_channel=slack.desk_channel,
                desks_dir=_desk(slack, Path(folder)),
                http_port=_free(3000),
                api_keys=key,
                data_dir=Path(folder),
                database_url=None,
                ollama_model=model or "",
                crm="local",
            )
            with console.status("Starting…"):
                ready = contextlib.AsyncExitStack()
                app = await ready.enter_async_context(running(settings))
            async with ready:
                console.print(f"The page:   [bold]{slack.page}[/bold]   (open it, and click Claim on a card)")
                reader = f"the model {model}" if model else "rules (no Ollama found)"
                console.print(f"Leads are read by {reader}.")
                replay = f"API_KEYS={key} basecamp replay FILE.jsonl --rate 5 --url {app.url}"
                console.print(f"More leads: {replay}", soft_wrap=True)
                await _play(app.url, key, console)
                console.print("Twelve leads are in. Ctrl-C ends the demo.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), seconds)


def _desk(slack: SlackSandbox, folder: Path) -> Path:
    """The folder of the demo's one desk file, with the ids of this workspace in the place of names."""
    text = DESK.read_text(encoding="utf-8").replace("@leads", slack.desk_channel)
    file = folder / "desks" / "leads.yaml"
    file.parent.mkdir()
    file.write_text(re.sub(r"@(\w+)", lambda name: slack.user(name[1]), text), encoding="utf-8")
    return file.parent


async def _play(url: str, key: str, console: Console) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
        for lead in SCENARIOS:
            async with session.post(f"{url}/webhooks/web_form", json=lead) as response:
                accepted = (await response.json())["data"]
            console.print(f"  {accepted['number']}  {lead['id'].removeprefix('demo-').replace('-', ' ')}")
            await asyncio.sleep(BETWEEN_LEADS)


async def _model() -> str | None:
    """The model of the settings, if an Ollama that has it answers."""
    settings = Settings()
    if settings.ollama_model is None:
        return None
    ollama = Ollama(settings.ollama_host, settings.ollama_model, settings.ollama_timeout)
    try:
        await asyncio.wait_for(ollama.check(), OLLAMA_PATIENCE)
    except (Unavailable, Refused, TimeoutError):
        return None
    else:
        return settings.ollama_model
    finally:
        await ollama.close()


def _free(port: int) -> int:
    """The port if nobody listens there, else 0: any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
