"""What people set for themselves in words, ``/lead me away 24 dec to 31 dec``; pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError

from core.deskfile import Days, Level
from core.deskfile.weeks import EXAMPLE, read_span, read_week
from core.moments import day_range
from core.reps import OwnSettings
from handlers.me import ABSENCES_MAX, OVER
from handlers.orders import Unclear

AS_THE_DESK: Final = frozenset({"desk", "default", "reset", "-"})
"""Words that take back what somebody set: it is as the desk has it again."""

HOW: Final = {
    "away": "away 24 dec to 31 dec",
    "back": "back",
    "hours": f"hours {EXAMPLE}",
    "zone": "zone Europe/Berlin",
    "level": "level dm",
    "quiet": "quiet 20:00-7:00",
}
"""What can be set -> how it is written."""

NO_DAYS: Final = "Say the first and the last day off: 24 dec to 31 dec, or friday."
NO_ROOM: Final = f"{ABSENCES_MAX} absences are kept at most: */lead me back* takes them all away."
NO_ZONE: Final = "There is no such time zone: write one like Europe/Berlin."
NO_LEVEL: Final = f"The level is one of {', '.join(Level)}, or desk."


def changed(own: OwnSettings, words: str, today: date) -> OwnSettings:
    """Somebody's settings with what these words change; Unclear, with what is possible, where they do not.

    Args:
        own: as they are.
        words: what follows ``/lead me``.
        today: where they are.
    """
    what, _, said = words.strip().partition(" ")
    changes: Mapping[str, Callable[[OwnSettings, str, date], OwnSettings]] = {
        "away": _away,
        "back": lambda own, _said, _today: own.model_copy(update={"away": ()}),
        "hours": _hours,
        "zone": _zone,
        "level": _level,
        "quiet": _quiet,
    }
    change = changes.get(what.lower())
    if change is None:
        written = ", ".join(f"*/lead me {each}*" for each in HOW.values())
        raise Unclear(f"What can be set: {written}. The word desk instead takes it back.")
    return change(own, said.strip(), today)


def _away(own: OwnSettings, said: str, today: date) -> OwnSettings:
    found = day_range(said, today)
    if found is None:
        raise Unclear(NO_DAYS)
    first, last = found
    if last < today:
        raise Unclear(OVER)
    to_come = {each for each in own.away if each.last >= today} | {Days(first=first, last=last)}
    if len(to_come) > ABSENCES_MAX:
        raise Unclear(NO_ROOM)
    return own.model_copy(update={"away": tuple(sorted(to_come, key=lambda each: (each.first, each.last)))})


def _hours(own: OwnSettings, said: str, _today: date) -> OwnSettings:
    return own.model_copy(update={"hours": _read(read_week, said, HOW["hours"])})


def _quiet(own: OwnSettings, said: str, _today: date) -> OwnSettings:
    return own.model_copy(update={"quiet": _read(read_span, said, HOW["quiet"])})


def _zone(own: OwnSettings, said: str, _today: date) -> OwnSettings:
    try:
        zone = OwnSettings(time_zone=None if said.lower() in AS_THE_DESK else said).time_zone
    except ValidationError:
        raise Unclear(NO_ZONE) from None
    return own.model_copy(update={"time_zone": zone})


def _level(own: OwnSettings, said: str, _today: date) -> OwnSettings:
    try:
        level = None if said.lower() in AS_THE_DESK else Level(said.lower())
    except ValueError:
        raise Unclear(NO_LEVEL) from None
    return own.model_copy(update={"level": level})


def _read(reads: Callable[[str], object], said: str, how: str) -> object:
    """What was said, read; None for AS_THE_DESK."""
    if said.lower() in AS_THE_DESK:
        return None
    try:
        found = reads(said)
    except ValueError:
        found = None
    if found is None:
        raise Unclear(f"Write it like */lead me {how}*.")
    return found
