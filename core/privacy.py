"""What must not stay: erased leads, in the store and wherever else; deliveries that never became leads."""

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

import structlog

from core.actions import Action
from core.errors import Refused, Unavailable
from core.lead import Lead
from core.model.opinion import pair_fingerprint
from core.model.question import fingerprint
from core.parts import Parts
from core.store import Store
from core.store.erasures import Left

log = structlog.get_logger()

OF_A_LEAD = (
    *("lead:{}", "action:{}:", "redo:{}:", "sla:{}:"),
    *("open:{}", "turn:{}:", "nudge:{}:", "source:{}:", "hook:{}:"),
)
"""How the engine's keys of a lead's work begin."""


REFUSED_FOR = timedelta(days=30)
"""How long a delivery is kept that can be no lead: time to mend what refused it, and to read it again."""


async def erase(parts: Parts, action: Action) -> None:
    """Remove the lead, and all that were merged into it, from the store; NotFound, NotAllowed.

    Work under way on them ends first, so that nothing is written to the CRM or Slack any more.
    """
    if await parts.store.erasures.has(action.key):
        return
    found = await parts.store.erasures.erasable(action.lead_id)
    await parts.journal.forget(_keys([lead.lead_id for lead in found]))
    found = await parts.store.erasures.erasable(action.lead_id)  # what ran may have changed it meanwhile
    left = await _left(parts, found)
    await parts.store.erasures.erase(action.key, found, left, by=action.actor)
    log.info("lead_erased", leads=len(found))


async def clear(parts: Parts, key: str) -> str:
    """Remove what is left elsewhere of what this action erased; what to tell whoever asked for it."""
    erased = await parts.store.erasures.of(key)
    numbers = ", ".join(f"L-{number}" for number, _ in sorted(erased))
    away = [await _clear(parts, left) for _, left in erased if left is not None]
    rest = "".join(
        f" {service} does not answer: it is removed there as soon as it does."
        for service in filter(None, away)
    )
    return f"Erased: {numbers}. What people wrote in Slack themselves stays.{rest}"


async def clear_left(parts: Parts, *, before: datetime) -> None:
    """Remove what is left elsewhere of what was erased before then.

    Everything is gone through once more: what was under way when a lead was erased may have written since.
    """
    for number, left in await parts.store.erasures.left(before=before):
        if await _clear(parts, left) is None:
            await parts.store.erasures.done(number)


async def let_go(store: Store, now: datetime) -> None:
    """Remove refused deliveries in their time; what waits for somebody was taken, and stays."""
    if count := await store.kept.let_go(refused_before=now - REFUSED_FOR):
        await store.database.tidy()
        log.info("deliveries_let_go", count=count)


async def _clear(parts: Parts, left: Left) -> str | None:
    """The name of a service that is away, if one is; all that can be removed is removed."""
    away: str | None = None
    await parts.journal.forget(_keys(left.lead_ids))
    await parts.journal.forget_answered()
    await parts.store.answers.forget(left.digests)
    for lead_id in left.lead_ids:
        away = await _tried(parts.crm.table.forget(lead_id)) or away
        for key, (channel, ts) in (await parts.store.posts.named_after(lead_id)).items():
            away = await _tried(parts.board.remove(channel, ts)) or away
            await parts.store.posts.forget(key)
    away = await _tried(parts.search.forget(left.lead_ids)) or away
    for channel, ts in left.posts:
        away = await _tried(parts.board.remove(channel, ts)) or away
    await parts.store.database.tidy()
    return away


async def _tried(removing: Awaitable[None]) -> str | None:
    try:
        await removing
    except (Unavailable, Refused) as error:
        log.warning("erasure_waits", service=error.service, why=error.why)
        return error.service
    return None


async def _left(parts: Parts, found: Sequence[Lead]) -> Left:
    lead_ids = [lead.lead_id for lead in found]
    others = {match.lead_id for lead in found for match in lead.matches}
    earlier = {lead.lead_id: lead for lead in await parts.store.leads.get_many(sorted(others))}
    digests = {fingerprint(lead.message) for lead in found}
    for lead in found:
        for match in lead.matches:
            if match.lead_id in earlier:
                digests.add(pair_fingerprint(lead.message, earlier[match.lead_id].message))
    posts = await parts.store.posts.of_leads(lead_ids)
    return Left(lead_ids=tuple(lead_ids), posts=tuple(posts), digests=tuple(sorted(digests)))


def _keys(lead_ids: Sequence[str]) -> list[str]:
    return [begins.format(lead_id) for lead_id in lead_ids for begins in OF_A_LEAD]
