"""`basecamp keys`: keys of programs, made, listed and revoked."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from core.api.keys import Scope
from core.errors import NotAllowed
from core.store import opened


async def create(settings: Settings, name: str, scopes: Sequence[str]) -> None:
    """Print the new key, which is kept nowhere."""
    try:
        wanted = frozenset(Scope(scope) for scope in scopes) or frozenset(Scope)
    except ValueError:
        raise NotAllowed(f"A scope is one of {', '.join(Scope)}.") from None
    async with opened(settings.database) as store:
        made, key = await store.api_keys.create(name, wanted)
    console = Console(stderr=True)
    console.print(f"{made.name} ({', '.join(sorted(made.scopes))}). Keep it: it is not shown again.")
    print(key)  # noqa: T201 - alone on standard output, for a pipe


async def show(settings: Settings) -> None:
    """Print all, oldest first."""
    async with opened(settings.database) as store:
        found = await store.api_keys.every()
    table = Table("name", "key", "scopes", "made", "revoked", box=None)
    for each in found:
        revoked = "" if each.revoked_at is None else f"{each.revoked_at:%Y-%m-%d %H:%M}"
        table.add_row(
            each.name,
            f"{each.prefix}\N{HORIZONTAL ELLIPSIS}",
            ", ".join(sorted(each.scopes)),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            revoked,
        )
    Console().print(table if found else "There are no keys but those of API_KEYS.")


async def revoke(settings: Settings, name: str) -> None:
    """It opens nothing any more."""
    async with opened(settings.database) as store:
        await store.api_keys.revoke(name)
    Console().print(f"{name} opens nothing any more.")
