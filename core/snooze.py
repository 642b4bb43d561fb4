"""Until when a lead may be snoozed."""

from datetime import datetime, time, timedelta
from typing import Final

FIRST_THING: Final = time(9)
"""The hour that the form proposes, in the desk's time zone."""

FURTHEST = timedelta(days=366)


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether a lead may be snoozed until then."""
    return now < at <= now + FURTHEST
