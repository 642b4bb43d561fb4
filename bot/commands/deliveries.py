"""`basecamp deliveries`: the last deliveries, and why those that are no leads are none."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.settings import Settings
from core.store import open_store
from core.store.kept import Waits
from handlers.deliveries import told


async def deliveries(settings: Settings, *, failed: bool, limit: int) -> None:
    """Print the newest first."""
    store = await open_store(settings.database)
    try:
        found = await store.submissions.latest(limit=limit, failed_only=failed)
    finally:
        await store.close()
    table = Table("id", "received", "source", "desk", "outcome", "why", box=None)
    for each in found:
        at = f"{each.received_at:%Y-%m-%d %H:%M:%S}"
        colour = "yellow" if each.code in set(Waits) else "red"
        outcome = each.number or f"[{colour}]{each.code}[/{colour}]"
        why = "" if each.number else escape(told(each))
        table.add_row(each.submission_id, at, each.source, each.desk or "", outcome, why)
    Console().print(table if found else "Nothing was delivered yet.")
