"""What a turn says, by rules: the finders that read first messages, and short answers to what was asked."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from phonenumbers import PhoneNumberMatcher

from core import intake
from core.conversation import phrases
from core.conversation.missing import fields, says_something
from core.conversation.state import Matter, Proposal
from core.conversation.word_lists import WORDS
from core.identity.names import is_given_name, is_placeholder, name_words
from core.rules import entities
from core.rules.mentions import mentions
from core.rules.words import one_line, words

_NAME_BESIDE: Final = 8
"""Words of a turn, its other answers not counted, up to which one of them may be a name by itself."""

NAME_WORDS: Final = 3
"""Most words of an answer that is nothing but a name."""

_BARE_YEAR: Final = re.compile(r"(?<![\d/.-])(?:19[5-9]|20[0-4])\d(?![\d/-])")
_CHUNK: Final = re.compile(r"[^,;:\n.!?|/]+")
_NAME: Final = re.compile(
    r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?(?: [^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?){0,2}"
)
_LEADS_IN: Final = re.compile(
    r"^\W*(?:(?:yes|sure|ok|okay|hi|hello|thanks|it's|its|it is|i'm|i am|this is|name's|the name is|name is|my name is"
    r"|name|under|put it under|for|and|mr|mrs|ms|dr|call me|ask for|ich bin|mein name ist|me llamo|je m'appelle"
    r"|mi chiamo|ik ben)\b[\s,.:]*)+",
    re.IGNORECASE,
)
_COMPANY: Final = re.compile(
    r"\b(?:company is|company's|company:|firm is|business is|we are|we're|i work (?:at|for)|i'm with|for a company called"
    r"|called|on behalf of) (?P<said>[A-Z0-9][\w&'.-]*(?: (?:&|and|of|[A-Z0-9][\w&'.-]*)){0,4})"
    r"|\b(?P<legal>[A-Z][\w&'-]*(?: (?:&|and|[A-Z][\w&'-]*)){0,4},? (?:Inc|LLC|Ltd|GmbH|AG|Corp|Co|Pty Ltd|LLP|PLC|BV|SA)\b\.?)"
)
_CAPITALS: Final = (
    r"[A-Z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*\.?(?: [A-Z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*\.?){0,2}"
)
_SIGNS: Final = re.compile(
    rf"(?i:\b(?:regards|wishes|thanks|thank you|thx|cheers|sincerely|yours|gr[uü](?:ß|ss)en?|saludos|cordialement|saluti))[ ,.!\u2013-]*\n+[ \t]*(?P<closed>{_CAPITALS})[ \t]*$"
    rf"|^-- ?\n[ \t]*(?P<dashed>{_CAPITALS})[ \t]*$"
    rf"|\A\W*(?:(?i:hi|hello|hey)\W+)?(?P<here>{_CAPITALS}) (?i:here|speaking)\b"
    rf"|\b(?i:call|ring|reach|contact|text) (?P<called>{_CAPITALS}) (?i:at|on|under)\b",
    re.MULTILINE,
)
"""Where a message names its writer without being asked: in its signature, its first words, by a number."""

_NO_NAMES: Final = WORDS["no_names"]


def propose(text: str, asked_for: tuple[str, ...], matter: Matter) -> list[Proposal]:
    """All that the rules find in a turn that the business has a slot for; every quote stands in the text.

    Args:
        text: the turn.
        asked_for: slots that were asked for: their short answers are understood.
        matter: what the conversation is about.
    """
    wanted, asked = fields(matter.business.slots, matter), fields(asked_for, matter)
    finders: Mapping[str, Callable[[], Iterator[Proposal]]] = {
        "email": lambda: _emails(text),
        "phone": lambda: _phones(text, matter),
        "company": lambda: _companies(text, asked),
    }
    found = [proposal for name, find in finders.items() if name in wanted for proposal in find()]
    found += _facts(text, wanted, asked, matter)
    if "name" in wanted:
        found += _names(text, asked, found)
    return [each for each in found if not phrases.is_negated(text, text.find(each.quote))]


def _emails(text: str) -> Iterator[Proposal]:
    for match in intake.EMAIL_IN_TEXT.finditer(text):
        said = match[0].rstrip(".")
        yield Proposal(fills="email", value=said, quote=said)


def _phones(text: str, matter: Matter) -> Iterator[Proposal]:
    for match in PhoneNumberMatcher(text, matter.region):
        yield Proposal(fills="phone", value=match.raw_string, quote=match.raw_string)


def _companies(text: str, asked: set[str]) -> Iterator[Proposal]:
    for match in _COMPANY.finditer(text):
        said = (match["legal"] or match["said"] or "").strip()
        if said and (match["legal"] or "company" in asked):
            yield Proposal(fills="company", value=said, quote=said)


def _facts(text: str, wanted: set[str], asked: set[str], matter: Matter) -> Iterator[Proposal]:
    facts = entities.read(text, words(text), matter.business, matter.now).entities
    for name, found in facts.items():
        if name in wanted:
            for entity in found:
                yield Proposal(fills=name, value=entity.value, quote=entity.quote)
    for name in vehicle_fields(matter) & wanted:
        if not facts.get(name) and (year := _BARE_YEAR.search(text)) is not None:
            amended = with_year(matter.known.get(name, ""), year[0])
            if amended is not None and (name in asked or phrases.corrects(text) or text.strip() == year[0]):
                yield Proposal(fills=name, value=amended, quote=year[0])


def is_aside(fact: Proposal, text: str, found: Sequence[Proposal], matter: Matter) -> bool:
    """Whether a day nobody asked for is named among other talk: "nice weather today" books nothing."""
    guide = matter.business.entities.get(fact.fills)
    if guide is None or guide.found_by != "timeframe":
        return False
    facts = entities.read(text, words(text), matter.business, matter.now).entities
    quotes = [*(each.quote for each in found), *(entity.quote for each in facts.values() for entity in each)]
    for quote in quotes:
        text = text.replace(quote, " ")
    return says_something(text)


def vehicle_fields(matter: Matter) -> set[str]:
    """The entities of the business that are cars."""
    return {name for name, guide in matter.business.entities.items() if guide.found_by == "vehicle"}


def with_year(car: str, year: str) -> str | None:
    """The known car with another year, ``2019 Honda Civic`` -> ``2018 Honda Civic``; None if none is known."""
    first = car.partition(",")[0].strip()
    bare = _BARE_YEAR.sub("", first).strip()
    return f"{year} {bare}" if bare else None


def _names(text: str, asked: set[str], found: list[Proposal]) -> Iterator[Proposal]:
    """The first name that the text gives as one, else one that stands beside its other answers."""
    facts = [each.quote for each in found if each.fills != "email"]  # a Toyota Corolla is nobody
    for quote in (*_called(text), *_beside(text, asked, found)):
        if is_name(quote) and not any(quote in fact for fact in facts):
            yield Proposal(fills="name", value=one_line(quote), quote=quote)
            return


def _called(text: str) -> Iterator[str]:
    yield from (entity.quote for entity in mentions(text).get("people", ()))
    for match in _SIGNS.finditer(text):
        yield from filter(None, match.groupdict().values())


def _beside(text: str, asked: set[str], found: list[Proposal]) -> Iterator[str]:
    reached = {"phone", "email"} & {each.fills for each in found}
    if "name" not in asked and not reached:
        return
    rest = text
    for proposal in found:
        rest = rest.replace(proposal.quote, "\n")
    chunks = {
        bare: bare != chunk[0].strip()
        for chunk in _CHUNK.finditer(rest)
        if (bare := _LEADS_IN.sub("", chunk[0]).strip())
    }
    if len(rest.split()) > _NAME_BESIDE:
        return
    for bare, led_in in chunks.items():
        if " " not in bare and not (led_in or len(chunks) == 1 or is_given_name(bare)):
            continue  # "Renault? No, a Corolla": one word among others
        # "415 555 2671, Priya Raman": who gives a number gives the name too, and nothing else beside it.
        asked_for = "name" in asked or (len(chunks) == 1 and " " in bare and not bare.islower())
        if asked_for and _NAME.fullmatch(bare) and _looks_like_one(bare):
            yield bare


def is_name(text: str) -> bool:
    """Whether this may be what somebody is called: up to a few words of letters, none of them an answer."""
    parts = name_words(text)
    return (
        0 < len(parts) <= NAME_WORDS + 1
        and not is_placeholder(parts)
        and not any(part in _NO_NAMES for part in parts)
        and not any(mark.isdigit() for mark in text)
    )


def _looks_like_one(text: str) -> bool:
    """Written as names are, or in small letters and beginning with a name that many have."""
    parts = text.split()
    return all(part[:1].isupper() for part in parts) or (text.islower() and is_given_name(parts[0]))
