"""When somebody wants something, found in their words: dates, days, times, events; with how far off it is."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from dataclasses import dataclass
from datetime import date, datetime

from core.rules import days

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


_LEADS_IN = re.compile(r"(by|before|until|after)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:was|were|had|did|came|since|last|ago|yesterday|bought|dropped|ordered|paid|sent|called|picked|until)\b[^.!?\n]*$",
    re.IGNORECASE,
)
_LOOK_BACK = 60
"""Characters before a weekday in which the past is looked for: "I was there on Monday" wants nothing then."""

RESOLVED = 8
"""Most times of a message that are resolved: more is a calendar, not a request."""


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A time somebody named: from ``start`` to ``end`` in the text, ``days`` from now if that is plain.

    ``value`` is what is kept: a day as ``2026-11-27``, with the words around it that say more ("by", "at 5 pm"), else
    None, and the words speak for themselves.
    """

    start: int
    end: int
    days: float | None
    value: str | None = None


def timeframes(text: str, now: datetime) -> list[Timeframe]:
    """The times named in a text, in order; neighbours like "tomorrow" and "at 5 pm" are one.

    ``days`` is 0 for today in the time zone of ``now``, may be negative for what has passed, and None for an hour
    or an undated event.
    """
    found: list[Timeframe] = []
    for number, match in enumerate(_PHRASE.finditer(text)):
        dot = match[0].endswith(".") and not match[0].lower().endswith(("m.", "p."))  # not that of "5 p.m."
        exact, away = _resolved(match, text, now.date()) if number < RESOLVED else (None, None)
        said = match[0][: len(match[0]) - dot]
        frame = Timeframe(match.start(), match.end() - dot, away, _dated(said, exact) if exact else None)
        if found and _joined(text, found[-1], frame):
            before = found.pop()
            value = _together(text, before, frame)
            frame = Timeframe(before.start, frame.end, _sooner(before.days, frame.days), value)
        found.append(frame)
    return found


def _resolved(match: re.Match[str], text: str, today: date) -> tuple[date | None, float | None]:
    """The day if it is a certain one, and how many days off it is if that is plain."""
    kind, said = match.lastgroup or "", match[0].lower()
    if kind == "weekday" and _PAST.search(text[max(0, match.start() - _LOOK_BACK) : match.start()]):
        return None, None
    return days.resolve(kind, said, today)


def _dated(said: str, day: date) -> str:
    leads_in = _LEADS_IN.match(said)
    part = re.search(rf"\b{_PART_OF_DAY}$", said, re.IGNORECASE)
    return " ".join(
        filter(None, [leads_in and leads_in[1].lower(), day.isoformat(), part and part[0].lower()])
    )


def _together(text: str, before: Timeframe, after: Timeframe) -> str | None:
    """The value of two neighbours: the dated one's with the other's words; None if neither is dated."""
    if before.value is None and after.value is None:
        return None
    if before.value is not None and after.value is not None:
        return before.value if after.value in before.value else f"{before.value}, {after.value}"
    dated, other = (before, after) if before.value is not None else (after, before)
    words = " ".join(text[other.start : other.end].split())
    return f"{dated.value} {words}"


def _joined(text: str, before: Timeframe, after: Timeframe) -> bool:
    between = text[before.end : after.start]
    return len(between) <= _WIDEST_JOIN and "\n" not in between and bool(_JOINS.fullmatch(between))


def _sooner(one: float | None, other: float | None) -> float | None:
    known = [away for away in (one, other) if away is not None]
    return min(known, default=None)
