"""A store and an Airtable with the syncs between them, without a desk around: what the CRM's tests run on."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.sandbox import airtable as airtable_stand_in
from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable_base import later_fields
from core.adapters.airtable import Airtable
from core.crm.cells import same
from core.crm.fields import to_fields
from core.crm.mapping import Owner, preset
from core.crm.reconcile import Link
from core.crm.sync import CrmSync
from core.errors import Refused, Unavailable
from core.lead import Contact, Draft, Event, Lead, Part, utcnow
from core.pace import OwnPace
from core.store import Store, open_store
from core.store.submissions import Submission

LATER = preset("later")

_keys = itertools.count()


@dataclass
class CrmSide:
    """The store, Airtable, and two processes that sync."""

    store: Store
    airtable: AirtableStandIn
    syncs: tuple[CrmSync, CrmSync]
    lead_ids: list[str] = field(default_factory=list)

    @property
    def sync(self) -> CrmSync:
        """The first process."""
        return self.syncs[0]

    async def lead(self, **contact: Any) -> str:
        """A new lead; its id."""
        plain = Contact(first_name="Ana", phone="+1 415 555 0123")
        lead_id = await stored(self.store, "#leads", Contact(**contact) if contact else plain)
        self.lead_ids.append(lead_id)
        return lead_id

    async def change(self, lead_id: str, **changes: Any) -> None:
        """The desk changes the lead's columns."""
        line = Event(
            event_id=f"change-{next(_keys)}",
            lead_id=lead_id,
            at=utcnow(),
            actor="U1",
            what="edited",
            told=True,
        )
        await self.store.leads.act(line, lambda _lead: changes)

    def row(self, lead_id: str) -> Mapping[str, Any]:
        """The cells of the lead's only record."""
        (found,) = [row for row in self.airtable.rows if row.get("Lead ID") == lead_id]
        return found

    async def link(self, lead_id: str) -> Link:
        """What both last agreed on."""
        return (await self.store.crm.of([lead_id])).get(lead_id, Link())

    async def settle(self) -> None:
        """Sync and pull until nothing moves any more; the weather is fine."""
        for _ in range(4):
            for lead_id in self.lead_ids:
                await self.sync.sync(lead_id, look=True)
            await self.sync.pull(utcnow())

    async def answer_all(self, *, keep_ours: bool) -> None:
        """Somebody decides all that is asked."""
        for lead_id in self.lead_ids:
            link = await self.link(lead_id)
            if link.question is not None:
                line = Event(
                    event_id=f"answer-{next(_keys)}",
                    lead_id=lead_id,
                    at=utcnow(),
                    actor="U1",
                    what="kept_ours",
                    told=True,
                )
                await self.sync.answer(line, link.question.id, keep_ours=keep_ours)

    async def differing(self, lead: Lead) -> dict[str, tuple[Any, Any]]:
        """The cells that are not what the lead says; notes and status may be the people's there."""
        wanted = to_fields(lead, LATER, await self.sync.table.schema()).values
        row = self.row(lead.lead_id)
        theirs = {c.field for c in LATER.columns if c.owner == Owner.THEIRS or c.path == "desk_status"}
        return {
            name: (want, row.get(name))
            for name, want in wanted.items()
            if name not in theirs and not same(want, row.get(name))
        }


async def stored(store: Store, desk: str, contact: Contact) -> str:
    """A lead that nobody works on yet; its id."""
    key = f"event-{next(_keys)}"
    accepted = await store.submissions.accept(
        Submission(
            source="web_form",
            event_key=key,
            fingerprint=key,
            content_type="application/json",
            body=b"{}",
            received_at=utcnow(),
        ),
        Draft(contact=contact, message="My brakes grind.", source="web_form", received_at=utcnow()),
        desk=desk,
        business_type="automotive",
        actor="webhook:web_form",
        enlist=lambda _connection, _lead_id: None,
    )
    return accepted.lead_id


async def after_an_outage(store: Store, desk: str, count: int) -> list[str]:
    """So many leads that wait for the CRM; their ids."""
    due = utcnow() - timedelta(hours=2)

    async def waiting(number: int) -> str:
        contact = Contact(first_name=f"Lead {number}", email=f"lead{number}@example.com")
        lead_id = await stored(store, desk, contact)
        await store.waiting.put(lead_id, Part.CRM, "Airtable: away", due, not_before=timedelta())
        return lead_id

    return [
        lead_id
        for first in range(0, count, 500)
        for lead_id in await asyncio.gather(*map(waiting, range(first, min(first + 500, count))))
    ]


async def tried(sync: CrmSync, lead_id: str) -> None:
    """A sync in whatever weather."""
    try:
        await sync.sync(lead_id)
    except (Unavailable, Refused):
        return


@asynccontextmanager
async def crm_side(folder: Path, *, rate: int | None = None) -> AsyncIterator[CrmSide]:
    """Open, with the "later" preset's table."""
    fields = later_fields()
    intent = next(each for each in fields if each.name == "Intent")
    intent.choices += ["Complaint"]
    store = await open_store(f"sqlite:///{folder / 'basecamp.db'}")
    async with airtable_stand_in.running(rate=rate, fields=fields) as base:
        tables = [adapter(base), adapter(base)]
        first, second = (CrmSync(store=store, table=table, mapping=lambda _: LATER) for table in tables)
        yield CrmSide(store, base, (first, second))
        for table in tables:
            await table.close()
    await store.close()


def adapter(base: AirtableStandIn, **changes: Any) -> Airtable:
    """One process' Airtable, in a hurry."""
    hurry: dict[str, Any] = {"gather": 0.001, "pace": OwnPace(0.0001), "penalty": 0.001, "rest": 0.001}
    return Airtable(
        api_key=base.api_key,
        base_id=base.base_id,
        table_name=base.table_name,
        endpoint_url=base.endpoint_url,
        **{**hurry, **changes},
    )
