"""Pages of leads: by what is to be done with them, or by words that stand in them."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, func, or_, select

from core.lead import OPEN, DeskStatus, Lead, Urgency
from core.listing import PAGE, Filter, Listed, Page, Term, number_of
from core.store.database import Database
from core.store.lead_rows import whole_leads
from core.store.tables import leads, person_keys

_TEXTS = (leads.c.first_name, leads.c.last_name, leads.c.email, leads.c.company, leads.c.message)
_WISH = leads.c.analysis["wants"].as_string()
_URGENCY = leads.c.analysis["urgency"].as_string()
_ALSO = cast(leads.c.also, Text)
_HURRY = [Urgency.HIGH.value, Urgency.URGENT.value]


class Queues:
    """The table of leads, read a page at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, listed: Listed, *, size: int = PAGE) -> Page:
        """At most ``size`` leads from where ``listed`` stands, newest first.

        Numbers are the places in the list, so leads that come meanwhile move nothing, and none is shown
        twice or left out.
        """
        query = select(leads).where(*_wanted(listed)).limit(size + 1)
        backwards = listed.after is not None
        if backwards:
            query = query.where(leads.c.number > listed.after).order_by(leads.c.number)
        else:
            query = query.order_by(leads.c.number.desc())
            query = query if listed.before is None else query.where(leads.c.number < listed.before)
        found = await self._read(query)
        more, found = len(found) > size, found[:size]
        if backwards:
            return Page(leads=tuple(reversed(found)), newer=more, older=bool(found))
        newer = listed.before is not None and await self._has_newer(listed, found)
        return Page(leads=tuple(found), newer=newer, older=more)

    async def _has_newer(self, listed: Listed, found: Sequence[Lead]) -> bool:
        first = number_of(found, last=False)
        above = leads.c.number >= listed.before if first is None else leads.c.number > first
        query = select(leads.c.number).where(*_wanted(listed), above).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def _read(self, query: Select[Any]) -> list[Lead]:
        return await self._database.read(lambda connection: whole_leads(connection, query))


def _wanted(listed: Listed) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if listed.desks is not None:
        asked.append(leads.c.desk.in_(listed.desks))
    match listed.filter:
        case Filter.FOUND:
            return [*asked, *map(stands, listed.terms)] if listed.terms else [false()]
        case Filter.NEW:
            return [*asked, leads.c.desk_status == DeskStatus.NEW]
        case Filter.MINE:
            asked.append(leads.c.owner == listed.owner)
        case Filter.HOT:
            asked.append(is_urgent())
        case Filter.UNCLAIMED:
            asked.append(leads.c.owner.is_(None))
        case Filter.OVERDUE:
            asked.append(leads.c.lead_id.in_(listed.overdue))
    return [*asked, leads.c.desk_status.in_(sorted(OPEN))]


def is_urgent() -> ColumnElement[bool]:
    """Whether it was read as of high urgency."""
    urgent: ColumnElement[bool] = _URGENCY.in_(_HURRY)
    return urgent


def stands(term: Term) -> ColumnElement[bool]:
    """Whether it stands somewhere in the lead."""
    if term.number is not None:
        return leads.c.number == term.number
    if term.digits:
        known = select(person_keys.c.lead_id).where(
            person_keys.c.key == f"phone:{term.digits}", person_keys.c.lead_id == leads.c.lead_id
        )
        spelled = (_digits_of(leads.c.phone), _digits_of(_ALSO))
        return or_(known.exists(), *(each.contains(term.digits) for each in spelled))
    words = {term.text}
    if not term.text.isascii():  # SQLite knows the capitals of ASCII only
        words |= {term.text.lower(), term.text.upper(), term.text.capitalize()}
    in_texts = [column.icontains(word, autoescape=True) for column in (*_TEXTS, _WISH) for word in words]
    in_json = [_ALSO.icontains(json.dumps(word)[1:-1], autoescape=True) for word in words]
    return and_(or_(*in_texts, *in_json))


def _digits_of(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The text without what people put between digits."""
    plain: ColumnElement[str] = column
    for between in " -().+/":
        plain = func.replace(plain, between, "")
    return plain
