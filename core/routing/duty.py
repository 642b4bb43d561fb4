"""Who could take a lead right now, and why somebody cannot, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.deskfile import Holidays
from core.hours import Calendar
from core.reps import Person
from core.routing.values import Seat

_NEAR: Final = timedelta(days=6)
"""Until then a weekday says which day is meant."""


@dataclass(frozen=True)
class Duty:
    """One rep at this moment.

    Attributes:
        back: when they work again, in their own time zone; now where they do; None: nobody knows.
        so: whether they could take a lead now.
        why: what keeps them from it, in words; empty for nothing.
    """

    seat: Seat
    back: datetime | None
    so: bool
    why: str

    @property
    def could(self) -> bool:
        """Whether they could take a lead once they are back."""
        return self.back is not None and not self.seat.full and not self.seat.left


def duty(seat: Seat, holidays: Holidays, now: datetime) -> Duty:
    """How the rep stands; ``now`` is aware."""
    if seat.left:
        return Duty(seat, None, so=False, why="left the workspace")
    person = seat.person
    zone = ZoneInfo(person.time_zone)
    opens = Calendar(person.hours, zone, holidays, person.away).next_open(now)
    back = None if opens is None else opens.astimezone(zone)
    here = back is not None and back <= now
    if seat.full:
        return Duty(seat, back, so=False, why=f"full, {seat.open_leads} of {person.capacity}")
    return Duty(seat, back, so=here, why="" if here else _absence(person, back, now))


def _absence(person: Person, back: datetime | None, now: datetime) -> str:
    if back is None:
        return "has no working hours"
    today = now.astimezone(back.tzinfo).date()
    away = any(each.first <= today <= each.last for each in person.away)
    shown = f"{back:%a %H:%M}" if back - now < _NEAR else f"{back:%d %b %H:%M}"
    return f"{'away' if away else 'off duty'} until {shown}"
