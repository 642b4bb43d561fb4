"""`basecamp crm export`: all leads as CSV, in the words of the CRM's fields."""

import csv
import sys
from pathlib import Path

from rich.console import Console

from bot.app import MAPPING
from bot.settings import Settings
from core.crm import export_rows
from core.desk import reading
from core.lead import Lead
from core.store import open_store


async def export(settings: Settings, out: Path | None) -> None:
    """Write the CSV; that each lead's contact data left the house becomes part of its history."""
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
        csv.writer(target).writerows(export_rows(leads, MAPPING))
    Console(stderr=True).print(f"{len(leads)} leads exported")
