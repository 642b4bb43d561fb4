"""Telling people about leads: kept first, then said at its time, once, as one message where it can be one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.desks import Desks
from core.errors import Refused, Unavailable
from core.lead import Lead, utcnow
from core.noise.loudness import again_at, is_direct, is_moot, plan
from core.noise.notices import Notice
from core.parts import Step
from core.reps import person
from core.store import Store
from core.store.notices import Kept

log = structlog.get_logger()

TRY_AGAIN = timedelta(seconds=30)
NO_CARD_YET = timedelta(seconds=5)
REFUSED = timedelta(hours=1)
"""After how long what could not be said is tried again; a firm no does not change by itself."""

Place = tuple[str, str]
"""Channel and ts of a message."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice in a message, with its lead as it is now.

    Attributes:
        times: how often it was said before.
    """

    notice: Notice
    lead: Lead
    times: int


class Teller(Protocol):
    """Says it. Raises Unavailable and Refused; the same key twice is one message."""

    async def direct(self, key: str, user: str, told: Sequence[Told]) -> Place | None:
        """Say all this to one person alone; None when that person cannot be written to."""

    async def in_thread(self, key: str, told: Sequence[Told], *, unreachable: bool) -> Place | None:
        """Say all this to one person in the thread of one of the cards; None while there is no card.

        unreachable: it was meant for the person alone, whom no message reaches.
        """


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """core.noise.notices.Notices, durably: given now, said when it is due."""

    store: Store
    desks: Desks
    teller: Teller

    async def give(self, notice: Notice) -> None:
        """Keep it with how loudly and when it is to be said; nothing is sent here."""
        desk, now = self.desks.of(notice.desk), utcnow()
        lead = await self.store.leads.get(notice.lead_id)
        own = None if notice.to is None else await self.store.reps.of(notice.desk, notice.to)
        who = None if notice.to is None or own is None else person(desk, notice.to, own)
        await self.store.notices.put(notice, plan(lead, who, desk, now), now)

    async def ring(self, batch: str) -> None:
        """Send the message of this batch, unless all in it is moot by now; sent before, it does nothing."""
        kept = await self.store.notices.batch(batch)
        leads = {
            lead.lead_id: lead
            for lead in await self.store.leads.get_many([each.notice.lead_id for each in kept])
        }
        moot = [each for each in kept if is_moot(each.notice, leads[each.notice.lead_id], acted=each.acted)]
        await self.store.notices.end([each.notice.key for each in moot])
        told = [
            (each, Told(notice=each.notice, lead=leads[each.notice.lead_id], times=each.sent))
            for each in kept
            if each not in moot
        ]
        if not told:
            return
        try:
            await self._say(told)
        except (Unavailable, Refused) as error:
            log.warning("not_told", batch=batch, service=error.service, why=error.why)
            pause = REFUSED if isinstance(error, Refused) else timedelta(seconds=error.retry_after or 0)
            await self._put_off(told, utcnow() + max(pause, TRY_AGAIN))

    async def _say(self, told: Sequence[tuple[Kept, Told]]) -> None:
        key, user, level = _key(told[0][0]), told[0][0].notice.to, told[0][0].level
        said, place, is_repeated = [each for _, each in told], None, False
        if user is not None and is_direct(level):
            place, is_repeated = await self.teller.direct(key, user, said), True
        if place is None:  # else a page in a thread would be one in everybody's sight, three times
            place, is_repeated = await self.teller.in_thread(key, said, unreachable=is_repeated), False
        if place is None:
            await self._put_off(told, utcnow() + NO_CARD_YET)
            return
        now = utcnow()

        def again(kept: Kept) -> datetime | None:
            return again_at(kept.level, kept.sent + 1, now) if is_repeated else None

        await self.store.notices.sent([kept for kept, _ in told], now, place, again)

    async def _put_off(self, told: Sequence[tuple[Kept, Told]], until: datetime) -> None:
        await self.store.notices.put_off([kept.notice.key for kept, _ in told], until)


def _key(kept: Kept) -> str:
    """The key of the message: the same however often it has to be tried."""
    return f"notice:{kept.notice.key}:{kept.sent}"


async def ring_pipeline(step: Step, ringing: Ringing, batch: str) -> None:
    """What somebody is told is due."""
    await step("ring", ringing.ring, batch)
