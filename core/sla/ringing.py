"""What happens when an alarm rings, done durably: the steps that are due, the card, then who is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from core.errors import Refused, Unavailable
from core.parts import Parts, Step
from core.sla.alarm import Alarm
from core.sla.clock import RETURNED

log = structlog.get_logger()

TELLS: Final = 60
"""How many times those are tried who could not be told: an hour, then it is old news."""


@dataclass(frozen=True, kw_only=True)
class Rings:
    """The steps of an alarm that rings."""

    parts: Parts

    async def tell(self, alarm: Alarm) -> bool:
        """Tell those whom it concerns, each once; False when somebody could not be told."""
        is_told = True
        try:
            for notice in await self.parts.timing.told(alarm):
                await self.parts.notices.give(notice)
        except (Unavailable, Refused) as error:
            log.warning("not_told", lead_id=alarm.lead_id, service=error.service, why=error.why)
            is_told = False
        return is_told


async def sla_pipeline(step: Step, parts: Parts, ringing: Mapping[str, Any]) -> None:
    """From an alarm to the changed lead, its card, and the people who are told."""
    alarm = Alarm.model_validate(ringing)
    done = await step("ring", parts.timing.ring, alarm)
    if not done:
        return
    log.info("ladder_climbed", steps=done)
    await step("publish", parts.publish if RETURNED in done else parts.show, alarm.lead_id)
    is_told = await step("tell", Rings(parts=parts).tell, alarm)
    if not is_told and alarm.again < TELLS:
        await step("again", parts.timing.again, alarm)
