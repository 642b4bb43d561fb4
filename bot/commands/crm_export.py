"""`basecamp crm export`: all leads as CSV or XLSX, in the words of the CRM's fields."""

import csv
import sys
from pathlib import Path

from rich.console import Console

from bot.making import load_businesses, load_desks, load_mappings
from bot.settings import Settings
from core.crm.export import export_rows, write_xlsx
from core.lead import Lead
from core.reader import reading
from core.store import open_store


async def export(settings: Settings, out: Path | None) -> None:
    """Write the file; that each lead's contact data left the house becomes part of its history."""
    mapping = load_mappings(settings, load_desks(settings, load_businesses(settings))).plain
    try:
        target = sys.stdout if out is None else out.open("w", newline="", encoding="utf-8")
    except OSError as error:
        sys.exit(f"basecamp crm export: {out} cannot be written ({error.strerror})")
    store = await open_store(settings.database)
    leads: list[Lead] = []
    try:
        async for batch in store.leads.every():
            await store.events.add([reading(lead, "command:crm export") for lead in batch])
            leads.extend(batch)
    finally:
        await store.close()
    with target:
        if out is not None and out.suffix == ".xlsx":
            write_xlsx(leads, mapping, out)
        else:
            csv.writer(target).writerows(export_rows(leads, mapping))
    Console(stderr=True).print(f"{len(leads)} leads exported")
