"""On which days a desk works."""

from datetime import date
from functools import lru_cache

import holidays

from core.deskfile import DeskFile


def is_business_day(desk: DeskFile, day: date) -> bool:
    """Whether the desk has hours on that weekday, and it is no holiday."""
    if not desk.hours[day.weekday()] or day in desk.holidays.closed:
        return False
    return day in desk.holidays.open or not _is_holiday(desk.holidays.country, desk.holidays.region, day)


@lru_cache(maxsize=4_096)
def _is_holiday(country: str | None, region: str | None, day: date) -> bool:
    return country is not None and day in holidays.country_holidays(country, subdiv=region, years=day.year)
