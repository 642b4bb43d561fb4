"""What of a lead waits for a service that is away: why is kept, and it is tried again by the clock."""

from datetime import datetime, timedelta

import structlog

from core import metrics
from core.crm.sync import CrmSync
from core.errors import Refused, Unavailable
from core.lead import Lead, Part, utcnow
from core.store import Store

log = structlog.get_logger()

RETRY_REFUSED = timedelta(hours=1)
"""A firm no does not change by itself; once an hour somebody may have mended it."""

GIVE_UP = timedelta(days=1)
"""After so long the CRM is not tried any more by itself: the card says why, and has a button."""


async def put_off(store: Store, lead_id: str, part: Part, error: Unavailable | Refused) -> datetime:
    """The part is tried again; since when it waits."""
    retry_after = timedelta(seconds=(isinstance(error, Unavailable) and error.retry_after) or 0)
    pause = RETRY_REFUSED if isinstance(error, Refused) else retry_after
    metrics.failures.labels(error.service).inc()
    log.warning("part_waits", lead_id=lead_id, part=part.value, service=error.service, why=error.why)
    return await store.waiting.put(lead_id, part, str(error), utcnow(), not_before=pause)


async def put_off_crm(store: Store, crm: CrmSync, lead: Lead, error: Unavailable | Refused) -> bool:
    """The lead is tried again later; whether its card has to say something else now."""
    since = await put_off(store, lead.lead_id, Part.CRM, error)
    over = utcnow() - since > GIVE_UP
    if not over and isinstance(error, Unavailable):
        return Part.CRM not in lead.missing
    news = await crm.fail(lead, str(error))
    if over:  # from now on a person decides: the card has a button
        await store.waiting.done(lead.lead_id, Part.CRM)
    return news
