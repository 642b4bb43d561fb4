"""How long lists of leads and searches for words take at 100,000 leads: ``python -m bench.lists``."""

import asyncio
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection, insert

from core.lead import DeskStatus, Status, SyncStatus, utcnow
from core.listing import Filter, Listed, terms
from core.store import open_store
from core.store.tables import leads

LEADS, BATCH = 100_000, 5_000

ASKED = {
    "open": Listed(),
    "hot": Listed(filter=Filter.HOT),
    "mine, of somebody who has none": Listed(filter=Filter.MINE, owner="U1"),
    "a page far down": Listed(before=5_000),
    **{
        f"find {words}": Listed(filter=Filter.FOUND, terms=terms(words))
        for words in ("honda", "family77", "zebra", "honda brakes zebra", "415 5001234", "m\u00fcller")
    },
}


def _row(number: int) -> dict[str, object]:
    now = utcnow()
    return {
        "lead_id": f"{number:036d}",
        "status": Status.SYNCED,
        "desk_status": DeskStatus.NEW if number % 10 == 0 else DeskStatus.WON,
        "business_type": "general",
        "desk": "C1",
        "source": "api",
        "first_name": f"Name{number}",
        "last_name": f"Family{number}",
        "email": f"u{number}@example.com",
        "phone": f"+1 415 5{number:06d}",
        "message": "My 2019 Honda Civic's brakes are grinding badly, can you look at it today? " * 3,
        "custom_fields": {},
        "analysis": None,
        "crm_status": SyncStatus.SUCCESS,
        "received_at": now,
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }


async def main() -> None:
    """Fill a SQLite store and time one page of each."""
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{Path(folder) / 'leads.db'}")
        for start in range(0, LEADS, BATCH):
            rows = [_row(number) for number in range(start, start + BATCH)]

            def fill(connection: Connection, rows: list[dict[str, object]] = rows) -> None:
                connection.execute(insert(leads), rows)

            await store.database.write(fill)
        for name, listed in ASKED.items():
            started = time.perf_counter()
            page = await store.queues.page(listed)
            print(f"{name:32} {1000 * (time.perf_counter() - started):7.1f} ms  {len(page.leads):3} leads")
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
