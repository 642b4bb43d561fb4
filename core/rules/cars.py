"""Makes and models of cars as people write them, from the shipped list: "crv" is a Honda CR-V."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from core.rules.words import words

CARS = Path(__file__).parent / "data" / "us_car_models.json"
"""Make -> model -> [first, last year]: us-car-models-data, CC BY 4.0."""

_ALIASES = {
    "chevy": "Chevrolet", "chevys": "Chevrolet", "vw": "Volkswagen", "volkswagon": "Volkswagen",
    "merc": "Mercedes-Benz", "mercedes": "Mercedes-Benz", "benz": "Mercedes-Benz", "mb": "Mercedes-Benz",
    "beemer": "BMW", "bimmer": "BMW", "caddy": "Cadillac", "landrover": "Land Rover",
    "subie": "Subaru", "hundai": "Hyundai", "infinity": "Infiniti", "porche": "Porsche", "alfa": "Alfa Romeo",
    "rover": "Land Rover",
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
_NOT_LISTED = (
    "Harley-Davidson", "Kawasaki", "Yamaha", "Ducati", "Peterbilt", "Kenworth", "Winnebago",
)  # fmt: skip
"""Makes of what is no car and yet comes to the workshop."""

_BODY_WORDS = """
regular crew extended super double quad king access cab cabs cargo passenger van wagon hatchback supercab
supercrew mega max classic new limited plug hybrid single
"""
_ORDINARY_MAKES = """
smart mini eagle mercury saturn lotus geo genesis ram fiat lincoln lucid srt infinity rover alfa benz
merc caddy
"""
_DISTINCT_MODELS = """
camry corolla civic accord altima sentra maxima rogue murano pathfinder elantra sonata tucson santafe
sorento sportage silverado tahoe suburban equinox malibu impala camaro corvette traverse trailblazer
mustang f150 f250 f350 bronco taurus wrangler cherokee grandcherokee durango caravan grandcaravan tacoma
tundra 4runner rav4 highlander sienna prius avalon yaris crv hrv odyssey ridgeline jetta passat tiguan
touareg outback forester impreza crosstrek wrx miata cx5 cx9 cx3 cx30 lancer outlander escalade yukon
silverado1500 silverado2500 sierra1500 xterra armada versa kona veloster palisade telluride rangerover
mdx rdx tlx qx60 g35 g37 rx350 es350 is250 gx470 modely model3 modelx models xc90 xc60 ecosport trax
blazer gti tiburon stinger
"""
BODY = frozenset(_BODY_WORDS.split())
"""Words that end a model's spoken name in the list: "Silverado 1500 Crew Cab" is a Silverado 1500."""

ORDINARY_MAKES = frozenset(_ORDINARY_MAKES.split())
"""Words for makes that mean other things too, key form: they count beside a model or a year only."""

DISTINCT = frozenset(_DISTINCT_MODELS.split())
"""Models that name a car without their make, key form; ordinary words (Escape, Edge, Fit) are left out."""

LETTERED = {
    "BMW": re.compile(r"(?:[1-8]\d\d(?:xi|i|xd|d|e|ci|li|is)?|[mxz][1-8]|ix?[3478]?)"),
    "Mercedes-Benz": re.compile(r"(?:[a-z]{1,3}\d{2,3}|\d{3}[a-z]{1,3})"),
    "Audi": re.compile(r"(?:[aqs]|rs|sq|tt)\d?"),
    "Lexus": re.compile(r"[a-z]{2}\d{3}h?"),
    "Volvo": re.compile(r"(?:xc|[vscx])\d{2}"),
    "Infiniti": re.compile(r"[a-z]{1,2}\d{2}"),
}
"""Makes whose models are letters and figures beyond those in the list, key form."""

_PREFIXES = {"grand", "super", "city"}
"""First words of models that name no car by themselves."""


@dataclass(frozen=True, slots=True)
class Cars:
    """Key form -> make, make -> key form -> model, and key form -> (make, model) for models met alone."""

    makes: Mapping[str, str]
    models: Mapping[str, Mapping[str, str]]
    alone: Mapping[str, tuple[str, str]]


@cache
def cars() -> Cars:
    """The shipped list, in the forms people use."""
    makes = {key(alias): make for alias, make in _ALIASES.items()}
    models: dict[str, dict[str, str]] = {}
    for listed, known in json.loads(CARS.read_text()).items():
        make = _SPELT.get(listed, listed)
        makes[key(make)] = make
        models[make] = _spoken_models(make, known)
    for make in _NOT_LISTED:
        makes[key(make)] = make
        models[make] = {}
    alone: dict[str, tuple[str, str]] = {}
    for make, named in models.items():
        for form, model in named.items():
            alone.setdefault(form, (make, model))
    return Cars(makes, models, alone)


def key(name: str) -> str:
    """What is compared: "CR-V", "CR V" and "crv" are the same."""
    return "".join(word.form for word in words(name))


@lru_cache(maxsize=1_000)
def misspelt(form: str) -> str | None:
    """The make that this word is nearly, if it is."""
    if len(form) < 4:  # noqa: PLR2004  # shorter words are close to anything
        return None
    makes = cars().makes
    close = get_close_matches(form, makes, n=1, cutoff=0.8)
    return makes[close[0]] if close else None


def _spoken_models(make: str, known: Mapping[str, object]) -> dict[str, str]:
    spoken: dict[str, str] = {}
    for listed in known:
        model = _without_body(listed).replace("MAZDA", "Mazda")
        spoken.setdefault(key(model), model)
        first = model.split()[0]
        if len(first) > 3 and not first.isdecimal() and key(first) not in _PREFIXES:  # noqa: PLR2004  # "Silverado", not "RAM"
            spoken.setdefault(key(first), first)
    spoken |= {key(model): model for model in _ALSO_SPOKEN.get(make, ())}
    for form, model in list(spoken.items()):  # "mazda 3" beside "Mazda3"
        spoken.setdefault(form.removeprefix(key(make)), model)
    spoken.pop("", None)
    return spoken


def _without_body(model: str) -> str:
    parts = [part for part in model.split() if not part.startswith("(")]
    for at, part in enumerate(parts):
        if at and part.casefold() in BODY:
            return " ".join(parts[:at])
    return " ".join(parts) or model
