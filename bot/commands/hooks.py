"""`basecamp hooks`: who is told of what happens to leads, and the log of it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from bot.settings import Settings
from core.errors import NotAllowed
from core.hooks.calls import HookEvent
from core.store import opened


async def add(settings: Settings, url: str, events: Sequence[str]) -> None:
    """Print its id and secret."""
    if not url.startswith(("https://", "http://")):
        raise NotAllowed("An address begins with https:// or http://.")
    try:
        wanted = frozenset(HookEvent(f"lead.{event.removeprefix('lead.')}") for event in events)
    except ValueError:
        raise NotAllowed(f"An event is one of {', '.join(HookEvent)}.") from None
    async with opened(settings.database) as store:
        hook = await store.hooks.add(url, wanted)
    Console(stderr=True).print(f"{hook.hook_id} is told from now on; this secret signs:")
    print(hook.secret)  # noqa: T201 - alone on standard output, for a pipe


async def show(settings: Settings) -> None:
    """Print all, oldest first."""
    async with opened(settings.database) as store:
        found = await store.hooks.every()
    table = Table(Column("id", no_wrap=True), "address", "events", "disabled", box=None)
    for each in found:
        events = ", ".join(sorted(each.events)) or "all"
        table.add_row(each.hook_id, escape(each.url), events, each.disabled_why or "")
    Console().print(table if found else "Nobody is told.")


async def remove(settings: Settings, hook_id: str) -> None:
    """Tell it nothing any more."""
    async with opened(settings.database) as store:
        await store.hooks.remove(hook_id)
    Console().print(f"{hook_id} is told nothing any more.")


async def log(settings: Settings, *, limit: int, failed: bool) -> None:
    """Print the newest first."""
    async with opened(settings.database) as store:
        found = await store.hooks.log(limit=limit, failed_only=failed)
    table = Table("time", "event", "lead", "state", "attempts", "outcome", "next", box=None)
    for call, number in found:
        again = "" if call.next_at is None else f"{call.next_at:%H:%M:%S}"
        at = f"{call.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(at, call.event, number, call.state, str(call.attempts), call.said or "", again)
    Console().print(table if found else "Nothing was told yet.")
