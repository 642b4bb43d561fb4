"""One grammar for what people ask of leads, after ``/lead`` and after a mention in a thread; pure.

``assign L-1042 to @ana``: a verb, the leads' numbers, people and a channel by their ids, and words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from core.listing import Filter


class Verb(StrEnum):
    """What can be asked for."""

    HELP = "help"
    NEW = "new"
    SHOW = "show"
    WHY = "why"
    LIST = "list"
    FIND = "find"
    SIMILAR = "similar"
    CLAIM = "claim"
    ASSIGN = "assign"
    APPROVE = "approve"
    NOTE = "note"
    SNOOZE = "snooze"
    WAKE = "wake"
    WON = "won"
    LOST = "lost"
    REJECT = "reject"
    SPAM = "spam"
    REOPEN = "reopen"
    EDIT = "edit"
    MOVE = "move"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DIFFERENT = "different"
    FORGET = "forget"
    ME = "me"
    STATS = "stats"
    RULES = "rules"


ALSO = {
    "take": Verb.CLAIM,
    "mine": Verb.CLAIM,
    "reassign": Verb.ASSIGN,
    "give": Verb.ASSIGN,
    "search": Verb.FIND,
    "comment": Verb.NOTE,
    "unsnooze": Verb.WAKE,
    "add": Verb.NEW,
    "erase": Verb.FORGET,
}
"""Other words for the same."""

ABOUT_ONE = frozenset(
    {Verb.SHOW, Verb.WHY, Verb.CLAIM, Verb.ASSIGN, Verb.APPROVE, Verb.NOTE, Verb.SNOOZE, Verb.WAKE, Verb.WON}
    | {Verb.LOST, Verb.REJECT, Verb.SPAM, Verb.REOPEN, Verb.EDIT, Verb.MOVE, Verb.UNMERGE, Verb.FORGET}
)
"""Verbs of one lead; in a card's thread it is the card's."""

ABOUT_TWO = frozenset({Verb.MERGE, Verb.DIFFERENT})

BARE = frozenset(
    {
        Verb.SHOW,
        Verb.WHY,
        Verb.CLAIM,
        Verb.APPROVE,
        Verb.WAKE,
        Verb.REOPEN,
        Verb.EDIT,
        Verb.UNMERGE,
        Verb.FORGET,
    }
)
"""Verbs that take no words, so that digits alone are a lead's number."""

_NUMBER = re.compile(r"(?:L-|#)(\d{1,9})[,:]?", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_USER = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^>]*)?>[,:]?", re.ASCII)
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]{1,30})(?:\|[^>]*)?>|(#[\w-]{1,80})", re.ASCII)
_JOINS = {
    Verb.ASSIGN: {"to", "it", "this"},
    Verb.MOVE: {"to", "it", "this"},
    Verb.MERGE: {"and", "with"},
    Verb.DIFFERENT: {"and", "from"},
}
_INTO = "into"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed, understood.

    Attributes:
        verb: what for.
        numbers: of the leads that it is about, as people write them: ``L-1042``.
        people: Slack user ids.
        channel: a channel's id, or its #name where Slack gave no id.
        into: whether it was said which lead is merged into which.
        words: all the rest, as typed: a note, a moment, words to look for.
    """

    verb: Verb
    numbers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    channel: str | None = None
    into: bool = False
    words: str = ""

    @property
    def number(self) -> str | None:
        """The lead of a verb of one lead."""
        return self.numbers[0] if self.numbers else None


def parse(text: str) -> Asked | None:
    """What a text of Slack's (mentions as ``<@U1>``) asks for; None where it begins with no verb."""
    first, _, rest = text.strip().partition(" ")
    if _NUMBER.fullmatch(first) and not rest.strip():
        return Asked(verb=Verb.SHOW, numbers=(_as_number(first),))
    verb = _verb(first)
    if verb is None:
        return None
    if verb not in ABOUT_ONE | ABOUT_TWO:
        return Asked(verb=verb, words=rest.strip())
    return _of_leads(verb, rest)


def listed(words: str) -> Filter | None:
    """Which list is meant by the words after ``list``; None for words that name none."""
    said = words.strip().lower()
    named = [each for each in Filter if each != Filter.FOUND]
    return Filter.OPEN if not said else next((each for each in named if each.value == said), None)


def write(asked: Asked) -> str:
    """How this is typed: ``parse`` reads the same from it again."""
    joint = [_INTO] if asked.into else []
    return " ".join(
        [
            asked.verb.value,
            *asked.numbers[:1],
            *joint,
            *asked.numbers[1:],
            *(f"<@{user}>" for user in asked.people),
            *([f"<#{asked.channel}>" if asked.channel[0] != "#" else asked.channel] if asked.channel else []),
            *([asked.words] if asked.words else []),
        ]
    )


def _verb(word: str) -> Verb | None:
    said = word.lower().rstrip(":,")
    return ALSO.get(said) or next((verb for verb in Verb if verb.value == said), None)


def _of_leads(verb: Verb, rest: str) -> Asked:
    """The leads, people and the channel come first, then words; what is read is taken from the words."""
    numbers: list[str] = []
    people: list[str] = []
    channel, into = None, False
    most = 2 if verb in ABOUT_TWO else 1
    left = rest.strip()
    while left:
        word, _, after = left.partition(" ")
        if len(numbers) < most and (_NUMBER.fullmatch(word) or (_takes_digits(verb) and _is_digits(word))):
            numbers.append(_as_number(word))
        elif verb == Verb.ASSIGN and not people and (user := _USER.fullmatch(word)):
            people.append(user[1])
        elif verb == Verb.MOVE and channel is None and (place := _CHANNEL.fullmatch(word)):
            channel = place[1] or place[2]
        elif verb == Verb.MERGE and word.lower() == _INTO and len(numbers) == 1:
            into = True
        elif word.lower() not in _JOINS.get(verb, ()):
            break
        left = after.strip()
    return Asked(
        verb=verb, numbers=tuple(numbers), people=tuple(people), channel=channel, into=into, words=left
    )


def _takes_digits(verb: Verb) -> bool:
    return verb in BARE | ABOUT_TWO


def _is_digits(word: str) -> bool:
    return _DIGITS.fullmatch(word.rstrip(",")) is not None


def _as_number(word: str) -> str:
    return f"L-{int(word.upper().removeprefix('L-').strip('#,:'))}"
