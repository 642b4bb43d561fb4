"""`basecamp crm sync`: brings leads and records together by hand: some, all, or only showing what differs."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.making import load_businesses, load_desks, load_mappings, make_crm
from bot.settings import Settings
from core.crm.cells import text
from core.crm.sync import CrmSync, Outcome
from core.errors import Refused, Unavailable
from core.lead import OPEN, Lead, Part, utcnow
from core.reader import reading
from core.store import Store, open_store

PLACE = "sync --all"
"""The mark of how far a run over all leads has come: the number of its last lead."""

BATCH = 100

LONGEST_WAIT = 60.0
"""Seconds for which a run waits when it is asked to; after more it stops, and goes on the next time."""

CELL = 60


async def sync(settings: Settings, numbers: Sequence[str], *, every: bool, diff: bool) -> None:
    """Sync these leads, or all from where the last run stopped; diff: only print what differs."""
    if every == bool(numbers):
        sys.exit("basecamp crm sync: name leads, such as L-1042, or say --all")
    console = Console(highlight=False)
    async with _opened(settings) as crm:
        leads = crm.store.leads
        named = [await leads.by_number(number) for number in numbers]
        if diff:
            batches = leads.every(batch=BATCH) if every else _one(named)
            await _show_differences(crm, batches, console)
        elif every:
            await _all(crm, console)
        else:
            console.print(_said(await _batch(crm, named)))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[CrmSync]:
    mappings = load_mappings(settings, load_desks(settings, load_businesses(settings)))
    store: Store = await open_store(settings.database)
    table = make_crm(settings, store, mappings)
    try:
        yield CrmSync(store=store, table=table, mapping=mappings.of)
    finally:
        await table.close()
        await store.close()


async def _all(crm: CrmSync, console: Console) -> None:
    """From the mark on; it is moved after each batch, and gone at the end."""
    mark = await crm.store.crm.mark(PLACE)
    if mark:
        console.print(f"Goes on after L-{mark}.")
    done: Counter[str] = Counter()
    with Progress(console=console) as progress:
        task = progress.add_task("leads", total=await crm.store.leads.count())
        async for batch in crm.store.leads.every(batch=BATCH):
            progress.advance(task, len(batch))
            if mark and int(batch[-1].number.removeprefix("L-")) <= int(mark):
                continue
            done += await _batch(crm, [lead for lead in batch if _belongs(lead)])
            await crm.store.crm.put_mark(PLACE, batch[-1].number.removeprefix("L-"))
    await crm.store.crm.put_mark(PLACE, None)
    console.print(_said(done))


def _belongs(lead: Lead) -> bool:
    """Whether it is in the CRM or on its way; what was imported as history never goes there."""
    return lead.crm.record_id is not None or lead.desk_status in OPEN or Part.CRM in lead.missing


async def _batch(crm: CrmSync, leads: Sequence[Lead]) -> Counter[str]:
    """Sync them at once; waits when it is asked to wait, and then does again what failed by that."""
    done: Counter[str] = Counter()
    left = list(leads)
    while left:
        outcomes = await asyncio.gather(
            *(crm.sync(lead.lead_id, look=True) for lead in left), return_exceptions=True
        )
        again, wait = [], 0.0
        for lead, outcome in zip(left, outcomes, strict=True):
            if isinstance(outcome, Outcome):
                done[outcome.name.lower()] += 1
                if outcome in {Outcome.TAKEN, Outcome.ASKED}:  # the running bot shows it
                    await crm.store.waiting.put(
                        lead.lead_id, Part.CARD, "its turn", utcnow(), not_before=timedelta()
                    )
            elif isinstance(outcome, Unavailable) and 0 < (outcome.retry_after or 0) <= LONGEST_WAIT:
                again.append(lead)
                wait = max(wait, outcome.retry_after or 0)
            elif isinstance(outcome, Refused):
                done[f"{lead.number}: {outcome}"] += 1
            else:
                raise outcome
        left = again
        await asyncio.sleep(wait)
    return done


async def _show_differences(crm: CrmSync, batches: AsyncIterator[list[Lead]], console: Console) -> None:
    table = Table("lead", "field", "here", "there")
    async for batch in batches:
        rows = await crm.table.rows([lead.lead_id for lead in batch])
        for lead in filter(_belongs, batch):
            found = await crm.differences(lead, rows.get(lead.lead_id))
            if found:
                await crm.store.events.add([reading(lead, "command:crm sync --diff")])
            for field, (ours, theirs) in found.items():
                table.add_row(lead.number, field, *(_cell(each) for each in (ours, theirs)))
    if table.row_count:
        console.print(table, markup=False)
    else:
        console.print("Nothing differs.")


def _cell(value: object) -> str:
    shown = "" if value is None else " ".join(text(value).split())
    return shown if len(shown) <= CELL else shown[: CELL - 1] + "…"


def _said(done: Counter[str]) -> str:
    return "\n".join(f"{count} {what}" for what, count in done.items()) or "no leads"


async def _one(leads: list[Lead]) -> AsyncIterator[list[Lead]]:
    yield leads
