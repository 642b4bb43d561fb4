"""`basecamp stats sla`: how soon somebody acted on the leads of the last days."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.making import load_businesses, load_desks
from bot.settings import Settings
from core.lead import utcnow
from core.stats import Share, responses
from core.store import open_store
from handlers import stats

K = TypeVar("K")


async def sla(settings: Settings, *, days: int) -> None:
    """Print the figures, then a table by owner, by hour and by source."""
    store = await open_store(settings.database)
    now = utcnow()
    try:
        timed = await store.clocks.started(now - timedelta(days=days), now)
    finally:
        await store.close()
    desks = load_desks(settings, load_businesses(settings))
    found = responses(timed, lambda desk: desks.of(desk).zone, now)
    console = Console()
    if not timed:
        console.print(stats.NO_CLOCK)
        return
    for line in stats.lines(found):
        console.print(line)
    console.print(_table("owner", found.by_owner, lambda user: user or "nobody"))
    console.print(_table("received", found.by_hour, stats.hour))
    console.print(_table("source", found.by_source, stats.source))


def _table(title: str, shares: Mapping[K, Share], named: Callable[[K], str]) -> Table:
    table = Table(title, "too late", "leads", box=None)
    for key, share in shares.items():
        table.add_row(escape(named(key)), str(share.breaches), str(share.leads))
    return table
