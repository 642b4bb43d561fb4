"""My hours, days off and how loudly I am told: as they stand, and the form in which they are set; pure."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from core.deskfile import ALWAYS, Days, DeskFile, Level
from core.deskfile.spelling import TimeZone, away
from core.deskfile.weeks import EXAMPLE, read_span, read_week, written_span, written_week
from core.home import Place
from core.reps import OwnSettings, Person
from handlers.modals import entered, errors, field, modal, option, text
from handlers.mrkdwn import Block, clean, cut, escape, plain

ME: Final = "my_settings"
"""callback_id."""

EDIT: Final = "me:edit"
"""action_id of a button that opens the form."""

TITLE: Final = "My hours and notices"

HOURS, ZONE, KEPT, FIRST, LAST, LEVEL, QUIET = "hours", "zone", "kept", "first", "last", "level", "quiet"
"""Block ids."""

AS_THE_DESK: Final = "desk"

LEVELS = {
    Level.PAGE: "Direct message at once, at night too, and again until somebody acts",
    Level.DM: "Direct message, outside quiet hours",
    Level.CHANNEL: "Mention in the lead's thread",
    Level.DIGEST: "Only in the morning digest",
    Level.SILENT: "Not at all",
}

ABSENCES_MAX = 10
"""What checkboxes hold."""

NO_ROOM: Final = f"{ABSENCES_MAX} absences are kept at most: take one of those above away."
NO_FIRST: Final = "Say on which day it begins."
BACKWARDS: Final = "It ends before it begins."
OVER: Final = "It is over already."

_ZONE: Final[TypeAdapter[str]] = TypeAdapter(TimeZone)
_HOURS_MAX, _SHORT = 500, 60


def lines(desk: DeskFile, who: Person, own: OwnSettings, now: datetime) -> list[str]:
    """How somebody's hours, absences and notices stand, a line of mrkdwn each; ``own`` is what they set."""
    level, whose = (who.level, "") if who.level else (desk.noise.level, ", as the desk has it")
    quiet, at_night = (own.quiet, "") if own.quiet else (desk.noise.quiet, ", as the desk has them")
    off = ", ".join(_days(each) for each in _to_come(who.away, who.today(now)))
    said = [
        f"*At work* {escape(_hours(who))}, {escape(who.time_zone)}",
        f"*Away* {escape(cut(off, 300)) if off else 'not planned'}",
        f"*New leads of mine* {LEVELS[level].lower()}{whose}",
    ]
    return [*said, f"*Quiet hours* {written_span(quiet)}{at_night}"] if quiet else said


def form(given: Person, own: OwnSettings, today: date, *, place: Place) -> Block:
    """The form, filled with what somebody set.

    Args:
        given: what they are without that, by the desk's file.
        own: what they set.
        today: where they are.
        place: where the Home is that shows it afterwards; its desk is the one that is set for.
    """
    kept = [option(_value(each), _days(each)) for each in _to_come(own.away, today)[:ABSENCES_MAX]]
    choices = [option(AS_THE_DESK, "As the desk has it"), *(option(key, LEVELS[key]) for key in Level)]
    chosen = next((each for each in choices if each["value"] == own.level), choices[0])
    absences = {"type": "checkboxes", "options": kept, "initial_options": kept}
    picker: Block = {"type": "datepicker"}
    hours = text(_HOURS_MAX, written_week(own.hours) if own.hours else "", multiline=True)
    blocks = [
        field(HOURS, "When I work", hours, hint=f"Like {EXAMPLE}, a line a day. Empty: {_hours(given)}."),
        field(ZONE, "Time zone", text(_SHORT, own.time_zone or ""), hint=f"Empty: {given.time_zone}."),
        *([field(KEPT, "Days off; untick what is cancelled", absences)] if kept else []),
        field(FIRST, "Away from", picker),
        field(LAST, "Away until, that day too", picker),
        field(
            LEVEL,
            "Tell me of leads that are given to me",
            {"type": "radio_buttons", "options": choices, "initial_option": chosen},
            optional=False,
        ),
        field(
            QUIET,
            "Quiet hours",
            text(_SHORT, written_span(own.quiet) if own.quiet else ""),
            hint="Like 20:00-7:00. Empty: as the desk has them.",
        ),
    ]
    return modal(
        TITLE,
        blocks,
        callback_id=ME,
        private_metadata=place.model_dump_json(exclude_none=True),
        submit=plain("Save", 24),
    )


def read(view: Any, today: date) -> tuple[OwnSettings, dict[str, str]]:
    """What the form sets, and what is wrong in it, by block id."""
    wrong: dict[str, str] = {}
    said: dict[str, Any] = {}
    for name, block_id, reads in (
        ("hours", HOURS, read_week),
        ("time_zone", ZONE, _zone),
        ("quiet", QUIET, read_span),
    ):
        try:
            said[name] = reads(clean(entered(view, block_id) or "", lines=True))
        except ValueError as error:
            wrong |= errors(block_id, str(error))
    off, mistakes = _absences(view, today)
    level = entered(view, LEVEL)
    if wrong := wrong | mistakes:
        return OwnSettings(), wrong
    return OwnSettings(away=off, level=None if level in {None, AS_THE_DESK} else Level(level), **said), {}


def _absences(view: Any, today: date) -> tuple[tuple[Days, ...], dict[str, str]]:
    """Those that stay, and the new one if any, in order."""
    kept = [Days.model_validate(away(each)) for each in entered(view, KEPT) or ()]
    first, last = (entered(view, block_id) for block_id in (FIRST, LAST))
    if first is None:
        return tuple(kept), errors(FIRST, NO_FIRST) if last else {}
    begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
    if end < begin:
        return (), errors(LAST, BACKWARDS)
    if end < today:
        return (), errors(LAST if last else FIRST, OVER)
    off = sorted({*kept, Days(first=begin, last=end)}, key=lambda each: (each.first, each.last))
    return tuple(off), errors(FIRST, NO_ROOM) if len(off) > ABSENCES_MAX else {}


def _hours(who: Person) -> str:
    return cut("at all hours" if who.hours == ALWAYS else written_week(who.hours).replace("\n", "; "), 300)


def _zone(said: str) -> str | None:
    try:
        return _ZONE.validate_python(said) if said else None
    except ValidationError:
        raise ValueError("There is no such time zone: write one like Europe/Berlin.") from None


def _to_come(off: Sequence[Days], today: date) -> list[Days]:
    return [each for each in off if each.last >= today]


def _days(off: Days) -> str:
    if off.first == off.last:
        return f"{off.first:%d %b %Y}"
    return f"{off.first:%d %b %Y} to {off.last:%d %b %Y}"


def _value(off: Days) -> str:
    return f"{off.first.isoformat()}..{off.last.isoformat()}"
