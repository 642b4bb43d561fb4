"""Times looking one lead up among many and deciding on it: ``python -m bench.recognise [SIZES…] [URL]``.

Without the embedding. Beside it a full scan: the lead compared with each stored profile.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from sqlalchemy import select
from uuid_utils.compat import uuid7

from bench.leads import leads
from core.adapters.chroma import Chroma
from core.adapters.embedder import NoEmbedder
from core.backfill import Backfill, Column, Past, read_row
from core.errors import Refused
from core.identity import Profile, compare, keys, profile_of
from core.lead import Lead, utcnow
from core.recognise import Recogniser
from core.similar.search import Search
from core.store import Store, open_store
from core.store.history import OldLead, add_old_leads
from core.store.people import Turn
from core.store.tables import profiles

ASKED = 1_000
"""Leads that are looked up and decided on, the next ones of the same stream, one transaction each."""

SCANNED = 2_000
"""Profiles a full scan is measured on; the rest is extrapolated."""

COLUMNS = tuple(
    Column(name=name, field=name)
    for name in ("first_name", "last_name", "email", "phone", "message", "received_at", "source")
)


async def main(sizes: list[int], database_url: str | None) -> None:
    """Measure at each size, on SQLite unless an empty database is named (then at one size)."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store = await open_store(database_url or f"sqlite:///{folder}/basecamp.db")
            nothing = NoEmbedder(Refused("Embedding", "not measured"))
            search = Search(store, nothing, Chroma(Path(folder) / "chroma", None), threshold=1, limit=1)
            recogniser = Recogniser(store=store, search=search, region="US")
            backfill = Backfill(
                store=store,
                recogniser=recogniser,
                desk="",
                business_type="general",
                file="bench",
                embed=False,
            )
            stream = rows(size + ASKED)
            started = time.perf_counter()
            async for _ in backfill.take(islice(stream, size)):
                pass
            rate = size / (time.perf_counter() - started)
            print(f"{size:,} leads stored, {rate:.0f}/s without the embedding", flush=True)
            await _measure(store, recogniser, await _asked(store, list(stream)), size)
            await store.close()


def rows(count: int) -> Iterator[Past]:
    """The made-up leads as rows of a file."""
    for line, values in enumerate(leads(count), start=1):
        yield read_row(
            values,
            COLUMNS,
            key=str(line),
            line=line,
            source="bench",
            now=utcnow(),
            business_types=frozenset(),
        )


async def _asked(store: Store, past: Sequence[Past]) -> list[Lead]:
    """Leads that are stored and not compared yet."""
    old = [
        OldLead(
            lead_id=str(uuid7()),
            event_key=row.key,
            draft=row.draft,
            desk_status=row.desk_status,
            owner=None,
            body=row.body,
            why="bench",
        )
        for row in past
    ]
    return await store.database.write(
        lambda connection: add_old_leads(connection, old, desk="", business_type="general", actor="bench")
    )


async def _measure(store: Store, recogniser: Recogniser, asked: Sequence[Lead], size: int) -> None:
    inside, cpu, whole, looked = [], [], [], []
    for lead in asked:

        def work(turn: Turn, lead: Lead = lead) -> None:
            started, worked = time.perf_counter(), time.thread_time()
            recogniser.decide(turn, lead, None, ())
            inside.append(time.perf_counter() - started)
            cpu.append(time.thread_time() - worked)

        started = time.perf_counter()
        await store.people.in_turn(work)
        whole.append(time.perf_counter() - started)
        looked.append(await _candidates(store, lead))
    _say("look-up and decision", inside)
    _say("  of this CPU", cpu)
    _say("  with its transaction", whole)
    print(f"  candidates compared: mean {np.mean(looked):.1f}, p99 {np.quantile(looked, 0.99):.0f}")
    scans = await _scans(store, asked[:10], size)
    _say(
        "  full scan" + (f" (measured on {SCANNED:,}, times {size / SCANNED:.0f})" if size > SCANNED else ""),
        scans,
    )


async def _candidates(store: Store, lead: Lead) -> int:
    """How many profiles are compared with the lead's."""
    profile = profile_of(lead.contact, lead.message, region="US")
    seen: list[Profile] = []

    def note(other: Profile) -> bool:
        seen.append(other)
        return False

    def look(turn: Turn) -> None:
        turn.meet(lead.lead_id, profile, keys(profile), worth=note)

    await store.people.in_turn(look)
    return len(seen)


async def _scans(store: Store, asked: Sequence[Lead], size: int) -> list[float]:
    query = select(profiles.c.profile).limit(SCANNED)
    rows = await store.database.read(lambda connection: connection.execute(query).scalars().all())
    held = [Profile.model_validate(row) for row in rows[:size]]
    taken = []
    for lead in asked:
        profile = profile_of(lead.contact, lead.message, region="US")
        started = time.perf_counter()
        for other in held:
            compare(profile, other)
        taken.append((time.perf_counter() - started) * size / len(held))
    return taken


def _say(what: str, seconds: Sequence[float]) -> None:
    p50, p99 = np.quantile(np.array(seconds) * 1000, [0.5, 0.99])
    print(f"{what}: p50 {p50:.2f} ms, p99 {p99:.2f} ms", flush=True)


if __name__ == "__main__":
    named = [argument for argument in sys.argv[1:] if "://" in argument]
    asyncio.run(
        main(
            [int(each) for each in sys.argv[1:] if each.isdigit()] or [1_000, 10_000, 100_000],
            next(iter(named), None),
        )
    )
