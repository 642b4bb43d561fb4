"""What a question asks for, by rules: time, outcome and owner that are named; the rest is topic."""

import re
import tomllib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from core.lead import OPEN, DeskStatus
from core.questions.query import WORDS_MAX, Query
from core.questions.spans import Span, take
from core.similar.wanted import NOBODY, Wanted

QUESTION_MAX: Final = 500
"""Characters from which a text is no question: somebody pasted a mail."""

_ASKS: Final = re.compile(
    r"^(?:who|whom|whose|what|which|when|how (?:many|much|often)|any(?:one|body|thing)?|are there|is there"
    r"|was there|were there|do (?:we|i|you)|did (?:we|i|any\w*|some\w*)|have (?:we|i|any\w*)"
    r"|has (?:any|some)\w*|show(?: me)?|list|find|count|number of|search|look (?:up|for)|give me|tell me"
    r"|my (?:queue|open|leads)|mine(?=\W*$)"
    r"|(?:open|new|won|lost|urgent|hot|unclaimed|snoozed) (?:leads|requests|ones))\b|\?\s*$"
)
_QUEUE: Final = re.compile(
    r"\b(?:my (?:queue|plate|list|work|leads|open leads)|(?:do|should) i (?:have|do|work on)|^mine\W*$"
    r"|waits? for me|(?:assigned|belong\w*) to me|i own|i have)\b"
)
_MINE: Final = re.compile(
    r"\b(?:(?:did|have|do) i|i (?:won|lost|have|own|got|closed|claimed)|by me|mine|my)\b"
)
_NOBODYS: Final = re.compile(
    r"\b(?:unclaimed|unowned|unassigned|(?:of|by) nobody|nobody (?:has|took|claimed)\w*)\b"
)
_PERSON: Final = re.compile(
    r"(?:\b(?:of|by|for|from|to|with|owned by|assigned to|did|has|have)\s+)?<@([uw][a-z0-9]{2,30})>(?:'s)?",
)
_OUTCOMES: Final[tuple[tuple[re.Pattern[str], frozenset[DeskStatus]], ...]] = tuple(
    (re.compile(rf"\b(?:{words})\b"), outcomes)
    for words, outcomes in (
        (r"won|win|wins|sold|we closed", frozenset({DeskStatus.WON})),
        (r"lost|lose|losses", frozenset({DeskStatus.LOST})),
        (r"open|still (?:waiting|open)|unfinished|pending|in progress", OPEN),
        (r"snoozed?|sleeping", frozenset({DeskStatus.SNOOZED})),
        (r"claimed", frozenset({DeskStatus.CLAIMED})),
        (r"approved", frozenset({DeskStatus.APPROVED})),
        (r"rejected", frozenset({DeskStatus.REJECTED})),
        (r"spam|junk", frozenset({DeskStatus.SPAM})),
    )
)
_NEW: Final = re.compile(
    r"\b(?:new|fresh|untouched) (?:leads?|requests?|ones)\b|\bnobody (?:acted|answered)\b"
)
_URGENT: Final = re.compile(r"\b(?:urgent|hot|most pressing|high[- ]urgency)\b")
_ASIDE: Final = re.compile(
    r"(?<=\w)[,;]?\s*\b(?:and\s+)?(?:what|how)\s+(?:happened|became|came|did (?:we|they|it)\s+\w+"
    r"|is the (?:state|status)|went)\b[^,;?]*"
)
"""What is told of every lead anyway."""

_FILLER: Final = frozenset(
    tomllib.loads((Path(__file__).parent / "data" / "words.toml").read_text(encoding="utf-8"))[
        "filler"
    ].split()
)
"""Words of asking; what is left when they are gone is the topic."""

_WORD: Final = re.compile(r"[^\W_]+(?:[-'./&+][^\W_]+)*")


def read(text: str, *, asker: str, now: datetime, business_types: Collection[str]) -> Query | None:
    """The query in a question; None where the text asks nothing, or nothing that could be told from leads.

    Args:
        text: as Slack has it, with mentions as ``<@U1>``.
        asker: Slack user id of who says "my".
        now: aware, where the desk is.
        business_types: all that there are.
    """
    if len(text) > QUESTION_MAX:
        return None
    said = " ".join(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    said = re.sub(r"^(?:(?:hey|hi|hello|ok|please|so|and|can|could|you|pls)\b[\s,]*)+", "", said)
    if not _ASKS.search(said):
        return None
    span, left = take(_ASIDE.sub(" ", said), now)
    if not _ASKS.search(said) and span == Span():
        return None
    owner, left = _owner(left, asker)
    outcomes, left = _outcomes(left)
    urgent, left = bool(_URGENT.search(left)), _URGENT.sub(" ", left)
    business, left = _business(left, business_types)
    if not outcomes and (owner == NOBODY or (owner == asker and _QUEUE.search(said) and span == Span())):
        outcomes = OPEN  # what is over waits for nobody
    query = Query(
        words=topic(left),
        urgent=urgent,
        wanted=Wanted(
            business_type=business,
            owner=owner,
            outcomes=outcomes,
            received_from=span.first,
            received_before=span.before,
        ),
    )
    return (
        None if query.everything and not re.search(r"\bleads?\b|\brequests?\b|\bcame in\b", said) else query
    )


def stems(words: str) -> tuple[str, ...]:
    """The words as they have to stand in a lead, without the endings of a plural: brakes is brake."""
    return tuple(dict.fromkeys(_stem(word) for word in words.lower().split()))


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties" has no stem of its own
        return word[:-3]  # batteries, battery
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004 - "gas"
        return word[:-1]
    return word


def topic(text: str) -> str:
    """What is left of a lower-case text without the words of asking."""
    kept = [word for word in _WORD.findall(text) if word.removesuffix("'s") not in _FILLER]
    topic = ""
    for word in kept:  # whole words, as many as there is room for
        if len(topic) + len(word) + 1 > WORDS_MAX:
            break
        topic = f"{topic} {word}".strip()
    return topic


def _owner(text: str, asker: str) -> tuple[str | None, str]:
    if person := _PERSON.search(text):
        return person[1].upper(), _PERSON.sub(" ", text, count=1)
    if _NOBODYS.search(text):
        return NOBODY, _NOBODYS.sub(" ", text)
    if _QUEUE.search(text) or _MINE.search(text):
        return asker, _MINE.sub(" ", _QUEUE.sub(" ", text))
    return None, text


def _outcomes(text: str) -> tuple[frozenset[DeskStatus], str]:
    found: frozenset[DeskStatus] = frozenset()
    for pattern, outcomes in _OUTCOMES:
        if pattern.search(text):
            found, text = found | outcomes, pattern.sub(" ", text)
    if _NEW.search(text):
        found, text = found | {DeskStatus.NEW}, _NEW.sub(" ", text)
    return found, text


def _business(text: str, known: Collection[str]) -> tuple[str | None, str]:
    for name in sorted(known):
        pattern = rf"\b{re.escape(name)}\b"
        if name != "general" and re.search(pattern, text):
            return name, re.sub(pattern, " ", text)
    return None, text
