"""Lists of leads for programs: pages by key, so that what comes in between moves nothing."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from core.api.register import COUNT_MAX, NOBODY, Figures, Filters, Listing, Order, Place, Sort, place_of
from core.lead import Lead, SubIntent
from core.store.database import Database
from core.store.lead_rows import whole_leads
from core.store.tables import leads

GROUPS_MAX = 100
"""Most sources, desks or the like that figures tell apart."""


class Register:
    """All leads, as programs list them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, listing: Listing, *, after: Place | None, limit: int) -> tuple[list[Lead], bool]:
        """The next so many leads, and whether there are more."""
        key, number = _key(listing.sort), leads.c.number
        query = select(leads).where(*_conditions(listing.filters)).limit(limit + 1)
        down = listing.order == Order.DESC
        columns = [number] if key is None else [key, number]
        query = query.order_by(*(each.desc() if down else each.asc() for each in columns))
        if after is not None:
            query = query.where(_beyond(key, after, listing.sort, down=down))
        found = await self._database.read(lambda connection: whole_leads(connection, query))
        return found[:limit], len(found) > limit

    async def pages(self, listing: Listing, *, batch: int) -> AsyncIterator[list[Lead]]:
        """All leads of the list, page by page."""
        after, more = None, True
        while more:
            found, more = await self.page(listing, after=after, limit=batch)
            if found:
                yield found
                after = place_of(listing, found[-1])

    async def count(self, filters: Filters) -> int:
        """How many there are, at most COUNT_MAX."""
        some = select(leads.c.number).where(*_conditions(filters)).limit(COUNT_MAX).subquery()
        query = select(func.count()).select_from(some)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def figures(self, filters: Filters) -> Figures:
        """How many there are, by what they are."""
        conditions = _conditions(filters)

        def by(connection: Connection, column: ColumnElement[Any]) -> dict[str, int]:
            query: Select[Any] = (
                select(column, func.count().label("leads"))
                .where(*conditions)
                .group_by(column)
                .order_by(func.count().desc())
                .limit(GROUPS_MAX)
            )
            return {str(value): count for value, count in connection.execute(query) if value is not None}

        def read(connection: Connection) -> Figures:
            totals = select(func.count(), func.avg(_QUALITY)).where(*conditions)
            total, average = connection.execute(totals).one()
            return Figures(
                total=total,
                by_status=by(connection, leads.c.status),
                by_desk_status=by(connection, leads.c.desk_status),
                by_intent=by(connection, _INTENT),
                by_urgency=by(connection, _URGENCY),
                by_source=by(connection, leads.c.source),
                by_business_type=by(connection, leads.c.business_type),
                by_desk=by(connection, leads.c.desk),
                average_quality_score=None if average is None else round(float(average), 1),
            )

        return await self._database.read(read)


_INTENT = leads.c.analysis["intent"].as_string()
_SUB_INTENT = leads.c.analysis["sub_intent"].as_string()
_URGENCY = leads.c.analysis["urgency"].as_string()
_QUALITY = leads.c.analysis["quality_score"].as_integer()
_WORDS = (
    leads.c.message,
    leads.c.first_name,
    leads.c.last_name,
    leads.c.email,
    leads.c.phone,
    leads.c.company,
)


def _key(sort: Sort) -> ColumnElement[Any] | None:
    """What the list is ordered by; None: the number alone."""
    match sort:
        case Sort.CREATED_AT:
            return None
        case Sort.RECEIVED_AT:
            return leads.c.received_at
        case Sort.UPDATED_AT:
            return leads.c.updated_at
        case Sort.QUALITY_SCORE:
            return func.coalesce(_QUALITY, -1)
        case Sort.URGENCY_SCORE:
            return func.coalesce(leads.c.analysis["urgency_score"].as_float(), -1.0)


def _beyond(key: ColumnElement[Any] | None, after: Place, sort: Sort, *, down: bool) -> ColumnElement[bool]:
    number = leads.c.number < after.number if down else leads.c.number > after.number
    if key is None:
        return number
    timed = sort in {Sort.RECEIVED_AT, Sort.UPDATED_AT}
    value = datetime.fromisoformat(str(after.value)) if timed else after.value
    return or_(key < value if down else key > value, and_(key == value, number))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    equal = (
        (leads.c.status, filters.status),
        (leads.c.desk_status, filters.desk_status),
        (_SUB_INTENT if isinstance(filters.intent, SubIntent) else _INTENT, filters.intent),
        (_URGENCY, filters.urgency),
        (leads.c.business_type, filters.business_type),
        (leads.c.source, filters.source),
        (leads.c.desk, filters.desk),
        (leads.c.owner, None if filters.owner == NOBODY else filters.owner),
    )
    found = [column == value for column, value in equal if value is not None]
    if filters.owner == NOBODY:
        found.append(leads.c.owner.is_(None))
    if filters.min_quality_score is not None:
        found.append(filters.min_quality_score <= _QUALITY)
    if filters.max_quality_score is not None:
        found.append(filters.max_quality_score >= _QUALITY)
    if filters.received_from is not None:
        found.append(leads.c.received_at >= filters.received_from)
    if filters.received_before is not None:
        found.append(leads.c.received_at < filters.received_before)
    return [*found, *map(_stands_in, filters.terms)]


def _stands_in(word: str) -> ColumnElement[bool]:
    places = [column.icontains(word, autoescape=True) for column in _WORDS]
    digits = word.upper().removeprefix("L-").removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:  # noqa: PLR2004 - fits a 32-bit column
        places.append(leads.c.number == int(digits))
    return or_(*places)
