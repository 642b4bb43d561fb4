"""How soon the desk acted, in words: for /lead stats and the command line. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from core.hours import spelled
from core.stats import Responses, Share
from handlers import answers, search_options, wording
from handlers.answers import Answer
from handlers.mrkdwn import escape, mention, moment

K = TypeVar("K")

DEFAULT: Final = "30d"

NO_CLOCK: Final = (
    "No lead of this time had a time within which somebody must act: the desk's file names none (`sla`)."
)

_ROWS_MAX: Final = 8  # of one table: the worst come first


def since(typed: str, now: datetime) -> datetime:
    """From when on: ``7d``, ``30d``, ``since:2026-11-01``, nothing; InvalidSearch if it is no time."""
    said = typed.strip().removeprefix("since:") or DEFAULT
    return search_options.moment_of("from_date", said, now)


def told(found: Responses, begin: datetime) -> Answer:
    """The answer to /lead stats."""
    if not found.decided + found.running:
        return answers.told(NO_CLOCK)
    parts = [f"*First response since {moment(begin)}*", *(escape(line) for line in lines(found))]
    parts += _table("Too late, by owner", found.by_owner, lambda user: mention(user) if user else "nobody")
    parts += _table("by hour of receipt", found.by_hour, hour)
    parts += _table("by source", found.by_source, lambda name: escape(source(name), 40))
    return answers.told("\n".join(parts))


def lines(found: Responses) -> list[str]:
    """The figures of all together, a sentence each, as plain text."""
    said = []
    if found.share_met is not None:
        said.append(
            f"{wording.percent(found.share_met)} acted upon in time ({found.met} of {found.decided});"
            f" {found.missed} too late, {found.overdue} overdue and still waiting"
        )
    if found.running:
        said.append(f"{found.running} with time left")
    if found.median is not None and found.p90 is not None:
        said.append(
            f"Median {spelled(found.median)}, nine in ten within {spelled(found.p90)}, of business hours"
        )
    return said


def hour(begin: int) -> str:
    """An hour of the day: 9 is ``09-10 h``."""
    return f"{begin:02}-{begin + 1:02} h"


def source(name: str) -> str:
    """Where leads came from, as people read it."""
    return wording.SOURCES.get(name, name.replace("_", " "))


def _table(title: str, shares: Mapping[K, Share], named: Callable[[K], str]) -> list[str]:
    """Where somebody was too late, the worst first; nothing if nobody was."""
    rows = [
        f"{named(key)} {share.breaches} of {share.leads}"
        for key, share in list(shares.items())[:_ROWS_MAX]
        if share.breaches
    ]
    return [f"*{title}*  {' · '.join(rows)}"] if rows else []
