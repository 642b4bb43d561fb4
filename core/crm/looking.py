"""Looks at what was changed in the CRM by its people: taken over, shown, and told where it does not fit."""

from typing import Final

import structlog

from core.lead import utcnow
from core.parts import Parts

log = structlog.get_logger()

DRIFT: Final = "The CRM's table was changed, and leads go on without this: {}."


async def pull(parts: Parts) -> None:
    """Take over what people changed in the CRM, and show it."""
    for lead_id in await parts.crm.pull(utcnow()):
        await parts.show(lead_id)


async def watch_table(parts: Parts) -> None:
    """Tell the admins, once, what the CRM's table does not take any more; leads go on without it."""
    for sentence in await parts.crm.drift(parts.desks.channels):
        log.warning("crm_drift", why=sentence)
        await parts.board.warn(f"crm:{utcnow():%Y%m%d}:{sentence}", DRIFT.format(sentence))
