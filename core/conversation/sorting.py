"""Is a message in a watched channel a request, part of one that is known, or talk? When unsure: a request."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from core import conversation, intake
from core.conversation import Matter, State, phrases
from core.conversation.missing import says_something
from core.rules import entities
from core.rules.asking import PATTERNS
from core.rules.language import ENGLISH, language
from core.rules.words import words

CHATTER: Final[tuple[str, ...]] = tuple(
    tomllib.loads((Path(__file__).parent / "data" / "chatter.toml").read_text(encoding="utf-8"))["sentences"]
)
"""Prototype sentences of talk."""

MARGIN: Final = 0.08
"""By how much a message must be nearer to talk than to any request (cosines), to be taken for talk.

Chosen on the first half of tests/data/channel_messages.jsonl, measured on the other (tests/test_sorting.py).
"""

LONGEST_TALK: Final = 400
"""Characters from which a message is no talk: nobody's mail is lost for being chatty."""

_FOLLOWS: Final = re.compile(
    r"^\W*(?:(?:and |oh |hi,? |hello,? )*)(?:also\b|p\.?s\.?\b|one more thing|forgot to (?:say|mention|add)|i forgot|btw\b|by the way|any (?:update|news|word)\b"
    r"|follow(?:ing)? up|just checking|checking in|did (?:you|anyone|somebody) (?:get|see|read)|still waiting|hello\?+\s*$|\?+\s*$)",
    re.IGNORECASE,
)
_FOR_A_CUSTOMER: Final = re.compile(
    r"\b(?:customer|caller|client|patient|lady|gentleman|guy|woman|somebody|someone|lead|walk[- ]?in|inquiry|enquiry) "
    r"(?:\w+ ){0,3}?(?:called|calls|calling|wants|want|needs|need|asks|asked|asking|is asking|is looking|would like|on the phone|wrote|emailed)\b",
    re.IGNORECASE,
)
_CRIES: Final = re.compile(r"\b(?:help|call (?:me|us|back|him|her|them)|urgent|emergency)\b", re.IGNORECASE)
_OF_A_TEAM: Final = re.compile(
    r"\b(?:stand-?up|sync|time ?sheets?|expenses|shifts?|lunch|coffee|printer|wi-?fi|charger|parked|bay \d|room \d|pull request|deploy(?:ed|ing)?"
    r"|birthday|congrats|weekend|my (?:deck|slides|screen|laptop|keys)|slides|(?:the|new) hire|traffic|back door|out of office|working from home"
    r"|(?:i'?ll|i'?m) (?:be )?(?:\d+ min|late|out|on it|running)|called (?:her|him|them) back|reminder|everyone|everybody|all hands|team (?:dinner|lunch|meeting))\b",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"^\W*(?:thanks|thank you|thx|ty)\b(?: so much| a lot)?(?:[\s,]+[\w@<>]+){0,2}\W*$", re.IGNORECASE
)
_TEAM_WORDS: Final = 0.12
"""What words of a workplace add to the nearness to talk."""

_ASKS_FOR_WORK: Final = 2.0
"""Weight of a way of asking (core.rules.asking) from which it is a customer's."""


class Sort(StrEnum):
    """What a message is."""

    LEAD = "lead"
    FOLLOW_UP = "follow_up"
    CHATTER = "chatter"


@dataclass(frozen=True)
class Likeness:
    """The nearest cosines of a message: to what customers write, and to what teams write."""

    request: float
    talk: float


def is_talk(text: str, matter: Matter, likeness: Likeness | None) -> bool:
    """Whether this is surely no request.

    Args:
        text: the message.
        matter: whose customers may have written it, and when; nothing is known yet.
        likeness: None while the embedding is away: then only courtesies are talk.
    """
    if phrases.is_chat(text) or _THANKS.match(text):
        return True
    if language(text) != ENGLISH:
        return False  # the embedding knows English only
    if len(text) > LONGEST_TALK or likeness is None:
        return False
    contact = intake.find_contact(text, region=matter.region)
    if contact.email or contact.phone or _FOR_A_CUSTOMER.search(text) or _CRIES.search(text):
        return False
    found = entities.read(text, words(text), matter.business, matter.now).entities
    concrete = any(found.get(name) for name in matter.business.quality.concrete)
    asks = _asks(text)
    nearer = likeness.talk - likeness.request + (_TEAM_WORDS if _OF_A_TEAM.search(text) else 0.0)
    if concrete and asks:
        return False
    return nearer >= MARGIN + (0.1 if concrete or asks else 0.0)


def follows(text: str, state: State, matter: Matter) -> bool:
    """Whether the writer of a known lead goes on about it, outside its thread.

    An answer to what was asked, a correction, "any news?"; not with another person's address in it.
    """
    said = conversation.propose(text, state.asked_for, matter)
    corrects = phrases.corrects(text)
    another = any(
        each.fills in {"email", "phone", "name"} and matter.known.get(each.fills) not in {None, each.value}
        for each in said
    )
    if another and not corrects:
        return False
    if _FOLLOWS.search(text) or corrects or phrases.wish(text) is not None:
        return not _FOR_A_CUSTOMER.search(text)
    rest = text
    for each in said:
        rest = rest.replace(each.quote, " ")
    return bool(said) and not says_something(rest)


def _asks(text: str) -> bool:
    lower = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return any(
        weight >= _ASKS_FOR_WORK and pattern.search(lower)
        for intent, weight, pattern in PATTERNS
        if intent != "general"
    )
