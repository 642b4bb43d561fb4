"""When somebody wants something, found in their words: dates, days, times, events; with how far off it is."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "a couple of": 2, "a few": 3, "couple": 2, "few": 3,
}  # fmt: skip
_UNIT_DAYS = {
    "min": 0.0,
    "hou": 0.0,
    "day": 1.0,
    "nig": 1.0,
    "wee": 7.0,
    "mon": 30.0,
    "yea": 365.0,
    "qua": 90.0,
}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
_SHORT_DAY = r"(?:mon|tues?|wed|thur?s?|fri|sat|sun)\b\.?"
_ANY_DAY = rf"(?:{_WEEKDAY}|{_SHORT_DAY})"
_DAY_NUMBER = r"(?:3[01]|[12]\d|0?[1-9])"
_COUNT = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|(?:a )?couple (?:of )?|(?:a )?few)"
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|quarters?)"
_CLOCK = (
    r"(?:\d{1,2}(?:[:.]\d{2})?\s?(?:a\.?m\b\.?|p\.?m\b\.?|o'?clock)|(?:[01]?\d|2[0-3]):[0-5]\d"
    r"|noon|midnight|midday|lunch ?time|dinner ?time)"
)
_PART_OF_DAY = r"(?:early |late |mid[- ]?)?(?:mornings?|afternoons?|evenings?|night)"
_EVENT = (
    r"(?:wedding|birthday|anniversary|vacation|holidays?|trip|graduation|christmas|xmas|easter|thanksgiving"
    r"|new year(?:'?s(?: eve)?)?|halloween|valentine'?s(?: day)?|memorial day|labor day|black friday|event|party(?! of\b)"
    r"|reunion|prom|winter|summer|spring|fall|autumn|baby|launch|deadline|board meeting|audit)"
)

_PHRASE = re.compile(
    "|".join(
        rf"(?P<{name}>{pattern})"
        for name, pattern in {
            "iso": r"\b(?:19|20)\d\d[-/](?:1[0-2]|0?[1-9])[-/](?:3[01]|[12]\d|0?[1-9])\b",
            "slashed": r"\b(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])(?:/(?:20)?\d\d)?\b(?!/)|\b\d{1,2}\.\d{1,2}\.(?:20)?\d\d\b",
            "day_month": rf"\b(?:{_ANY_DAY},? )?(?:the )?{_DAY_NUMBER}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (?:19|20)\d\d)?",
            "month_day": rf"\b(?:{_ANY_DAY},? )?{_MONTH} (?:the )?{_DAY_NUMBER}(?:st|nd|rd|th)?\b(?:,? (?:19|20)\d\d\b)?",
            "today": rf"\b(?:(?:later |earlier )?today|tonight|this {_PART_OF_DAY}|(?<!not )right now|right away|immediately|asap|a\.s\.a\.p\.|as soon as (?:possible|you can))\b(?: {_PART_OF_DAY})?",
            "tomorrow": rf"\b(?:the )?(?:day after )?(?:tomorrow|tmrw|tmr)\b(?: {_PART_OF_DAY}| night)?",
            "after": rf"\b(?:in|within|after|for)(?: the next| about| around)? (?:half )?{_COUNT} ?(?:business |working |more )?{_UNIT}\b(?:'? time)?|\b{_COUNT} {_UNIT} (?:from now|from today)\b",
            "ending": r"\b(?:by |before |at |until )?(?:the )?(?:end|middle|beginning|start) of (?:the |this |next )?(?:day|week|month|year|quarter|summer|winter)\b|\b(?:eod|eow|cob)\b",
            "coming": rf"\b(?:(?:early|late|some ?time|by|before|on|for) )?(?:this|next|the coming|the following|coming|any|every) (?:coming )?(?:{_WEEKDAY}|{_SHORT_DAY}|week ?ends?|week|month|year|quarter|spring|summer|fall|autumn|winter|few (?:days|weeks|months)|couple (?:of )?(?:days|weeks|months))\b(?: {_PART_OF_DAY})?",
            "weekday": rf"\b(?:on |by |before |until )?{_WEEKDAY}\b(?: {_PART_OF_DAY})?|\b(?:on|by|until) {_SHORT_DAY}(?=\W|$)",
            "weekend": r"\b(?:on |over )?the weekend\b|\b(?:on )?weekends?\b|\bweekdays\b",
            "quarter": r"\b(?:in |by |before )?q[1-4](?: (?:of )?(?:20)\d\d| '?\d\d)?\b|\b(?:in |by )?(?:the )?(?:first|second|third|fourth|next) quarter\b",
            "month": rf"\b(?:in|by|before|until|next|this|early|late|mid|end of|start of|since|from)[ -](?:early |late |mid[ -])?{_MONTH}(?: (?:19|20)\d\d\b)?",
            "event": rf"\b(?:before|for|by|until|over|after|in time for|ahead of) (?:the |my |our |his |her |a |an )?(?:\w+(?:'s)? )?{_EVENT}\b(?: (?:on|in) (?:{_MONTH}(?: {_DAY_NUMBER}(?:st|nd|rd|th)?)?|the \d{{1,2}}(?:st|nd|rd|th)))?",
            "dated": r"\b(?:on |by |for )?the (?:[12]?\d|3[01])(?:st|nd|rd|th)\b|\b(?:[12]?\d|3[01])(?:st|nd|rd|th)\b(?! (?:avenue|street|floor|time|birthday|gen|ave|st)\b)",
            "clock": rf"\b(?:(?:at|around|about|by|before|after|until|from|between) )?(?:{_CLOCK})(?: ?ish)?(?:(?: ?- ?| and | to | or )(?:{_CLOCK}))?(?: (?:in the |at )?(?:{_PART_OF_DAY}))?",
            "at": rf"\b(?:at|around|about) (?:(?:1[0-2]|[1-9])(?: ?ish)?|(?:half past |quarter (?:past|to) )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))\b(?![\d.,]?\d|[/%:-]\d| ?(?:people|persons|guests|adults|kids|miles|percent|dollars|of|k\b|hundred|thousand|years|weeks|days|months|hours|minutes|times))(?: (?:in the )?{_PART_OF_DAY})?",
            "part": rf"\b(?:in the )(?:early |late )?(?:morning|afternoon|evening)s?\b|\b(?:{_PART_OF_DAY}) (?:works?|is best|would be)\b",
        }.items()
    ),
    re.IGNORECASE,
)
_JOINS = re.compile(r"(?:,|\s|at|on|around|between|or|and|for|from|to|in|the|-)*", re.IGNORECASE)
_WIDEST_JOIN = 9


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A time somebody named: from ``start`` to ``end`` in the text, ``days`` from now if that is plain."""

    start: int
    end: int
    days: float | None


def timeframes(text: str, now: datetime) -> list[Timeframe]:
    """The times named in a text, in order; neighbours like "tomorrow" and "at 5 pm" are one.

    ``days`` is 0 for today, may be negative for what has passed, and None for an hour or an undated event.
    """
    found: list[Timeframe] = []
    for match in _PHRASE.finditer(text):
        dot = match[0].endswith(".") and not match[0].lower().endswith(("m.", "p."))  # not that of "5 p.m."
        frame = Timeframe(match.start(), match.end() - dot, _days(match, now.date()))
        if found and _joined(text, found[-1], frame):
            frame = Timeframe(found[-1].start, frame.end, _sooner(found[-1].days, frame.days))
            found.pop()
        found.append(frame)
    return found


def _joined(text: str, before: Timeframe, after: Timeframe) -> bool:
    between = text[before.end : after.start]
    return len(between) <= _WIDEST_JOIN and "\n" not in between and bool(_JOINS.fullmatch(between))


def _sooner(one: float | None, other: float | None) -> float | None:
    known = [days for days in (one, other) if days is not None]
    return min(known, default=None)


def _days(match: re.Match[str], today: date) -> float | None:  # noqa: PLR0911  # one line a kind of phrase
    said = match[0].lower()
    match match.lastgroup:
        case "today":
            return 0
        case "tomorrow":
            return 2 if "day after" in said else 1
        case "iso":
            year, month, day = (int(part) for part in re.split(r"[-/]", said))
            return _until(today, year, month, day)
        case "slashed":
            return _slashed(said, today)
        case "day_month" | "month_day" | "month" | "event":
            return _named_month(said, today)
        case "after":
            return _counted(said)
        case "weekday" | "coming" | "weekend" | "ending":
            return _coming(said, today)
        case _:
            return None


def _slashed(said: str, today: date) -> float | None:
    parts = [int(part) for part in re.split(r"[/.]", said)]
    year = None if len(parts) == 2 else parts[2] + (2000 if parts[2] < 100 else 0)  # noqa: PLR2004  # m/d and yy
    first, second = parts[0], parts[1]
    month, day = (second, first) if "." in said else (first, second)
    return _until(today, year, month, day)


def _named_month(said: str, today: date) -> float | None:
    month = next((n for n, name in enumerate(_MONTHS, start=1) if re.search(rf"\b{name}", said)), None)
    if month is None:
        return None
    year = re.search(r"\b(?:19|20)\d\d\b", said)
    day = re.search(r"\b(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b", said)
    return _until(today, int(year[0]) if year else None, month, int(day[1]) if day else 1)


def _until(today: date, year: int | None, month: int, day: int) -> float | None:
    try:
        then = date(year or today.year, month, day)
        if year is None and then < today - timedelta(days=60):  # "March 3" said in December is the next one
            then = date(today.year + 1, month, day)
    except ValueError:  # February 30
        return None
    return float((then - today).days)


def _counted(said: str) -> float | None:
    unit = re.search(_UNIT, said)
    count = re.search(
        rf"\b{_COUNT}", re.sub(r"^(?:in|within|after|for)(?: the next| about| around)? (?:half )?", "", said)
    )
    if unit is None or count is None:
        return None
    word = count[0].strip().removesuffix(" of").removeprefix("a ") or "a"
    number = int(word) if word.isdecimal() else _NUMBERS.get(word, 1)
    return number * _UNIT_DAYS[unit[0][:3].replace("hrs", "hou").replace("hr", "hou")]


def _coming(said: str, today: date) -> float | None:  # noqa: PLR0911  # one line a kind of phrase
    for number, name in enumerate(_DAYS):
        if re.search(rf"\b{name}", said) and "month" not in said:
            ahead = (number - today.weekday()) % 7
            return float(ahead + 7 if "next" in said and ahead < 3 else ahead)  # noqa: PLR2004  # "next Friday" on a Thursday
    weekend = (5 - today.weekday()) % 7
    if "weekend" in said.replace(" ", ""):
        return float(weekend + 7 if "next" in said else weekend)
    if re.search(r"\b(?:day|eod|cob)\b", said):
        return 0
    if re.search(r"\b(?:week|eow|few days|couple)\b", said):
        return 7.0 if "next" in said else 4.0
    if "month" in said:
        return 30.0 if "next" in said else 20.0
    if re.search(r"\byear|quarter|summer|winter|spring|fall|autumn", said):
        return 365.0 if "next year" in said else 90.0
    return None
