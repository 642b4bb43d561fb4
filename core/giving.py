"""Gives a lead to whoever is to have it: decided once, shown, and its owner told."""

import structlog

from core import metrics
from core.errors import Refused, Unavailable
from core.noise.notices import Notice, Reason
from core.parts import Parts
from core.routing.assigning import assignment_key

log = structlog.get_logger()


async def give(parts: Parts, lead_id: str, occasion: str | None = None) -> None:
    """Decide whose the lead is, once, then show it and tell its owner.

    occasion: the key of what put it up again, such as a move; None: it is new.
    """
    key = occasion or assignment_key(lead_id)
    decision = await parts.routing.assign(lead_id, key)
    await parts.show(lead_id, at_once=occasion is not None)
    if decision is None or decision.owner is None:
        return
    notice = Notice(
        key=f"{key}:{decision.owner}",
        reason=Reason.ASSIGNED,
        lead_id=lead_id,
        desk=decision.desk,
        to=decision.owner,
        why=decision.reason,
    )
    try:
        await parts.notices.give(notice)
    except (Unavailable, Refused) as error:  # the card says it too
        metrics.failures.labels(error.service).inc()
        log.warning("owner_not_told", lead_id=lead_id, service=error.service, why=error.why)
