"""Times `basecamp import` beside the raw embedding: ``python -m bench.import_leads [LEADS]``.

The embedding is measured before and after, on messages of the same file: other work on the machine shows in
both, so only their ratio to the import's rate says anything.
"""

import asyncio
import csv
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.leads import leads
from bot.commands.import_leads import import_leads
from bot.making import load_embedder
from bot.settings import Settings

SAMPLE = 2_000
"""Messages embedded before and after."""


async def main(count: int) -> None:
    """Make a file of so many leads, import it, and say how fast that was."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "leads.csv"
        messages = _write(file, count)
        print(f"{count:,} leads, {file.stat().st_size / 1e6:.0f} MB", flush=True)
        settings = Settings(data_dir=Path(folder) / "data", _env_file=None)
        before, before_cpu = await _raw(settings, messages)
        start, cpu = time.perf_counter(), time.process_time()
        await import_leads(
            settings,
            file,
            dry_run=False,
            business_type=None,
            source="import",
            outcome="archived",
            said=(),
            yes=True,
        )
        rate, cpu = count / (time.perf_counter() - start), time.process_time() - cpu
        after, after_cpu = await _raw(settings, messages)
        raw = 2 / (1 / before + 1 / after)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        alone = 1000 * (before_cpu + after_cpu) / 2
        print(f"embedding alone {before:.0f}/s before, {after:.0f}/s after: {raw:.0f}/s, CPU {alone:.1f} ms")
        print(f"import {rate:.0f} leads/s: {rate / raw:.0%} of that; CPU {1000 * cpu / count:.1f} ms a lead")
        print(f"peak memory {peak:.0f} MB, data {_size(settings.data_dir) / 1e6:.0f} MB")


def _write(file: Path, count: int) -> list[str]:
    """The file, as a CRM would export it; gives back some of its messages."""
    names = ("received_at", "first_name", "last_name", "email", "phone", "message", "source")
    messages: list[str] = []
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("Created", "First name", "Last name", "E-mail", "Phone", "Comments", "Lead source"))
        for lead in leads(count):
            writer.writerow([lead[name] for name in names])
            if len(messages) < SAMPLE:
                messages.append(lead["message"])
    return messages


async def _raw(settings: Settings, messages: list[str]) -> tuple[float, float]:
    """Messages a second, and CPU seconds for one."""
    embedder = load_embedder(settings)
    await embedder.embed(messages[:64])
    start, cpu = time.perf_counter(), time.process_time()
    await embedder.embed(messages)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    embedder.close()
    return len(messages) / seconds, cpu / len(messages)


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
