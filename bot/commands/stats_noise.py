"""`basecamp stats noise`: how often people were pinged in the last days, and whether they acted on it."""

from collections.abc import Mapping
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from core.deskfile import Level
from core.lead import utcnow
from core.noise.counts import Share, counts
from core.noise.notices import Reason
from core.store import open_store
from handlers import wording


async def noise(settings: Settings, *, days: int) -> None:
    """Print pings for each lead, then by level and by reason the share that somebody acted on."""
    store = await open_store(settings.database)
    since = utcnow() - timedelta(days=days)
    try:
        said = await store.notices.pings(since)
        leads = await store.leads.count(since=since)
    finally:
        await store.close()
    found = counts(said, leads)
    console = Console()
    if found.per_lead is None:
        console.print(f"No lead came in within {days} days.")
        return
    console.print(f"{found.per_lead:.2f} pings a lead ({found.all.pings} pings, {leads} leads, {days} days)")
    console.print(f"acted on within an hour: {_acted(found.all)}")
    if found.all.notices:
        console.print(_table("level", found.by_level))
        console.print(_table("reason", found.by_reason))


def _table(title: str, shares: Mapping[Level, Share] | Mapping[Reason, Share]) -> Table:
    table = Table(title, "pings", "acted on", box=None)
    for name, share in shares.items():
        table.add_row(name.replace("_", " "), str(share.pings), _acted(share))
    return table


def _acted(share: Share) -> str:
    return "none were told" if share.acted_on is None else wording.percent(share.acted_on)
