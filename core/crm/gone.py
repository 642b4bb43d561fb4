"""Records that people deleted in the CRM: each lead whose record it was asks what shall become of it."""

import hashlib
from contextlib import suppress
from typing import Final

import structlog

from core.crm.reconcile import Link
from core.crm.sync import CrmSync, Outcome
from core.errors import NotFound
from core.parts import Parts

log = structlog.get_logger()

ASKED_MOST: Final = 25
"""Deleted one by one, leads ask; more at once were a clean-up or an accident, and nobody answers hundreds."""

MANY: Final = (
    "The records of {count} leads were deleted in the CRM, or their Lead ID was emptied. So many do not "
    "ask one by one: `basecamp crm sync L-…` asks about a lead, `basecamp crm sync --all` about each of them."
)


async def ask_about_gone(parts: Parts) -> None:
    """Look for deleted records of which nobody was asked yet, and ask. Raises Unavailable, Refused."""
    gone = await gone_leads(parts.crm)
    log.info("looked_for_gone_records", gone=len(gone))
    if len(gone) > ASKED_MOST:
        digest = hashlib.sha256(" ".join(gone).encode()).hexdigest()
        await parts.board.warn(f"crm_gone:{digest}", MANY.format(count=len(gone)))
        return
    for lead_id in gone:
        with suppress(NotFound):  # erased meanwhile
            if await parts.crm.sync(lead_id, look=True) == Outcome.ASKED:
                await parts.show(lead_id)


async def gone_leads(crm: CrmSync) -> list[str]:
    """The leads whose record is not in the table any more, but those that asked already or stay out of it.

    Reads the whole table, a hundred records a request.
    """
    known = await crm.store.crm.with_record()  # before the table is read: what comes meanwhile is no matter
    there = await crm.table.lead_ids()
    missing = [lead_id for lead_id in known if lead_id not in there]
    links = await crm.store.crm.of(missing)
    return [lead_id for lead_id in missing if not _settled(links.get(lead_id, Link()))]


def _settled(link: Link) -> bool:
    return link.left_out or (link.question is not None and link.question.gone)
