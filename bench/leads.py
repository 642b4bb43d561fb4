"""Made-up leads for benchmarks: people who write again, mistype, share names; the same ones at every run."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard
    Susan Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Sandra
    Anthony Betty Mark Ashley Donald Emily Steven Kimberly Andrew Margaret Paul Donna Joshua
    Michelle Kenneth Carol Kevin Amanda Brian Melissa Timothy Deborah Ronald Stephanie Jason Rebecca
    George Sharon Edward Laura Jeffrey Cynthia Ryan Amy Jacob Kathleen Nicholas Angela Gary Dorothy
    Eric Shirley Jonathan Emma Stephen Brenda Larry Nicole Justin Pamela Scott Samantha Brandon Anna
    Benjamin Katherine Samuel Christine Gregory Debra Alexander Rachel Patrick Olivia Frank Carolyn
    Raymond Maria Jack Janet Dennis Heather
    """
)
COMMON = _words(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez
    Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris
    Sanchez Clark Ramirez Lewis Robinson Walker Young
    """
)
RARE = [
    "".join(parts).title()
    for parts in product(
        _words("b br c ch cl d dr f fl g gr h k kn l m n p pr r s sh st t th tr v w wh y"),
        _words("al an ar ed el en er il in ir ol on or ul un ur"),
        _words("ley ton well wood field ford man bury worth ham more dale by stead ridge wick"),
    )
]
MAIL = ("gmail.com", "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com")
CARS = (
    "Honda Civic",
    "Toyota Camry",
    "Ford F-150",
    "BMW 330i",
    "Audi A4",
    "Mazda CX-5",
    "Subaru Outback",
    "Kia Soul",
)
WORK = (
    "brakes squeal when I stop",
    "check engine light is on",
    "oil change is due",
    "clutch slips in third gear",
)
WISH = (
    "can you look at it {when}?",
    "what would that cost?",
    "do you have time {when}?",
    "please call me about a quote.",
)
WHEN = ("tomorrow", "next week", "on Friday morning", "this weekend", "in two weeks")
AGAIN_WITHIN = timedelta(days=5)
DOORS = ("web_form", "email", "phone", "chat_widget")


def leads(count: int, *, seed: int = 0, again: float = 0.15) -> Iterator[dict[str, Any]]:
    """So many leads by the time they came in; ``again`` of them by somebody who wrote before.

    Half of those repeat their request within days, retyped; the others want something else, or moved to
    another address or number. Their persons are the ``person`` of each lead.
    """
    draw = random.Random(seed)  # noqa: S311 - the same leads at every run, no secret
    at = datetime(2020, 1, 1, tzinfo=UTC)
    pace = timedelta(days=5 * 365) / max(count, 1)
    known: list[dict[str, Any]] = []
    for number in range(count):
        at += pace * draw.expovariate(1)
        if known and draw.random() < again:
            recent = known[-max(1, round(AGAIN_WITHIN / pace)) :]
            lead = (
                _resent(draw, draw.choice(recent)) if draw.random() < 0.5 else _anew(draw, draw.choice(known))
            )
        else:
            lead = _first(draw, number)
            known.append(lead)
            del known[:-20_000]
        yield {**lead, "received_at": at.isoformat(), "source": draw.choice(DOORS)}


def _first(draw: random.Random, number: int) -> dict[str, Any]:
    given = draw.choice(GIVEN)
    surname = draw.choice(COMMON if draw.random() < 0.15 else RARE)
    box = draw.choice((f"{given}.{surname}", f"{given[0]}{surname}", f"{surname}{given[0]}")).lower()
    box += str(draw.randrange(10, 9999)) if draw.random() < 0.7 else ""
    return {
        "person": number,
        "first_name": given,
        "last_name": surname,
        "email": f"{box}@{draw.choice(MAIL)}" if draw.random() < 0.85 else "",
        "phone": _phone(draw) if draw.random() < 0.8 else "",
        "message": _message(draw),
    }


def _resent(draw: random.Random, earlier: dict[str, Any]) -> dict[str, Any]:
    return _changed(draw, {**earlier, "message": _retyped(draw, earlier["message"])})


def _anew(draw: random.Random, earlier: dict[str, Any]) -> dict[str, Any]:
    return _changed(draw, {**earlier, "message": _message(draw)})


def _changed(draw: random.Random, lead: dict[str, Any]) -> dict[str, Any]:
    change = draw.choice(("mail", "phone", "name", "none", "none"))
    if change == "mail" and lead["phone"]:
        lead["email"] = ""
    elif change == "phone" and lead["email"]:
        lead["phone"] = ""
    elif change == "name":
        lead["last_name"] = _retyped(draw, lead["last_name"])
    return lead


def _message(draw: random.Random) -> str:
    year = draw.randrange(2004, 2025)
    wish = draw.choice(WISH).format(when=draw.choice(WHEN))
    car, work = draw.choice(CARS), draw.choice(WORK)
    return f"My {year} {car} has {draw.randrange(20, 190)}k miles and the {work}, {wish}"


def _retyped(draw: random.Random, text: str) -> str:
    at = draw.randrange(1, max(2, len(text) - 1))
    return text[:at] + text[at + 1 :]


def _phone(draw: random.Random) -> str:
    area, exchange, line = (
        draw.choice((212, 415, 305, 512, 617)),
        draw.randrange(200, 999),
        draw.randrange(10_000),
    )
    return draw.choice(("({}) {}-{:04}", "{}-{}-{:04}", "+1 {} {} {:04}")).format(area, exchange, line)
