"""A lead's clock: from its receipt to the first thing that a person does with it. Pure.

There is one clock a lead, and it is the customer's: handing the lead over or giving it back to the pool does
not set it back, since the customer has waited all the same. Only where we ourselves took the lead for a
repetition of another one, and somebody says that it is not, does it begin at that moment: before, there was
nothing to act on.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, Field

from core.actions import PAST, ActionName, is_program
from core.deskfile.values import Sla
from core.hours import Calendar
from core.lead import OPEN, SYSTEM, Event, Intent, Lead, Value
from core.merge import MERGED, UNMERGED, undone

NO_ACTS: Final = frozenset(
    {
        "received",
        "contact_read",
        "imported",
        "refused",
        PAST[ActionName.MOVE],  # others have it to act on
        PAST[ActionName.ASK_ON],  # the bot goes on asking: nobody has answered yet
        UNMERGED,
        *("answered", "asked_back", "message_edited", "message_deleted"),  # who wrote it goes on
    }
)
"""What people do around a lead without doing anything with it."""

REMINDED, ESCALATED, RETURNED = "reminded", "escalated", "returned"
"""What the history says of the steps of the ladder."""

NOBODY_WAITS: Final = frozenset({Intent.SPAM, Intent.SOLICITATION})
"""No customer waits for an answer to these."""


class State(StrEnum):
    """How a clock stands."""

    RUNNING = "running"  # there is still time
    OVERDUE = "overdue"  # time is up, and nobody has acted yet
    MET = "met"
    MISSED = "missed"  # somebody acted, too late


class Clock(Value):
    """How long a lead may wait, and how long it did.

    Attributes:
        rung: how many steps of the ladder are behind it.
        next_at: when the next step is due; None when there is none, or somebody has acted.
        owner: who had the lead last while there was time; once time is up, who had it first after that.
        stopped_by: Slack user id of who acted first.
        took: business time from the beginning to that act.
    """

    started_at: AwareDatetime
    due_at: AwareDatetime
    rung: int = Field(default=0, ge=0)
    next_at: AwareDatetime | None = None
    owner: str | None = None
    stopped_at: AwareDatetime | None = None
    stopped_by: str | None = None
    took: timedelta | None = None

    def state(self, now: datetime) -> State:
        """How it stands at this moment."""
        if self.stopped_at is None:
            return State.RUNNING if now <= self.due_at else State.OVERDUE
        return State.MET if self.stopped_at <= self.due_at else State.MISSED


def clock_of(
    lead: Lead, history: Sequence[Event], sla: Sla | None, calendar: Calendar, kept: Clock | None = None
) -> Clock | None:
    """The lead's clock as it is after this history; None where none runs.

    None runs without an SLA, before the lead is read, for an urgency without a time, for what is no request
    of a customer, for what was imported, once no person but a machine closed or merged the lead, and where
    the desk does not open within a foreseeable time (core.hours.HORIZON). A clock that was stopped stays as
    it is, whatever becomes of the lead, its urgency, or the desk's file; only one that a merge stopped runs
    on when that is undone.

    Args:
        lead: as it is now.
        history: of the lead, oldest first.
        sla: the desk's; the time allowed goes by the lead's urgency.
        calendar: the desk's business hours.
        kept: the lead's clock as it was, with the steps that were taken.
    """
    void = undone(history)
    if kept is not None and kept.stopped_at is not None and not _stopped_by(kept, void.values()):
        return kept
    within = allowed(lead, sla)
    started_at, stop = _turns(lead, history, void)
    if within is None or sla is None or started_at is None or (stop is None and lead.desk_status not in OPEN):
        return None
    due_at = calendar.add(started_at, within)
    if due_at is None:
        return None
    same = kept if kept is not None and kept.started_at == started_at else None
    before = same.owner if same else None
    clock = Clock(
        started_at=started_at,
        due_at=due_at,
        rung=same.rung if same else _taken(history, started_at, within, sla, calendar),
        owner=_holder(lead, before, due_at),
    )
    if stop is not None:
        act = {"stopped_at": stop.at, "stopped_by": stop.actor, "took": calendar.between(started_at, stop.at)}
        # who has the lead now may have it by this very act
        return clock.model_copy(update=act | {"owner": before})
    return clock.model_copy(update={"next_at": moment(clock, within, sla, calendar)})


def moment(clock: Clock, within: timedelta, sla: Sla, calendar: Calendar) -> datetime | None:
    """When the next step of the ladder is due; None after the last one."""
    if clock.rung >= len(sla.ladder):
        return None
    return calendar.add(clock.started_at, within * sla.ladder[clock.rung].at)


def allowed(lead: Lead, sla: Sla | None) -> timedelta | None:
    """The business time within which somebody must act on the lead; None: whenever they like."""
    if sla is None or lead.analysis is None or lead.analysis.intent in NOBODY_WAITS:
        return None
    return sla.within.get(lead.analysis.urgency)


def _holder(lead: Lead, before: str | None, due_at: datetime) -> str | None:
    """Whose it is to act in time; what went back to the pool, or to another, too late was the former's."""
    if before is not None and (lead.owner is None or lead.updated_at > due_at):
        return before
    return lead.owner


def is_act(event: Event) -> bool:
    """Whether a person did something with the lead; what came with an API key was no person."""
    by_machine = event.actor == SYSTEM or is_program(event.actor)
    return not by_machine and event.what not in NO_ACTS


def _stopped_by(clock: Clock, lines: Iterable[Event]) -> bool:
    return any((line.at, line.actor) == (clock.stopped_at, clock.stopped_by) for line in lines)


def _taken(
    history: Sequence[Event], started_at: datetime, within: timedelta, sla: Sla, calendar: Calendar
) -> int:
    """How many steps of the ladder the history knows of: all that were due when the last was taken."""
    steps = (line.at for line in history if line.what in {REMINDED, ESCALATED, RETURNED})
    last = max(steps, default=started_at)
    due = (calendar.add(started_at, within * step.at) for step in sla.ladder)
    return sum(at is not None and at <= last for at in due)


def _turns(
    lead: Lead, history: Sequence[Event], void: Collection[str]
) -> tuple[datetime | None, Event | None]:
    """When the clock began, and the act that stopped it; no beginning where it has none.

    void: the ids of lines that do not count.
    """
    started_at: datetime | None = lead.received_at
    for event in history:
        if event.what == "imported":
            return None, None
        if event.what == MERGED and event.actor == SYSTEM:
            started_at = None
        elif started_at is None:
            started_at = event.at if event.what == UNMERGED else None
        elif event.event_id not in void and is_act(event):
            return started_at, event
    return started_at, None
