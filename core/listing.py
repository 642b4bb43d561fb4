"""Which leads a list shows, and what words look for: values, which core.store.queues turns into queries."""

import re
from collections.abc import Collection
from enum import StrEnum

from pydantic import Field

from core.identity.phones import PHONE_DIGITS
from core.lead import Lead, Value

PAGE = 10
"""Leads of one page."""

TERMS_MAX = 8
"""Most words that are looked for; each costs a look at every lead."""

TAIL = 8
"""Digits by which a number is found: the same with and without its country and trunk zero."""

_PHONE = re.compile(r"(?<!\S)\+?[\d(][\d ()./-]{3,28}\d(?!\S)", re.ASCII)
_NUMBER = re.compile(r"(?:L-|#)(\d{1,9})", re.IGNORECASE | re.ASCII)


class Filter(StrEnum):
    """A list of leads by what is to be done with them."""

    OPEN = "open"  # whatever there is still something to do with
    MINE = "mine"  # open, and of whoever asks
    NEW = "new"  # nobody has done anything yet
    HOT = "hot"  # open, of high urgency
    UNCLAIMED = "unclaimed"  # open, of nobody
    OVERDUE = "overdue"  # somebody should have acted by now
    FOUND = "found"  # open or not: all in which the words stand


class Term(Value):
    """Something that has to stand somewhere in a lead.

    Attributes:
        text: a word, for any text of the lead.
        digits: the last digits of a phone number, for its numbers in any spelling.
        number: the number of a lead, for its own.
    """

    text: str = ""
    digits: str = ""
    number: int | None = None


class Listed(Value):
    """A list, and where in it somebody is.

    Attributes:
        owner: Slack user id of whoever asks, for MINE.
        desks: only leads of these desks.
        overdue: ids of the leads that are so, for OVERDUE.
        terms: for FOUND.
        before: only leads of a lower number: the next page.
        after: only leads of a higher number, the lowest of them: the page before.
    """

    filter: Filter = Filter.OPEN
    owner: str | None = None
    desks: frozenset[str] | None = Field(default=None, description="None: of any")
    overdue: frozenset[str] = frozenset()
    terms: tuple[Term, ...] = ()
    before: int | None = None
    after: int | None = None


class Page(Value):
    """A page of a list, newest lead first."""

    leads: tuple[Lead, ...]
    newer: bool = Field(description="whether there are leads before these")
    older: bool = Field(description="whether there are leads after these")


def terms(words: str) -> tuple[Term, ...]:
    """What these words look for: phone numbers whole, however written, then word by word."""
    found: list[Term] = []

    def phone(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        if len(digits) not in PHONE_DIGITS:
            return match[0]
        found.append(Term(digits=digits[-TAIL:]))
        return " "

    for word in _PHONE.sub(phone, words).split():
        if number := _NUMBER.fullmatch(word):
            found.append(Term(number=int(number[1])))
        elif any(each.isalnum() for each in word):
            found.append(
                Term(text=word.strip(",;\"'\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"))
            )
    return tuple(found[:TERMS_MAX])


def number_of(leads: Collection[Lead], *, last: bool) -> int | None:
    """The number of the first or last lead of a page, which the next or the one before goes on from."""
    listed = list(leads)
    return int(listed[-1 if last else 0].number.removeprefix("L-")) if listed else None
