"""Lists of leads for programs: which leads, in which order, and where in the list a page begins. Pure."""

import base64
import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError

from core.errors import InvalidSearch
from core.lead import DeskStatus, Intent, Lead, Status, SubIntent, Urgency, Value

PAGE_MAX = 100

COUNT_MAX = 10_000
"""Leads that are counted for an estimate; of more it is only said that there are as many."""

TERMS_MAX = 8
"""Most words that are looked for; each costs a look at every lead."""

NOBODY = "nobody"
"""As an owner: leads that nobody has."""


class Sort(StrEnum):
    """By what a list is ordered; equal ones by number."""

    CREATED_AT = "created_at"
    RECEIVED_AT = "received_at"
    UPDATED_AT = "updated_at"
    QUALITY_SCORE = "quality_score"
    URGENCY_SCORE = "urgency_score"


class Order(StrEnum):
    """Which comes first."""

    ASC = "asc"
    DESC = "desc"


class Filters(Value):
    """Which leads; None: whatever there is.

    Attributes:
        owner: a Slack user id, or NOBODY.
        search: words, each of which stands in the message, the contact or the number.
        received_from: the earliest time of receipt.
        received_before: the first time of receipt that is too late.
    """

    status: Status | None = None
    desk_status: DeskStatus | None = None
    intent: Intent | SubIntent | None = None
    urgency: Urgency | None = None
    min_quality_score: int | None = None
    max_quality_score: int | None = None
    business_type: str | None = None
    source: str | None = None
    desk: str | None = None
    owner: str | None = None
    search: str | None = None
    received_from: AwareDatetime | None = None
    received_before: AwareDatetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """The words that are looked for."""
        return tuple((self.search or "").split())[:TERMS_MAX]


class Listing(Value):
    """A list: its leads and their order."""

    filters: Filters = Filters()
    sort: Sort = Sort.CREATED_AT
    order: Order = Order.DESC

    @property
    def digest(self) -> str:
        """Equal for equal lists: a cursor belongs to one."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Place(Value):
    """The last lead that was seen of a list: what comes after it is the next page, whatever was added since.

    Attributes:
        value: by which the list is ordered: a time in ISO 8601 or a number; None where that is the number.
        number: of the lead, as in L-1042.
    """

    digest: str
    value: str | float | None = None
    number: int = Field(ge=0, lt=2**31)


def place_of(listing: Listing, lead: Lead) -> Place:
    """Where the list goes on after this lead."""
    return Place(
        digest=listing.digest, value=_value(listing.sort, lead), number=int(lead.number.removeprefix("L-"))
    )


def _value(sort: Sort, lead: Lead) -> str | float | None:
    match sort:
        case Sort.CREATED_AT:
            return None
        case Sort.RECEIVED_AT:
            return lead.received_at.isoformat()
        case Sort.UPDATED_AT:
            return lead.updated_at.isoformat()
        case Sort.QUALITY_SCORE:
            return -1 if lead.analysis is None else lead.analysis.quality_score
        case Sort.URGENCY_SCORE:
            return -1.0 if lead.analysis is None else lead.analysis.urgency_score


def write_cursor(place: Place) -> str:
    """The place as callers carry it; they need not know what is in it."""
    body = json.dumps([place.digest, place.value, place.number], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(cursor: str, listing: Listing) -> Place:
    """The place that a cursor says; InvalidSearch for one that is none, or of another list."""
    try:
        body = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        digest, value, number = json.loads(body)
        place = Place(digest=digest, value=value, number=number)
        _of_that_kind(listing.sort, place.value)
    except (ValueError, TypeError, RecursionError, ValidationError, OverflowError):
        raise InvalidSearch("cursor", "is none: take it from the page before, as it is") from None
    if place.digest != listing.digest:
        raise InvalidSearch("cursor", "belongs to a list with other filters or another order")
    return place


def _of_that_kind(sort: Sort, value: Any) -> None:
    """ValueError unless lists of that order have such values."""
    if sort == Sort.CREATED_AT:
        fits = value is None
    elif sort in {Sort.RECEIVED_AT, Sort.UPDATED_AT}:
        fits = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    else:
        fits = isinstance(value, int | float) and -1 <= value <= 100  # noqa: PLR2004 - the scores' bounds
    if not fits:
        raise ValueError("a value that no such list has")


class Figures(Value):
    """How many leads there are, by what they are."""

    total: int
    by_status: dict[str, int]
    by_desk_status: dict[str, int]
    by_intent: dict[str, int]
    by_urgency: dict[str, int]
    by_source: dict[str, int]
    by_business_type: dict[str, int]
    by_desk: dict[str, int]
    average_quality_score: float | None
