"""Cars named in a message: year, make and model, with the words they stand in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.rules.cars import BODY, DISTINCT, LETTERED, ORDINARY_MAKES, cars, misspelt
from core.rules.words import Word, words

_YEAR = re.compile(r"(?:19[5-9]|20[0-4])\d")
_SHORT_YEAR = re.compile(r"['\u2019](\d\d)\b")
_INTRODUCES_YEAR = re.compile(r"\b(?:an?|my|it's|its|year:?|model)\s*$")
_MILEAGE = re.compile(
    r"\b\d{1,3}(?:[,.]\d{3})+ ?(?:miles?|mi|kms?|kilometers)\b"
    r"|\b\d{2,6} ?k? ?(?:miles?|mi|kms?|kilometers)\b",
    re.IGNORECASE,
)
_NOT_MILEAGE = re.compile(r"\b(?:per|an?) (?:hour|gallon)|\b(?:away|from)\b", re.IGNORECASE)
_OLDEST_SHORT = 50
_TWO_DIGITS = re.compile(r"(?:\b(?:my|an?|the|our|his|her|old|own)|^)\s+(\d\d)\s+$", re.IGNORECASE)
_TWO_DIGITS_REACH = 12
_REACH = 4
"""Words between a year and its car: "a 2017, grey Honda"."""
_LONGEST_MODEL = 4
_MISSPELT_MOST = 3
"""Words after a year that are tried as misspelt makes: trying costs a millisecond."""

MOST = 8
"""Most cars that are told apart in one message."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car as named: any of year, make, model, from ``start`` to ``end`` in the text."""

    year: int | None
    make: str | None
    model: str | None
    start: int
    end: int

    @property
    def name(self) -> str:
        """Year, make and model as people write them, e.g. ``2019 Honda Civic``."""
        told_by_model = self.make and self.model and self.model.startswith(self.make)  # "Mazda3"
        make = None if told_by_model else self.make
        return " ".join(str(part) for part in (self.year, make, self.model) if part)


@dataclass(frozen=True, slots=True)
class _Named:
    """A make, a model or both, from word ``first`` to word ``last``."""

    first: int
    last: int
    make: str
    model: str | None


def vehicles(text: str) -> list[Vehicle]:
    """The cars named in a text, in order, each once; a year alone ("I own a 2012") if no car has one."""
    among = words(text)
    years = {at: year for at, word in enumerate(among) if (year := _year(text, word)) is not None}
    found: list[Vehicle] = []
    named_cars = list(_named(among, years))
    nearest = _nearest_years(years, named_cars)
    for named in named_cars:
        near = nearest.get(named)
        if named.model is None and near is None and among[named.first].form in ORDINARY_MAKES:
            continue
        first, last = (
            (named.first, named.last) if near is None else (min(named.first, near), max(named.last, near))
        )
        year = _two_digits(text, among, named) if near is None else years.pop(near)
        _keep(found, Vehicle(year, named.make, named.model, among[first].start, among[last].end))
        if len(found) == MOST:
            return found
    if all(car.year is None for car in found):
        found += _year_apart(text, among, years)
    return found


def mileages(text: str) -> list[tuple[int, int]]:
    """Where the text says how far the car has run."""
    return [
        match.span()
        for match in _MILEAGE.finditer(text)
        if not _NOT_MILEAGE.match(text[match.end() : match.end() + 12].lstrip())
    ]


def _keep(found: list[Vehicle], car: Vehicle) -> None:
    """Add a car, or let it say more of one that is known."""
    for at, known in enumerate(found):
        agrees = car.make == known.make and (car.model == known.model or None in {car.model, known.model})
        if agrees and None in {car.year, known.year}:
            if _said(car) > _said(known):
                found[at] = car
            return
    found.append(car)


def _said(car: Vehicle) -> int:
    return (car.year is not None) + (car.model is not None)


def _year_apart(text: str, among: Sequence[Word], years: Mapping[int, int]) -> list[Vehicle]:
    for at, year in years.items():
        before = text[max(0, among[at].start - 14) : among[at].start].lower()
        if _INTRODUCES_YEAR.search(before):
            return [Vehicle(year, None, None, among[at].start, among[at].end)]
    return []


def _named(among: Sequence[Word], years: Mapping[int, int]) -> Iterator[_Named]:
    at = 0
    guesses = _MISSPELT_MOST
    before = -2
    while at < len(among):
        named = _by_make(among, at, years) or _by_model(among, at, years, trim=at - 1 == before)
        if named is None and guesses and at - 1 in years:
            guesses -= 1
            make = misspelt(among[at].form)
            named = _with_model(among, at, at, make, years) if make else None
        if named is not None:
            before = named.last
            yield named
        at = at + 1 if named is None else named.last + 1


def _by_make(among: Sequence[Word], at: int, years: Mapping[int, int]) -> _Named | None:
    for last in (at + 1, at):
        make = cars().makes.get(_key(among, at, last))
        if make is not None:
            return _with_model(among, at, last, make, years)
    return None


def _with_model(among: Sequence[Word], first: int, last: int, make: str, years: Mapping[int, int]) -> _Named:
    """The make from word ``first`` to ``last`` and the model after it, "Honda Civic", "Honda 2019 Civic"."""
    models, lettered = cars().models[make], LETTERED.get(make)
    for start in (last + 1, last + 2) if last + 1 in years else (last + 1,):
        for end in range(start + _LONGEST_MODEL - 1, start - 1, -1):
            key = _key(among, start, end)
            if key in models:
                return _Named(first, end, make, models[key])
            if lettered and end - start < 2 and lettered.fullmatch(key):  # noqa: PLR2004  # "C 300"
                return _Named(first, end, make, key if make == "BMW" else key.upper())
    return _Named(first, last, make, None)


def _by_model(among: Sequence[Word], at: int, years: Mapping[int, int], *, trim: bool) -> _Named | None:
    """A model without its make: one of the distinct names, or any name beside a year.

    ``trim``: right after a car, where "Custom" or "Limited" is how that car is equipped.
    """
    for end in range(at + _LONGEST_MODEL - 1, at - 1, -1):
        key = _key(among, at, end)
        known = cars().alone.get(key)
        if known is None or key in BODY:
            continue
        beside_year = not trim and (at - 1 in years or _year_follows(among, end + 1, years))
        if key in DISTINCT or (beside_year and len(key) > 1 and not key.isdecimal()):
            return _Named(at, end, *known)
    return None


def _year_follows(among: Sequence[Word], at: int, years: Mapping[int, int]) -> bool:
    """Whether a year comes next, or after words like "250 Crew Van" only."""
    for place in range(at, min(at + _REACH, len(among))):
        if place in years:
            return True
        if among[place].form not in BODY and not among[place].form.isdecimal():
            return False
    return False


def _key(among: Sequence[Word], first: int, last: int) -> str:
    """The words run together; empty past the end of the text."""
    return "".join(word.form for word in among[first : last + 1]) if last < len(among) else ""


def _year(text: str, word: Word) -> int | None:
    if _YEAR.fullmatch(word.form):
        return int(word.form)
    short = _SHORT_YEAR.match(text, word.start - 1) if word.start else None
    if short is None:
        return None
    number = int(short[1])
    return number + (1900 if number >= _OLDEST_SHORT else 2000)


def _nearest_years(years: Mapping[int, int], named_cars: Sequence[_Named]) -> dict[_Named, int]:
    """The word of each car's year, the nearest pairs first: "a Ford hit my 2012 Mazda" dates the Mazda."""
    pairs = sorted(
        (_words_between(named, at), named.first, at) for named in named_cars for at in years
    )  # fmt: skip
    by_first = {named.first: named for named in named_cars}
    dated: dict[_Named, int] = {}
    for apart, first, at in pairs:
        if apart <= _REACH and by_first[first] not in dated and at not in dated.values():
            dated[by_first[first]] = at
    return dated


def _words_between(named: _Named, at: int) -> int:
    return max(named.first - at, at - named.last, 0)


def _two_digits(text: str, among: Sequence[Word], named: _Named) -> int | None:
    """The year of "my 02 Honda Odyssey": two digits right before a car, after a word said of one thing."""
    before = text[: among[named.first].start]
    found = _TWO_DIGITS.search(before[-_TWO_DIGITS_REACH:])
    if found is None:
        return None
    number = int(found[1])
    return number + (1900 if number >= _OLDEST_SHORT else 2000)
