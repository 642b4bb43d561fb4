"""The facts a business looks for, found in a message by words and recognisers, each with its literal quote."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from core.lead import Entity
from core.rules.timeframe import Timeframe, timeframes
from core.rules.vehicles import Vehicle, mileages, vehicles
from core.rules.words import Lexicon, Word, one_line, shortened, words
from prompts import BusinessType

MOST = 8
"""Most values of one entity that are kept: more is a price list, not a request."""

VALUE_MAX = 80

_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_SCALE = r"(?: ?(?:k|m|mil|million|thousand|grand)\b)?"
MONEY = re.compile(
    r"(?:\b(?:under|below|around|about|up to|max(?:imum)?|at most|roughly|between|approximately|less than|over)[ ])?"
    rf"(?:[$€£] ?(?:{_AMOUNT}){_SCALE}(?: ?(?:-|\u2013|to|and) ?[$€£]? ?(?:{_AMOUNT}){_SCALE})?"
    rf"|\b(?:{_AMOUNT}){_SCALE}(?: ?(?:-|\u2013|to|and) ?(?:{_AMOUNT}){_SCALE})? ?(?:dollars|usd|euros?|eur|pounds|gbp|bucks|€|£)"
    rf"|\bbudget (?:(?:is|of|around|about|up to|roughly|approximately) ){{0,3}}(?:{_AMOUNT}){_SCALE}"
    r"|\b(?:five|six|seven)[- ]figures?\b)",
    re.IGNORECASE,
)
_HEADCOUNT = re.compile(
    r"\b\d{1,3}(?:,\d{3})+ ?\+?[ -]?(?:employees|people|persons?|staff|seats|ftes?|users|workers|team members)\b"
    r"|\b\d{1,5} ?\+?(?: ?(?:-|\u2013|to) ?\d{1,5})?[ -]?(?:employees|people|person|staff|seats|ftes?|users|workers|team members)\b"
    r"|\b(?:team|staff|company|firm|crew|business) of (?:about |around |roughly )?(?:\d{1,5}|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty)\b",
    re.IGNORECASE,
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK"
    "|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_NAME = r"[A-Z][a-z]+(?:[ '-][A-Z][a-z]+){0,3}"
_STREET = r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Way|Court|Ct|Place|Pl|Highway|Hwy|Parkway|Pkwy|Square|Sq)\b"
_LOCATION = re.compile(
    rf"\b\d{{1,5}} (?:[A-Z][\w.]{{0,20}} ){{1,4}}{_STREET}(?:,? {_NAME}(?:, (?:{_STATES})\b)?)?"
    rf"|\b(?:[A-Z][a-z]+ ){{1,3}}{_STREET}"
    rf"|\b{_NAME}, (?:{_STATES})\b(?: \d{{5}})?"
    r"|\b(?:[Zz][Ii][Pp](?: code)?:? ?)\d{5}\b"
    r"|\b(?:I-\d{1,3}|Route \d{1,3}|[Hh]ighway \d{1,3}|Hwy \d{1,3})\b"
    rf"|(?<=\bin )(?:downtown )?{_NAME}|(?<=\bnear ){_NAME}|(?<=\baround ){_NAME}|(?<=\boutside ){_NAME}"
    rf"|(?<=\bfrom ){_NAME}|(?<=\bto )(?:[A-Z][a-z]+ (?:City|Beach|Springs|Falls|Heights|Park))"
    r"|\b(?:near|at|by|to|from) the (?:airport|mall|station|beach|university|stadium|hospital|hotel|highway|interstate|freeway)\b"
    rf"|\bdowntown(?: {_NAME})?\b"
    r"|\bat (?:my|our) (?:house|home|office|place|work|apartment|shop)\b"
)
_NO_PLACE_WORDS = """
january february march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday christmas easter thanksgiving my your our the this that his her a an i it what which
english spanish french german google facebook instagram yelp dear hi hello mr mrs ms dr
"""
_NO_PLACE = frozenset(_NO_PLACE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found in a message: entities by name, and what scores need beside them."""

    entities: Mapping[str, tuple[Entity, ...]]
    timeframes: tuple[Timeframe, ...]
    vehicles: tuple[Vehicle, ...]


def read(text: str, among: list[Word], business: BusinessType, now: datetime) -> Facts:
    """Every entity that the business's file names; each quote is a literal part of ``text``."""
    when = tuple(timeframes(text, now))
    cars = tuple(vehicles(text)) if "vehicle" in _recognisers(business) else ()
    spans: Mapping[str, Callable[[], Iterable[tuple[str | None, int, int]]]] = {
        "vehicle": lambda: [
            *((car.name, car.start, car.end) for car in cars),
            *((None, start, end) for start, end in mileages(text)),
        ],
        "timeframe": lambda: ((frame.value, frame.start, frame.end) for frame in when),
        "location": lambda: _locations(text),
        "money": lambda: ((None, *match.span()) for match in MONEY.finditer(text)),
        "headcount": lambda: ((None, *match.span()) for match in _HEADCOUNT.finditer(text)),
        "contact_preference": lambda: (
            (hit.value, hit.start, hit.end) for hit in _contact_lexicon(business).find(among)
        ),
    }
    entities = {}
    for name, guide in business.entities.items():
        found: list[tuple[str | None, int, int]] = list(spans[guide.found_by]()) if guide.found_by else []
        found += ((hit.value, hit.start, hit.end) for hit in lexicon(business, name).find(among))
        entities[name] = _distinct(text, found)
    return Facts(entities, when, cars)


def standing(entities: Mapping[str, tuple[Entity, ...]], message: str) -> dict[str, tuple[Entity, ...]]:
    """Only what is quoted from the message as it came: a quote across a mail's markup stands nowhere in it."""
    return {
        name: tuple(entity for entity in found if entity.quote and entity.quote in message)
        for name, found in entities.items()
    }


@lru_cache(maxsize=256)
def lexicon(business: BusinessType, entity: str) -> Lexicon:
    """The words of one of the business's entities."""
    return Lexicon(business.entities[entity].words)


@lru_cache(maxsize=256)
def insight_lexicon(business: BusinessType, insight: str) -> Lexicon:
    """The words of one of the business's insights."""
    return Lexicon(business.insights[insight].words)


def without_hidden(text: str, business: BusinessType, also: Iterable[str] = ()) -> str:
    """The text with what the card may not show (the file's card.shows) as "…": its words and these quotes."""
    spans = [
        (hit.start, hit.end) for name in business.hidden for hit in lexicon(business, name).find(words(text))
    ]
    for quote in also:
        spans += (
            match.span() for match in re.finditer(re.escape(one_line(quote)), text, re.IGNORECASE) if quote
        )
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}…{text[end:]}"
    return re.sub(r"…(?:[\s,]*…)+", "…", text)


def insights(
    among: list[Word], facts: Facts, business: BusinessType, intent: str, now: datetime
) -> dict[str, str]:
    """The file's business_insights that something speaks for: words first, then intent, then its default."""
    answers = {}
    for name, guide in business.insights.items():
        said = {hit.value for hit in insight_lexicon(business, name).find(among)}
        answer = next((value for value in guide.words if value in said), None)
        if answer is None and guide.found_by == "vehicle_age":
            answer = _vehicle_age(facts.vehicles, now)
        answer = answer or guide.intents.get(intent) or guide.otherwise
        if answer is not None:
            answers[name] = answer
    return answers


def _distinct(text: str, found: Iterable[tuple[str | None, int, int]]) -> tuple[Entity, ...]:
    kept: dict[str, Entity] = {}
    for value, start, end in sorted(found, key=lambda hit: hit[1]):
        quote = text[start:end].strip()
        said = shortened(value or one_line(quote), VALUE_MAX)
        if quote and said and said.casefold() not in kept:
            kept[said.casefold()] = Entity(value=said, quote=quote)
    return tuple(kept.values())[:MOST]


def _locations(text: str) -> Iterable[tuple[None, int, int]]:
    for match in _LOCATION.finditer(text):
        first = re.split(r"\W", match[0].casefold(), maxsplit=1)[0]
        if first not in _NO_PLACE:
            yield None, *match.span()


def _vehicle_age(cars: tuple[Vehicle, ...], now: datetime) -> str | None:
    year = next((car.year for car in cars if car.year is not None), None)
    if year is None:
        return None
    age = now.year - year
    return "new" if age <= 3 else "used" if age <= 10 else "older"  # noqa: PLR2004  # as automotive.toml says


@lru_cache(maxsize=64)
def _recognisers(business: BusinessType) -> frozenset[str | None]:
    return frozenset(guide.found_by for guide in business.entities.values())


@lru_cache(maxsize=64)
def _contact_lexicon(business: BusinessType) -> Lexicon:
    return Lexicon(business.everyday.contact_words)
