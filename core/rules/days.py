"""How far off a named time is: dates by dateparser, "next Friday" and "in two weeks" by counting."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_COUNTED = re.compile(
    r"(?:in|within|after|for)?(?: ?the next| ?about| ?around)? ?(?:half )?"
    r"(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|(?:a )?(?:couple(?: of)?|few))"
    r" ?"
    r"(?:business |working |more )?(?P<unit>minute|min|hour|hr|day|night|week|month|year|quarter)"
)
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "couple": 2, "few": 3,
}  # fmt: skip
_UNIT_DAYS = {
    "minute": 0.0, "min": 0.0, "hour": 0.0, "hr": 0.0, "day": 1.0, "night": 1.0, "week": 7.0, "month": 30.0,
    "year": 365.0, "quarter": 90.0,
}  # fmt: skip

JUST_GONE = timedelta(days=60)
"""A date without a year that is this little past is meant as past: "on March 3" said in April."""


def resolve(kind: str, said: str, today: date) -> tuple[date | None, float | None]:  # noqa: PLR0911  # one line a kind
    """The day that a phrase names, and how many days off that is.

    Args:
        kind: the name of the phrase's pattern in core.rules.timeframe.
        said: the phrase, lower case.
        today: in the business's time zone.

    Both are None for an hour or an undated event; the day alone is None when only its distance is plain.
    """
    match kind:
        case "today":
            return today, 0.0
        case "tomorrow":
            return _ahead(today, 2 if "day after" in said else 1)
        case "iso" | "slashed" | "day_month" | "month_day":
            return _since(today, _parsed(_bare(said), today))
        case "month" | "event":
            away = _since(today, _parsed(_from_month(said), today))[1] if _MONTH.search(said) else None
            return None, away
        case "after":
            return None, _counted(said)
        case "weekday" | "coming" | "weekend" | "ending":
            return _coming(said, today)
        case _:
            return None, None


def _ahead(today: date, days: int) -> tuple[date, float]:
    return today + timedelta(days=days), float(days)


def _since(today: date, day: date | None) -> tuple[date | None, float | None]:
    return (None, None) if day is None else (day, float((day - today).days))


def _bare(said: str) -> str:
    """The date without its weekday, which dateparser would believe against the date."""
    return re.sub(r"^(?:mon|tue|wed|thu|fri|sat|sun)\w*\.?,? (?:the )?", "", said)


def _from_month(said: str) -> str:
    month = _MONTH.search(said)
    day = re.search(r"\b\d{1,2}(?:st|nd|rd|th)?\b", said)
    year = re.search(r"\b(?:19|20)\d\d\b", said)
    parts = [month and month[0], day[0] if day else "1", year and year[0]]
    return " ".join(part for part in parts if part)


@lru_cache(maxsize=1_000)
def _parsed(said: str, today: date) -> date | None:
    """The day of a date in words or figures; without a year the next one, unless it has only just passed."""
    order = "DMY" if "." in said.rstrip(".") else "MDY"  # 24.12. is European, 12/24 American
    settings = {
        "DATE_ORDER": order,
        "RELATIVE_BASE": datetime.combine(today, time(12), UTC).replace(tzinfo=None),
        "PREFER_DATES_FROM": "current_period",
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month"],
    }
    found = _dateparser().parse(said, languages=["en"], settings=settings)
    if found is None:
        return None
    day: date = found.date()
    named_year = re.search(r"\b(?:19|20)\d\d\b|[/.]\d\d$", said) and said.count("/") != 1
    if named_year or day >= today - JUST_GONE:
        return day
    return _next_year(day)


def _next_year(day: date) -> date | None:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # February 29
        return None


@cache
def _dateparser() -> Any:
    import dateparser  # noqa: PLC0415 - heavy, and only needed once somebody names a date

    return dateparser


def _counted(said: str) -> float | None:
    found = _COUNTED.match(said)
    if found is None:
        return None
    word = found["count"].removesuffix(" of").removeprefix("a ").strip() or "a"
    number = int(word) if word.isdecimal() else _NUMBERS[word]
    return number * _UNIT_DAYS[found["unit"]]


def _coming(said: str, today: date) -> tuple[date | None, float | None]:  # noqa: PLR0911  # one line a kind of phrase
    for number, name in enumerate(_DAYS):
        if re.search(rf"\b{name}", said) and "month" not in said:
            ahead = (number - today.weekday()) % 7
            ahead += 7 if "next" in said and ahead < 3 else 0  # noqa: PLR2004  # "next Friday" on a Thursday
            certain = not re.search(r"\b(?:any|every)\b|days\b", said)  # "Fridays" is no day, "Friday" is
            return (today + timedelta(days=ahead) if certain else None), float(ahead)
    weekend = (5 - today.weekday()) % 7
    if "weekend" in said.replace(" ", ""):
        return None, float(weekend + 7 if "next" in said else weekend)
    if re.search(r"\b(?:day|eod|cob)\b", said):
        return today, 0.0
    if re.search(r"\b(?:week|eow|few days|couple)\b", said):
        return None, 7.0 if "next" in said else 4.0
    if "month" in said:
        return None, 30.0 if "next" in said else 20.0
    if re.search(r"\byear|quarter|summer|winter|spring|fall|autumn", said):
        return None, 365.0 if "next year" in said else 90.0
    return None, None
