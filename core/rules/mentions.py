"""What any message may name whatever the trade: people, phones, e-mail addresses, party sizes and money."""

# ruff: noqa: E501  # a pattern reads better on one line

import re

from core.lead import Entity
from core.rules.entities import MONEY
from core.rules.words import one_line, shortened

MOST = 5
"""Most of one kind that are kept."""

VALUE_MAX = 80

_NAME = r"[A-Z][a-z'\u2019-]+(?: [A-Z]\.)?(?: (?:[A-Z][a-z'\u2019-]+|de|van|von|la))*"
_COUNT = r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve|a dozen)"
_KINDS = {
    "people": re.compile(
        rf"(?:\b(?:[Mm]y name is|[Nn]ame(?:'s| is)?:?|[Tt]his is|[Ii]t's|[Aa]sk for|[Ss]peak (?:to|with)|under|I am|I'm) )(?P<said>{_NAME})(?=[\s,.!?;:)-]|$)"
        rf"|(?:[Tt]hanks|[Rr]egards|[Cc]heers|[Ss]incerely),? ?\n?[-\u2013\u2014]? ?(?P<signed>{_NAME})\s*[.!]?\s*$"
    ),
    "phones": re.compile(r"(?P<said>(?<![\w$€£.,/-])(?:\+|\(?)\d(?:[\s().-]{0,2}\d){6,14}(?!\w))"),
    "emails": re.compile(r"(?P<said>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"),
    "party_size": re.compile(
        rf"(?P<said>\b{_COUNT} (?:people|persons|guests|adults|kids|children|of us|pax|seats)\b|\b(?:table|party|room|reservation|dinner|group) (?:for|of) {_COUNT}\b)",
        re.IGNORECASE,
    ),
    "money": MONEY,
}
_NO_NAME = frozenset(
    [
        "The",
        "This",
        "That",
        "Not",
        "Still",
        "Looking",
        "Interested",
        "Having",
        "Trying",
        "Hoping",
        "Just",
        "Really",
        "Very",
        "Honda",
        "Ford",
    ]
)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")


def mentions(text: str) -> dict[str, tuple[Entity, ...]]:
    """Each kind that occurs with its literal quotes, in order; kinds that do not occur are left out."""
    found = {}
    for kind, pattern in _KINDS.items():
        kept: dict[str, Entity] = {}
        for match in pattern.finditer(text):
            group = next((name for name, said in match.groupdict().items() if said), 0)
            quote = match[group].strip(" .,;")
            is_name = kind != "people" or quote.split()[0] not in _NO_NAME
            if quote and is_name and not (kind == "phones" and _DATE.fullmatch(quote)):
                value = shortened(one_line(quote), VALUE_MAX)
                kept.setdefault(value.casefold(), Entity(value=value, quote=quote))
        if kept:
            found[kind] = tuple(kept.values())[:MOST]
    return found
