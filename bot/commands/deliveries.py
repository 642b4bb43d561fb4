"""`basecamp deliveries`: the last deliveries, and why each refused one was refused."""

from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from core.store import open_store


async def deliveries(settings: Settings, *, failed: bool, limit: int) -> None:
    """Print the newest first."""
    store = await open_store(settings.database)
    try:
        found = await store.submissions.latest(limit=limit, failed_only=failed)
    finally:
        await store.close()
    table = Table("received", "source", "outcome", "field", "why", box=None)
    for each in found:
        at = f"{each.received_at:%Y-%m-%d %H:%M:%S}"
        outcome = each.number or f"[red]{each.code}[/red]"
        table.add_row(at, each.source, outcome, each.field or "", each.why or "")
    Console().print(table if found else "Nothing was delivered yet.")
