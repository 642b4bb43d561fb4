"""What somebody wants who writes to the bot alone: an order, a question over the leads, or neither; pure."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

from core.questions import Query, read
from handlers.verbs import ABOUT_ONE, ABOUT_TWO, Asked, Verb, listed, parse

_POLITE: Final = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|please|pls|so|and|now|then|basecamp|(?:can|could|would|will) you"
    r"|i(?:'d| would) like (?:you )?to|i want (?:you )?to|let's)\b[\s,:]*)+",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(r"[\s,]*(?:\bplease\b|\bthanks\b|\bthank you\b|[?!.]+)\s*$", re.IGNORECASE)
_OF_ONE: Final = re.compile(
    r"^(?:what|who|how|when|where|whose|which|tell|anything|any)\b.*?\b(?P<number>L-\d{1,9})\b", re.IGNORECASE
)
_NEW_LEADS: Final = re.compile(r"^new (?:leads|requests|ones)\b", re.IGNORECASE)


def understood(
    text: str, *, asker: str, now: datetime, business_types: Collection[str]
) -> Asked | Query | None:
    """The order or the question in a text; None where it is neither.

    Args: as of core.questions.read.
    """
    query = read(text, asker=asker, now=now, business_types=business_types)
    plain = _POLITE.sub("", text.strip())
    order = parse(plain) or parse(_THANKS.sub("", plain))
    if order is not None and order.verb in ABOUT_ONE:
        order = parse(_THANKS.sub("", plain)) if not order.words.strip("?!. ") or _asks(text) else order
    if order is not None and (query is None or not _is_a_question(order, plain)):
        return order
    about = _OF_ONE.match(plain)
    if about is not None:
        return Asked(verb=Verb.SHOW, numbers=(about["number"].upper(),))
    return query


def _asks(text: str) -> bool:
    """Whether the end of the text is only manners: could you …, please?"""
    return _POLITE.match(text.strip()) is not None or text.rstrip().endswith("?")


def _is_a_question(order: Asked, text: str) -> bool:
    """Whether what begins with a verb asks for leads in words of one's own: find who asked about brakes."""
    match order.verb:
        case Verb.FIND:
            return True
        case Verb.LIST:
            return listed(order.words) is None
        case Verb.NEW:
            return _NEW_LEADS.match(text) is not None
    return order.verb in ABOUT_ONE | ABOUT_TWO and not order.numbers
