"""The ladder: what happens when nobody acts on a lead, step by step. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.deskfile.values import Rung, Sla
from core.hours import Calendar
from core.lead import DeskStatus, Lead
from core.sla.clock import ESCALATED, REMINDED, RETURNED, Clock, moment

PAST = {Rung.REMIND: REMINDED, Rung.ESCALATE: ESCALATED, Rung.RETURN: RETURNED}


@dataclass(frozen=True)
class Climb:
    """What is to be done now, each once, and the clock after it."""

    clock: Clock
    steps: tuple[Rung, ...]


def climb(clock: Clock, within: timedelta, sla: Sla, calendar: Calendar, now: datetime) -> Climb:
    """Take every step that is due.

    Several are due at once after a stop of the bot. Then nobody is reminded of what is escalated or taken
    from them in the same moment, and nothing is done twice.

    Args:
        clock: one that runs.
        within: the time allowed (core.sla.clock.allowed).
        sla: whose ladder.
        calendar: the desk's business hours.
        now: aware.
    """
    due: list[Rung] = []
    next_at = moment(clock, within, sla, calendar)
    while next_at is not None and next_at <= now:
        due.append(sla.ladder[clock.rung].do)
        clock = clock.model_copy(update={"rung": clock.rung + 1})
        next_at = moment(clock, within, sla, calendar)
    steps = tuple(dict.fromkeys(due))
    if len(steps) > 1:
        steps = tuple(step for step in steps if step != Rung.REMIND)
    return Climb(clock.model_copy(update={"next_at": next_at}), steps)


def returned(lead: Lead) -> Mapping[str, Any]:
    """The lead's columns that change when it goes back to the pool; none when it is there."""
    pool = {"owner": None, "desk_status": DeskStatus.NEW, "snoozed_until": None, "snoozed_from": None}
    return {name: value for name, value in pool.items() if getattr(lead, name) != value}
