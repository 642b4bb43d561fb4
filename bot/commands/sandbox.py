"""`basecamp sandbox`: the stand-ins alone, for other projects' tests too."""

import json
import sys
from contextlib import AsyncExitStack
from typing import Any

from bot.commands.run import stop_signal
from bot.sandbox import airtable as airtable_stand_in
from bot.sandbox import ollama as ollama_stand_in
from bot.sandbox.slack import server as slack_stand_in


async def sandbox(*, slack: bool, airtable: bool, ollama: bool) -> None:
    """Run those asked for, all if none is named; print one JSON line that says where they are."""
    everything = not (slack or airtable or ollama)
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        where: dict[str, Any] = {}
        if slack or everything:
            workspace = await stack.enter_async_context(slack_stand_in.running())
            names = ("api_url", "bot_token", "app_token", "signing_secret", "desk_channel", "page")
            where["slack"] = {name: getattr(workspace, name) for name in names}
        if airtable or everything:
            base = await stack.enter_async_context(airtable_stand_in.running())
            where["airtable"] = {name: getattr(base, name) for name in ("endpoint_url", "api_key", "base_id")}
        if ollama or everything:
            model = await stack.enter_async_context(ollama_stand_in.running())
            where["ollama"] = {"host": model.url, "model": model.model}
        sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        await stop.wait()
