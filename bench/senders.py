"""Every sender's documented payload, spoilt in every way and sent ten times: `python -m bench.senders`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import observe
from bot.making import load_embedder
from bot.settings import Settings
from tests.senders import CASES
from tests.sending import Senders, senders
from tests.spoilt import KINDS, kinds_of, request_of

TIMES = 10


async def row(bot: Senders, name: str) -> tuple[str, str, str, str, bool]:
    """Name, what is answered to the golden payload, kinds of bad that are refused, leads of ten events."""
    case = CASES[name]
    statuses = [(await bot.ask(request_of(case)))[0] for _ in range(TIMES)]
    await bot.lead_of(case)
    kinds = kinds_of(case)
    refused = [kind for kind in kinds if (await bot.ask(KINDS[kind][0](case)))[0] == KINDS[kind][1]]
    leads = len(await bot.leads_of(case))
    right = leads == 1 and refused == kinds and set(statuses) <= {200, 202}
    return name, str(statuses[0]), f"{len(refused)} of {len(kinds)}", str(leads), right


async def main() -> bool:
    """Print the table; whether all is as it should be."""
    table = Table("sender", "golden", "bad refused", f"leads of {TIMES} equal events", box=None)
    observe.configure("ERROR", "text")
    embedder = load_embedder(Settings(_env_file=None))
    with tempfile.TemporaryDirectory() as folder:
        async with senders(embedder, Path(folder)) as bot:
            rows = [await row(bot, name) for name in CASES]
    embedder.close()
    for name, golden, refused, leads, _ in rows:
        table.add_row(name, golden, refused, leads)
    console = Console()
    console.print(table)
    console.print(f"Kinds of bad: {', '.join(KINDS)}")
    return all(right for *_, right in rows)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
