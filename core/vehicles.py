"""Cars named in a message: year, make and model, with the words they stand in."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from core.words import Word, words

CARS = Path(__file__).parent / "data" / "us_car_models.json"
"""Make -> model -> [first, last year]: us-car-models-data, CC BY 4.0."""

_ALIASES = {
    "chevy": "Chevrolet", "chevys": "Chevrolet", "vw": "Volkswagen", "volkswagon": "Volkswagen",
    "merc": "Mercedes-Benz", "mercedes": "Mercedes-Benz", "benz": "Mercedes-Benz", "mb": "Mercedes-Benz",
    "beemer": "BMW", "bimmer": "BMW", "caddy": "Cadillac", "landrover": "Land Rover", "olds": "Oldsmobile",
    "subie": "Subaru", "toyta": "Toyota", "toyotas": "Toyota", "hyundia": "Hyundai", "hundai": "Hyundai",
    "nissian": "Nissan", "infinity": "Infiniti", "porche": "Porsche", "alfa": "Alfa Romeo", "rover": "Land Rover",
    "dodgeram": "Ram", "crysler": "Chrysler", "cadilac": "Cadillac", "mitsubushi": "Mitsubishi",
}  # fmt: skip
_SPELT = {"INFINITI": "Infiniti", "MAZDA": "Mazda", "HUMMER": "Hummer", "FIAT": "Fiat", "smart": "Smart"}
_ALSO_SPOKEN = {
    "Land Rover": ("Range Rover", "Range Rover Sport", "Discovery", "Defender"),
    "Ford": ("F-150", "F-250", "F-350", "Super Duty", "Superduty", "Transit", "Econoline", "Windstar"),
    "Chevrolet": ("Silverado", "Colorado", "Express", "S10", "Astro", "Venture", "Bolt"),
    "GMC": ("Sierra", "Savana", "Yukon"),
    "Dodge": ("Grand Caravan", "Caravan", "Dakota", "Ram", "Ram 1500"),
    "Ram": ("1500", "2500", "3500", "ProMaster"),
    "Nissan": ("Frontier", "Titan"),
    "Toyota": ("Tacoma", "Tundra", "Prius", "RAV4"),
    "Volvo": ("XC60", "XC90", "XC40", "S60", "V60"),
}
_BODY = frozenset(
    [
        "regular",
        "crew",
        "extended",
        "super",
        "double",
        "quad",
        "king",
        "access",
        "cab",
        "cabs",
        "cargo",
        "passenger",
        "van",
        "wagon",
        "hatchback",
        "supercab",
        "supercrew",
        "mega",
        "max",
        "classic",
        "new",
        "limited",
        "plug",
        "hybrid",
        "single",
    ]
)
"""Words that end a model's spoken name in the list: "Silverado 1500 Crew Cab" is a Silverado 1500."""

_NOT_A_MAKE = frozenset({"smart", "mini", "eagle", "mercury", "saturn", "lotus", "geo", "genesis", "ram", "fiat", "lincoln", "lucid", "rover", "benz", "mb", "srt", "infinity", "alfa", "olds", "merc", "caddy"})  # fmt: skip
"""Makes that are ordinary words too: they count beside a model or a year only."""

_DISTINCT = frozenset(
    [
        "camry",
        "corolla",
        "civic",
        "accord",
        "altima",
        "sentra",
        "maxima",
        "rogue",
        "murano",
        "pathfinder",
        "elantra",
        "sonata",
        "tucson",
        "santafe",
        "sorento",
        "sportage",
        "silverado",
        "tahoe",
        "suburban",
        "equinox",
        "malibu",
        "impala",
        "camaro",
        "corvette",
        "traverse",
        "trailblazer",
        "mustang",
        "f150",
        "f250",
        "f350",
        "bronco",
        "taurus",
        "wrangler",
        "cherokee",
        "grandcherokee",
        "durango",
        "caravan",
        "grandcaravan",
        "tacoma",
        "tundra",
        "4runner",
        "rav4",
        "highlander",
        "sienna",
        "prius",
        "avalon",
        "yaris",
        "crv",
        "hrv",
        "odyssey",
        "ridgeline",
        "jetta",
        "passat",
        "tiguan",
        "touareg",
        "outback",
        "forester",
        "impreza",
        "crosstrek",
        "wrx",
        "miata",
        "cx5",
        "cx9",
        "cx3",
        "cx30",
        "lancer",
        "outlander",
        "escalade",
        "yukon",
        "silverado1500",
        "silverado2500",
        "sierra1500",
        "xterra",
        "armada",
        "versa",
        "kona",
        "veloster",
        "palisade",
        "telluride",
        "prius",
        "rangerover",
        "mdx",
        "rdx",
        "tlx",
        "qx60",
        "g35",
        "g37",
        "rx350",
        "es350",
        "is250",
        "gx470",
        "modely",
        "model3",
        "modelx",
        "models",
        "xc90",
        "xc60",
        "ecosport",
        "chevelle",
        "trax",
        "blazer",
        "gti",
        "tiburon",
        "stinger",
    ]
)
"""Models that name a car without their make, key form; ordinary words (Escape, Edge, Fit) are left out."""

_LETTERED = {
    "BMW": re.compile(r"(?:[1-8]\d\d(?:xi|i|xd|d|e|ci|li|is)?|[mxz][1-8]|ix?[3478]?)"),
    "Mercedes-Benz": re.compile(r"(?:[a-z]{1,3}\d{2,3}|\d{3}[a-z]{1,3})"),
    "Audi": re.compile(r"(?:[aqs]|rs|sq|tt)\d?"),
    "Lexus": re.compile(r"[a-z]{2}\d{3}h?"),
    "Volvo": re.compile(r"(?:xc|[vscx])\d{2}"),
    "Infiniti": re.compile(r"[a-z]{1,2}\d{2}"),
}
_YEAR = re.compile(r"(?:19[5-9]|20[0-4])\d")
_SHORT_YEAR = re.compile(r"['’](\d\d)\b")
_MILEAGE = re.compile(
    r"\b\d{1,3}(?:[,.]\d{3})+ ?(?:miles?|mi|kms?|kilometers)\b|\b\d{2,6} ?k? ?(?:miles?|mi|kms?|kilometers)\b",
    re.IGNORECASE,
)
_NOT_MILEAGE = re.compile(r"\b(?:per|an?) (?:hour|gallon)|\b(?:away|from)\b", re.IGNORECASE)
_OLDEST_SHORT = 50
_REACH = 4
"""Words between a year and its car: "a 2017, grey Honda"."""
_LONGEST_MODEL = 4


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


def vehicles(text: str) -> list[Vehicle]:
    """The cars named in a text, in order, each once; a model year alone ("I own a 2012") where no car has one."""
    among = words(text)
    years = {at: year for at, word in enumerate(among) if (year := _year(text, word)) is not None}
    found: list[Vehicle] = []
    for first, last, make, model in _named(among, frozenset(years)):
        near = _nearest_year(among, years, first, last)
        if model is None and make is not None and make.casefold() in _NOT_A_MAKE and near is None:
            continue
        ends = (first, last) if near is None else (min(first, near), max(last, near))
        year = years.pop(near) if near is not None else None
        car = Vehicle(year, make, model, among[ends[0]].start, among[ends[1]].end)
        _keep(found, car)
    if years and all(car.year is None for car in found):
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
    for at, known in enumerate(found):
        same_make = car.make == known.make or car.make is None or known.make is None
        same_model = car.model == known.model or car.model is None or known.model is None
        if same_make and same_model and (car.year is None or known.year is None):
            if (car.year is not None) + (car.model is not None) > (known.year is not None) + (
                known.model is not None
            ):
                found[at] = car
            return
    found.append(car)


def _year_apart(text: str, among: Sequence[Word], years: dict[int, int]) -> list[Vehicle]:
    for at, year in years.items():
        before = text[max(0, among[at].start - 14) : among[at].start].lower()
        if re.search(r"\b(?:an?|my|it's|its|is an?|year:?|model)\s*$", before):
            return [Vehicle(year, None, None, among[at].start, among[at].end)]
    return []


def _named(among: Sequence[Word], years: frozenset[int]) -> Iterator[tuple[int, int, str | None, str | None]]:
    """First word, last word, make, model of each car."""
    makes, models = _index()
    at = 0
    while at < len(among):
        make, used = _at(among, at, makes, 2)
        if make is not None:
            after = at + used
            model, length = _at(among, after, models[make], _LONGEST_MODEL)
            if model is None:
                model, length = _lettered(among, after, make)
            if model is None and after in years:  # "Honda 2019 Civic"
                model, length = _at(among, after + 1, models[make], _LONGEST_MODEL)
                length += bool(length)
            yield at, after + length - 1, make, model
            at = after + length
            continue
        make, model, used = _alone(among, at, years)
        if model is None and at - 1 in years and (make := _misspelt(among[at].form)):
            model, length = _at(among, at + 1, models[make], _LONGEST_MODEL)
            used = 1 + length
            yield at, at + length, make, model
            at += used
            continue
        if model is not None:
            yield at, at + used - 1, make, model
        at += used or 1


def _alone(among: Sequence[Word], at: int, years: frozenset[int]) -> tuple[str | None, str | None, int]:
    """A model without its make: one of the distinct names, or any name beside a year."""
    for length in range(min(_LONGEST_MODEL, len(among) - at), 0, -1):
        key = "".join(word.form for word in among[at : at + length])
        beside_year = at - 1 in years or _year_follows(among, at + length, years)
        if key in _DISTINCT or (beside_year and len(key) > 1 and not key.isdecimal()):
            for make, models in _index()[1].items():
                if key in models:
                    return make, models[key], length
    return None, None, 0


def _year_follows(among: Sequence[Word], at: int, years: frozenset[int]) -> bool:
    """Whether a year comes next, or after words like "250 Crew Van" only."""
    for place in range(at, min(at + _REACH, len(among))):
        if place in years:
            return True
        if among[place].form not in _BODY and not among[place].form.isdecimal():
            return False
    return False


def _misspelt(form: str) -> str | None:
    if len(form) < 4:  # noqa: PLR2004  # shorter words are close to anything
        return None
    makes = _index()[0]
    close = get_close_matches(form, makes, n=1, cutoff=0.8)
    return makes[close[0]] if close else None


def _at(among: Sequence[Word], at: int, index: dict[str, str], longest: int) -> tuple[str | None, int]:
    for length in range(min(longest, len(among) - at), 0, -1):
        key = "".join(word.form for word in among[at : at + length])
        if key in index:
            return index[key], length
    return None, 0


def _lettered(among: Sequence[Word], at: int, make: str) -> tuple[str | None, int]:
    pattern = _LETTERED.get(make)
    for length in (2, 1):
        key = "".join(word.form for word in among[at : at + length])
        if pattern and at + length <= len(among) and pattern.fullmatch(key):
            return key.upper() if make != "BMW" else key, length
    return None, 0


def _year(text: str, word: Word) -> int | None:
    if _YEAR.fullmatch(word.form):
        return int(word.form)
    short = _SHORT_YEAR.match(text, word.start - 1) if word.start else None
    if short:
        number = int(short[1])
        return number + (1900 if number >= _OLDEST_SHORT else 2000)
    return None


def _nearest_year(among: Sequence[Word], years: dict[int, int], first: int, last: int) -> int | None:
    near = [at for at in years if first - _REACH <= at <= last + _REACH]
    return min(near, key=lambda at: first - at if at < first else at - last, default=None)


@cache
def _index() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Key form -> make, and make -> key form -> model; the key of "CR-V" is "crv"."""
    makes = {_key(alias): make for alias, make in _ALIASES.items()}
    models: dict[str, dict[str, str]] = {}
    for listed, known in json.loads(CARS.read_text()).items():
        make = _SPELT.get(listed, listed)
        makes[_key(make)] = make
        models[make] = {}
        for model in known:
            spoken = _spoken(model).replace("MAZDA", "Mazda")
            models[make].setdefault(_key(spoken), spoken)
            first = spoken.split()[0]
            if len(first) > 3 and not first.isdecimal():  # noqa: PLR2004  # "Grand" of Grand Cherokee is no model, "Silverado" is
                models[make].setdefault(_key(first), first)
        for model in _ALSO_SPOKEN.get(make, ()):
            models[make][_key(model)] = model
        suffixes = {key.removeprefix(_key(make)): model for key, model in models[make].items()}  # "mazda 3"
        models[make] |= {key: model for key, model in suffixes.items() if key not in models[make]}
        models[make] = {
            key: model for key, model in models[make].items() if key and key not in {"grand", "super", "city"}
        }
    return makes, models


def _spoken(model: str) -> str:
    parts = [part for part in model.split() if not part.startswith("(")]
    for at, part in enumerate(parts):
        if at and part.casefold() in _BODY:
            return " ".join(parts[:at])
    return " ".join(parts) or model


def _key(name: str) -> str:
    return "".join(word.form for word in words(name))
