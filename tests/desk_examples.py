"""Desks for tests: reps as they stand, and a desk's file as YAML."""

from datetime import UTC, datetime
from typing import Any

from core.deskfile import ALWAYS, Routing
from core.reps import Person
from core.routing import Room, Seat

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""A working moment."""


def person(user: str = "U0ANA", **changes: Any) -> Person:
    """A rep who is always there and takes any number."""
    plain = Person(
        user=user,
        weight=1,
        capacity=None,
        hours=ALWAYS,
        time_zone="UTC",
        away=(),
        level=None,
        quiet=None,
    )
    return plain.model_copy(update=changes)


def seat(
    user: str = "U0ANA", *, open_leads: int = 0, credit: int = 0, left: bool = False, **changes: Any
) -> Seat:
    """That rep as things stand."""
    return Seat(person=person(user, **changes), open_leads=open_leads, credit=credit, left=left)


def room(*seats: Seat, **routing: Any) -> Room:
    """A desk of these reps under these rules."""
    return Room(routing=Routing.model_validate(routing), seats=seats)
