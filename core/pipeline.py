"""The way of a lead once it is safe, as one readable function; every step may run twice and does no harm."""

import asyncio
from dataclasses import dataclass

import structlog

from core import metrics
from core.errors import NotAllowed
from core.giving import give
from core.hooks.calls import HookEvent
from core.lead import SYSTEM, age_seconds
from core.noise.notices import Notice, Reason
from core.parts import Parts, Step
from core.understanding import Understanding

log = structlog.get_logger()

PLACEHOLDER_SECONDS = 0.7
"""A lead that takes longer to recognise and to read by rules gets a placeholder card first."""

JOIN_TRIES = 3
"""Equal leads that come at once are merged at once: what one of them joins may itself just be joining."""


async def lead_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """From stored to shown, understood, compared and synced."""
    arrival = Arrival(parts=parts)
    first = await step("understand", arrival.understand, lead_id)
    if first is not None and await step("join", arrival.join, lead_id, first):
        await step("publish", parts.publish_merged, again_key(lead_id))
        await step("notify", arrival.asked_again, lead_id)
    else:
        await step("publish", arrival.publish, lead_id)
    log.info("lead_processed", lead_id=lead_id)
    metrics.leads_processed.inc()
    metrics.lead_processing_seconds.observe(age_seconds(lead_id))


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """The steps of a lead that came in; few, since each costs the engine two transactions."""

    parts: Parts

    async def understand(self, lead_id: str) -> str | None:
        """Recognise the lead and read it, and show it; then let the model read it, if any, and show it anew.

        The id of the lead whose request this surely is again, and which is open: such a lead gets no card.
        """
        parts, knowing = self.parts, Understanding(parts=self.parts)
        local = asyncio.create_task(knowing.take_in(lead_id), name=f"understand:{lead_id}")
        try:
            first = await asyncio.wait_for(asyncio.shield(local), PLACEHOLDER_SECONDS)
        except TimeoutError:
            await parts.show(lead_id)
            first = await local
        except asyncio.CancelledError:
            local.cancel()
            raise
        if first is not None:
            return first
        await give(parts, lead_id)
        if await parts.store.conversations.of(lead_id):
            await parts.open_talk(lead_id)
        if parts.analyst.has_model:
            await knowing.reread(lead_id)
            await knowing.second_opinion(lead_id)
            await parts.show(lead_id)
        return None

    async def join(self, lead_id: str, first_id: str) -> bool:
        """Let the first lead stand for this one, which only repeats it; False where that may not be."""
        key, merges = again_key(lead_id), self.parts.store.merges
        for _ in range(JOIN_TRIES):
            first = await self.parts.store.leads.standing_for(first_id)
            try:
                await merges.merge(key, lead_id, into=first.lead_id, actor=SYSTEM, reason="asked again")
            except NotAllowed as error:  # the first was merged at this moment, or closed
                log.info("not_joined", lead_id=lead_id, why=str(error))
            else:
                return True
        await give(self.parts, lead_id)  # it stays a lead of its own
        return False

    async def publish(self, lead_id: str) -> None:
        """Bring what is known to the CRM, and tell whoever is registered; the card says it already."""
        await self.parts.sync(lead_id)
        await self._announce(lead_id)

    async def asked_again(self, lead_id: str) -> None:
        """Whose request it is that this lead repeats is told, and whoever is registered."""
        lead = await self.parts.store.leads.get(lead_id)
        first = await self.parts.store.leads.standing_for(lead_id)
        if first.owner is not None:
            await self.parts.notices.give(
                Notice(
                    key=again_key(lead_id),
                    reason=Reason.ASKED_AGAIN,
                    lead_id=first.lead_id,
                    desk=first.desk,
                    to=first.owner,
                    why=lead.number,
                )
            )
        await self._announce(lead_id)

    async def _announce(self, lead_id: str) -> None:
        await self.parts.telling.announce(HookEvent.PROCESSED, lead_id, f"processed:{lead_id}")


def again_key(lead_id: str) -> str:
    """The key of the merge of a lead that only repeats another one."""
    return f"again:{lead_id}"
