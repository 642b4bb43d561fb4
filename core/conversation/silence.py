"""When a writer who fell silent is spoken to again: neither at night nor while the desk is closed. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from core.deskfile import DeskFile
from core.hours import Calendar, desk_calendar

TOO_LATE: Final = timedelta(days=14)
"""Nobody is reminded of a question after so long."""


def nudged_at(desk: DeskFile, since: datetime) -> datetime | None:
    """When somebody is nudged who is silent since then (aware), as UTC; None: not at all."""
    return speaks_at(desk, since + desk.intake.nudge)


def speaks_at(desk: DeskFile, at: datetime) -> datetime | None:
    """The first moment from then on within the desk's hours and those in which writers are awake, as UTC.

    None: none within TOO_LATE.
    """
    calendars = (desk_calendar(desk), Calendar(((desk.intake.awake,),) * 7, desk.zone))
    moment, latest = at.astimezone(UTC), at + TOO_LATE
    while moment < latest:
        opens = [calendar.next_open(moment) for calendar in calendars]
        later = max((each for each in opens if each is not None), default=moment)
        if None in opens or later == moment:
            return None if None in opens else moment
        moment = later
    return None
