"""Keeps leads' clocks going: what the history makes of them, and the ladder's steps when they are due."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.deskfile.values import Rung
from core.desks import Desks
from core.hours import Calendar, desk_calendar, spelled
from core.lead import SYSTEM, Event, Lead, utcnow
from core.merge import UNMERGED
from core.noise.notices import Notice, Reason
from core.sla.alarm import Alarm, SetAlarm
from core.sla.clock import ESCALATED, REMINDED, RETURNED, Clock, allowed, clock_of
from core.sla.ladder import PAST, climb, returned
from core.store import Store
from core.store.clocks import Seen, Turn

REASONS: Final = {
    REMINDED: Reason.REMINDER,
    ESCALATED: Reason.ESCALATION,
    RETURNED: Reason.RETURNED,
}

TELL_AGAIN: Final = timedelta(minutes=1)
"""After which who could not be told is tried again."""

LATE: Final = timedelta(seconds=30)
"""From then on an alarm that should have rung is missed."""

LATE_BATCH: Final = 100
"""Alarms set anew at one tick of the sweep; what is left is late at the next."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clocks of all desks' leads.

    Attributes:
        leaders: a desk's channel -> the Slack user ids of those who are told what waits too long.
    """

    store: Store
    desks: Desks
    set_alarm: SetAlarm
    leaders: Callable[[str], Awaitable[Sequence[str]]]

    async def keep(self, lead_id: str) -> None:
        """Bring the lead's clock to what its history says, and set the alarm of its next step."""
        if not any(each.sla for each in self.desks.files):
            return
        seen = await self.store.clocks.see(lead_id)
        if self._look(seen) != seen.clock:
            await self.store.clocks.turn(lead_id, self._brought, self.set_alarm)

    async def ring(self, alarm: Alarm) -> list[str]:
        """Take the steps that are due, unless somebody has acted since or they were taken already.

        An alarm that rings too early, as when the clock of the machine was set back, does nothing: the sweep
        finds the step when it is due. What was done, now or when this alarm rang before, comes back as the
        history says it: REMINDED and so on.
        """
        await self.store.clocks.turn(
            alarm.lead_id, lambda seen: self._climb(seen, alarm, utcnow()), self.set_alarm
        )
        return [line.what for line in _lines(await self.store.clocks.see(alarm.lead_id), alarm)]

    async def told(self, alarm: Alarm) -> list[Notice]:
        """Whom to tell of the steps that this alarm took; nobody is bothered once somebody has acted."""
        seen = await self.store.clocks.see(alarm.lead_id)
        calendar = desk_calendar(self.desks.of(seen.lead.desk))
        is_over = seen.clock is None or seen.clock.stopped_at is not None
        return [
            Notice(
                key=f"{line.event_id}:{to or 'desk'}",
                reason=REASONS[line.what],
                lead_id=seen.lead.lead_id,
                desk=seen.lead.desk,
                to=to,
                why=_why(seen.clock, calendar, line.at),
            )
            for line in _lines(seen, alarm)
            if line.what == RETURNED or not is_over
            for to in await self._who(line, seen.lead)
        ]

    async def again(self, alarm: Alarm) -> None:
        """Ring once more in a while, for those who could not be told."""
        await self._set(alarm.model_copy(update={"at": utcnow() + TELL_AGAIN, "again": alarm.again + 1}))

    async def sweep(self, now: datetime) -> None:
        """Set alarms anew that should have rung: their enqueueing was lost, or their workflow failed."""
        for lead_id, clock in await self.store.clocks.late(now - LATE, limit=LATE_BATCH):
            minutes = int((now - (clock.next_at or now)) / TELL_AGAIN)
            if alarm := Alarm.of(lead_id, clock, again=minutes + 1):
                await self._set(alarm)

    async def _set(self, alarm: Alarm) -> None:
        await self.store.database.write(lambda connection: self.set_alarm(connection, alarm))

    async def _who(self, line: Event, lead: Lead) -> Sequence[str | None]:
        """Slack user ids; None: whoever is at the desk."""
        if line.what == RETURNED:
            return [line.why] if line.why else []
        if line.what == REMINDED:
            return [lead.owner]
        return await self.leaders(lead.desk) or [None]

    def _look(self, seen: Seen) -> Clock | None:
        desk = self.desks.of(seen.lead.desk)
        return clock_of(seen.lead, seen.history, desk.sla, desk_calendar(desk), seen.clock)

    def _brought(self, seen: Seen) -> Turn:
        # The alarm of before may have rung while the clock stood, and would not ring a second time.
        return Turn(self._look(seen), again=sum(line.what == UNMERGED for line in seen.history))

    def _climb(self, seen: Seen, alarm: Alarm, now: datetime) -> Turn:
        clock = self._look(seen)
        desk = self.desks.of(seen.lead.desk)
        within = allowed(seen.lead, desk.sla)
        if clock is None or clock.next_at is None or desk.sla is None or within is None:
            return Turn(clock)
        if clock.started_at != alarm.started_at or clock.rung != alarm.rung:
            return Turn(clock)
        climbed = climb(clock, within, desk.sla, desk_calendar(desk), now)
        changes = returned(seen.lead) if Rung.RETURN in climbed.steps else {}
        steps = [step for step in climbed.steps if changes or step != Rung.RETURN]
        return Turn(climbed.clock, changes, [_line(alarm, step, seen.lead, now) for step in steps])


def _lines(seen: Seen, alarm: Alarm) -> list[Event]:
    """What the history says of the steps that this alarm took."""
    return [line for line in seen.history if line.event_id.startswith(f"{alarm.step}:")]


def _line(alarm: Alarm, step: Rung, lead: Lead, at: datetime) -> Event:
    """What the history says; of a return, ``why`` is the Slack user id of whose it was."""
    return Event(
        event_id=f"{alarm.step}:{PAST[step]}",
        lead_id=lead.lead_id,
        at=at,
        actor=SYSTEM,
        what=PAST[step],
        why=lead.owner if step == Rung.RETURN else None,
        told=step == Rung.RETURN,
    )


def _why(clock: Clock | None, calendar: Calendar, at: datetime) -> str:
    """What there is to say of the waiting, as it was when the step was taken."""
    if clock is None:
        return "nobody acted on it in time"
    if at < clock.due_at:
        return f"somebody must act on it within {spelled(calendar.between(at, clock.due_at))}"
    return f"nobody has acted on it for {spelled(calendar.between(clock.started_at, at))}"
