"""`basecamp crm setup`: shows what the table lacks for the mapping, and makes it when told to."""

import sys

from rich.console import Console
from rich.prompt import Confirm

from bot.making import load_businesses, load_desks, load_mappings, make_airtable
from bot.settings import Settings
from core.adapters.airtable_setup import carry_out
from core.crm.setup import plan
from core.store import open_store


async def setup(settings: Settings, *, yes: bool) -> None:
    """Print the steps; take them after a yes. Raises Unavailable, Refused."""
    if settings.crm_kind != "airtable":
        sys.exit("basecamp crm setup: the CRM is the local one, which needs none (set AIRTABLE_API_KEY)")
    mappings = load_mappings(settings, load_desks(settings, load_businesses(settings)))
    console = Console(highlight=False)
    store = await open_store(settings.database)
    airtable = make_airtable(settings, store, mappings)
    try:
        for mapping in mappings.every:
            live = await airtable.live()
            steps = plan(mapping, live.fields if live else None, settings.airtable_table_name)
            for step in steps:
                console.print(step.says, markup=False)
            if not steps:
                console.print(f"{mapping.name}: nothing is missing")
            elif yes or Confirm.ask("Do that in Airtable?", console=console):
                for step in steps:
                    await carry_out(airtable.calls, step, live.table_id if live else None)
                airtable.forget_schema()
                console.print("Done.")
    finally:
        await airtable.close()
        await store.close()
