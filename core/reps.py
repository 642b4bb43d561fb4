"""The people who work a desk: what its file says of them, and what they set for themselves."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from core.deskfile import Days, DeskFile, Level, Rep, Span, Week
from core.deskfile.spelling import SpanText, TimeZone
from core.lead import Value


class OwnSettings(Value):
    """What somebody set for themselves at one desk; it goes before the desk's file."""

    hours: Week | None = None
    time_zone: TimeZone | None = None
    away: tuple[Days, ...] = ()
    level: Level | None = None
    quiet: SpanText | None = Field(default=None, description="hours without direct messages and mentions")


UNSET = OwnSettings()


class Person(Value):
    """One who works a desk.

    Attributes:
        user: Slack user id.
        weight: share of leads, against the others'.
        capacity: most open leads at once; None: any number.
        hours: seven days, Monday first, in ``time_zone``.
        level: how loudly they want to be told; None: as the desk's file says.
        quiet: their own quiet hours; None: the desk's.
    """

    user: str
    weight: float
    capacity: int | None
    hours: Week
    time_zone: str
    away: tuple[Days, ...]
    level: Level | None
    quiet: Span | None

    def today(self, now: datetime) -> date:
        """The day that it is where they are."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


def reps(desk: DeskFile, own: Mapping[str, OwnSettings]) -> tuple[Person, ...]:
    """Those who are given leads, in the order of the desk's file.

    own: by Slack user id.
    """
    return tuple(person(desk, user, own.get(user, UNSET)) for user in desk.reps)


def person(desk: DeskFile, user: str, own: OwnSettings = UNSET) -> Person:
    """Somebody at the desk, rep or not."""
    said = desk.reps.get(user, Rep())
    return Person(
        user=user,
        weight=said.weight,
        capacity=said.capacity,
        hours=own.hours or said.hours or desk.hours,
        time_zone=own.time_zone or said.time_zone or desk.time_zone,
        away=(*said.away, *own.away),
        level=own.level or said.level,
        quiet=own.quiet,
    )
