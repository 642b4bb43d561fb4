"""Brings leads and their records together, both ways; safe to run twice, and in several processes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection

from core.crm.fields import Fields, gaps, to_fields
from core.crm.live import Schema
from core.crm.mapping import MERGE_FIELD, FieldMapping
from core.crm.reconcile import Link, Plan, answered, question_about, reconcile, wants_the_same
from core.crm.taking import taken
from core.errors import NotAllowed, NotFound, Refused, TableChanged
from core.hooks.calls import HookEvent
from core.lead import SYSTEM, DeskStatus, Event, Lead, utcnow
from core.ports import CrmRow, CrmTable
from core.store import Store

log = structlog.get_logger()

CHANGED_THERE, ASKED, RECORD_GONE, FAILED = "changed_in_crm", "crm_conflict", "crm_gone", "crm_failed"
"""What the history says of it."""

TRIES = 5
"""A lead may change, or its table, while it is written: so often it is looked at anew."""

Announce = Callable[[Connection, HookEvent, str, str], None]
"""announce(connection, what, lead id, key): the same key twice is once (core.hooks.telling)."""

OVERLAP = timedelta(minutes=2)
"""What was changed so long before the last look is read again: clocks differ, answers take time."""

PULLED = "pulled"
"""The mark of the last look."""


class Outcome(Enum):
    """What a sync did."""

    SAME = auto()  # nothing: both sides agree, or the lead belongs in no CRM
    WRITTEN = auto()
    TAKEN = auto()  # something that people changed there is the lead's now
    ASKED = auto()  # somebody has to decide


@dataclass(frozen=True, kw_only=True)
class CrmSync:
    """The CRM, with what leads and their records last agreed on.

    Attributes:
        mapping: a desk -> its mapping.
        announce: has others told of what happens to a lead, in the transaction in which it does.
    """

    store: Store
    table: CrmTable
    mapping: Callable[[str], FieldMapping]
    announce: Announce = lambda *_: None
    turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def sync(self, lead_id: str, row: CrmRow | None = None, *, look: bool = False) -> Outcome:
        """Make the lead and its record agree; Unavailable, Refused.

        Args:
            lead_id: whose; syncs of one lead take turns, and each reads it anew.
            row: the record, if it was read just now.
            look: compare with the record even if nothing changed on our side.
        """
        turn = self.turns.setdefault(lead_id, asyncio.Lock())
        async with turn:
            outcome, refused = Outcome.SAME, frozenset[str]()
            for attempt in range(TRIES):
                try:
                    done, settled = await self._once(lead_id, row, look=look, without=refused)
                except TableChanged as error:
                    if attempt == TRIES - 1 or (attempt and error.field is None):
                        raise Refused(error.service, error.why) from None
                    # read anew, the table may know better; a field that is refused all the same is left out
                    refused |= {error.field} if attempt and error.field else frozenset()
                    continue
                outcome = outcome if done == Outcome.SAME else done
                if settled:
                    return outcome
                row, look = None, False
            return outcome

    async def _once(
        self, lead_id: str, row: CrmRow | None, *, look: bool, without: frozenset[str]
    ) -> tuple[Outcome, bool]:
        """One round: what it did, and whether the lead is settled with it."""
        lead, link = await self.store.crm.lead(lead_id)
        if link.left_out or (row is None and link.question is not None and link.question.gone):
            return Outcome.SAME, True
        mapping = self.mapping(lead.desk)
        fields = self._fields(lead, mapping, await self.table.schema(), without)
        known = lead.crm.record_id is not None
        if not known and lead.desk_status == DeskStatus.MERGED:
            return Outcome.SAME, True
        if known and row is None:
            if not look and wants_the_same(fields.values, link) and link.question is None:
                await self.store.crm.keep(lead, link, None, why=fields.lacking)
                return Outcome.SAME, True
            row = (await self.table.rows([lead_id])).get(lead_id)
            if row is None:
                return await self._ask(lead, link, gone=True)
        plan = reconcile(fields.values, mapping, link, row.cells if row else None)
        if plan.take:
            return await self._take(lead, link, plan, row)
        return await self._write(lead, link, plan, row, why=fields.lacking)

    def _fields(
        self, lead: Lead, mapping: FieldMapping, schema: Schema | None, without: frozenset[str]
    ) -> Fields:
        fields = to_fields(lead, mapping, schema)
        if fields.unmapped:
            log.info("crm_left_out", lead_id=lead.lead_id, why=fields.unmapped)
        return replace(fields, values={n: v for n, v in fields.values.items() if n not in without})

    async def _write(
        self, lead: Lead, link: Link, plan: Plan, row: CrmRow | None, *, why: str | None
    ) -> tuple[Outcome, bool]:
        kept = plan.link
        if plan.write:
            written = await self.table.upsert({**plan.write, MERGE_FIELD: lead.lead_id})
            theirs = {name: written.cells.get(name) for name in plan.write}
            kept, row = kept.model_copy(update={"theirs": {**kept.theirs, **theirs}}), written
        is_new = kept.question is not None and kept.question != link.question
        asked = self._line(lead, ASKED, kept) if is_new else None
        record = row.record if row else None

        def follow(connection: Connection) -> None:
            if plan.write:
                told = HookEvent.SYNCED, lead.lead_id, f"synced:{lead.lead_id}:{lead.version}"
                self.announce(connection, *told)

        settled = await self.store.crm.keep(lead, kept, record, asked=asked, why=why, follow=follow)
        if asked is not None:
            return Outcome.ASKED, settled
        return (Outcome.WRITTEN if plan.write else Outcome.SAME), settled

    async def _take(self, lead: Lead, link: Link, plan: Plan, row: CrmRow | None) -> tuple[Outcome, bool]:
        """People there changed it: the lead follows, and what we want of those cells is what they are now."""
        cells, mapping = (row.cells if row else {}), self.mapping(lead.desk)
        fields = {column.field for column in mapping.columns if column.path in plan.take}
        changes = taken(lead, plan.take, mapping)
        after = lead.model_copy(
            update={
                "contact": lead.contact.model_copy(
                    update={n: v for n, v in changes.items() if n in type(lead.contact).model_fields}
                ),
                **{n: v for n, v in changes.items() if n in type(lead).model_fields},
            }
        )
        wanted = to_fields(after, mapping, await self.table.schema()).values
        kept = Link(
            # the cells to write are as they were until the next round has written them
            ours={
                **_but(plan.link.ours, plan.write),
                **_only(link.ours, plan.write),
                **_only(wanted, fields),
            },
            theirs={**_but(plan.link.theirs, plan.write), **_only(link.theirs, plan.write)},
            question=plan.link.question,
        )
        digest = question_about({name: (None, cells.get(name)) for name in sorted(fields)}).id
        line = Event(
            event_id=f"crm:{lead.lead_id}:{lead.version}:{digest}",
            lead_id=lead.lead_id,
            at=utcnow(),
            actor=SYSTEM,
            what=CHANGED_THERE,
            why=", ".join(sorted(fields)),
            told=True,
        )

        def follow(connection: Connection) -> None:
            self.announce(connection, HookEvent.UPDATED, lead.lead_id, f"updated:{line.event_id}")

        await self.store.crm.take(line, kept, lambda now: taken(now, plan.take, mapping), follow)
        return (Outcome.TAKEN if changes else Outcome.SAME), False

    async def _ask(self, lead: Lead, link: Link, *, gone: bool) -> tuple[Outcome, bool]:
        asked = link.model_copy(update={"question": question_about({})})
        await self.store.crm.keep(lead, asked, None, asked=self._line(lead, RECORD_GONE, asked))
        return Outcome.ASKED, gone

    def _line(self, lead: Lead, what: str, link: Link) -> Event:
        question = link.question or question_about({})
        return Event(
            event_id=f"{what}:{lead.lead_id}:{lead.version}:{question.id}",
            lead_id=lead.lead_id,
            at=utcnow(),
            actor=SYSTEM,
            what=what,
            why=f"{question.id} {', '.join(question.cells)}".strip(),
            told=True,
        )

    async def fail(self, lead: Lead, why: str) -> bool:
        """The lead cannot be brought there; whether that is news, which others are told then."""
        line = Event(
            event_id=f"{FAILED}:{lead.lead_id}:{lead.version}",
            lead_id=lead.lead_id,
            at=utcnow(),
            actor=SYSTEM,
            what=FAILED,
            why=why,
            told=False,
        )

        def follow(connection: Connection) -> None:
            self.announce(connection, HookEvent.FAILED, lead.lead_id, line.event_id)

        return await self.store.crm.fail(line, why, follow)

    async def answer(self, line: Event, question_id: str, *, keep_ours: bool) -> None:
        """Somebody decided about a record; NotAllowed when that question is settled, or another by now."""

        def decide(link: Link) -> Link:
            if link.question is None or link.question.id != question_id:
                raise NotAllowed("That was answered already, or both sides say the same by now.")
            return answered(link, keep_ours=keep_ours)

        await self.store.crm.answer(line, decide)

    async def pull(self, now: datetime) -> list[str]:
        """Look at what was changed there since the last look; the leads that changed, or are asked about."""
        mark = await self.store.crm.mark(PULLED)
        since = datetime.fromisoformat(mark) - OVERLAP if mark else now - OVERLAP
        rows = await self.table.changed(since)
        changed = [lead_id async for lead_id in self.look_at(rows)]
        await self.store.crm.put_mark(PULLED, now.isoformat())
        return changed

    async def look_at(self, rows: list[CrmRow]) -> AsyncIterator[str]:
        """Compare these records with their leads; those leads that changed, or are asked about."""
        links = await self.store.crm.of([row.lead_id for row in rows])
        for row in rows:
            link = links.get(row.lead_id)
            if link is None or _as_agreed(row, link):
                continue
            try:
                outcome = await self.sync(row.lead_id, row)
            except NotFound:  # no lead of ours, or one that was erased
                continue
            if outcome in {Outcome.TAKEN, Outcome.ASKED}:
                yield row.lead_id

    async def drift(self, desks: tuple[str, ...]) -> list[str]:
        """What the table does not take any more and did until now, a sentence each; once."""
        schema = await self.table.schema()
        if schema is None:
            return []
        found = {sentence for desk in desks for sentence in gaps(self.mapping(desk), schema)}
        mark = await self.store.crm.mark("gaps")
        known = set(json.loads(mark)) if mark else found
        if found != known or mark is None:
            await self.store.crm.put_mark("gaps", json.dumps(sorted(found)))
        return sorted(found - known)

    async def differences(self, lead: Lead, row: CrmRow | None) -> Mapping[str, tuple[object, object]]:
        """Field -> (what we want, what is there), of the cells that are not as both agreed."""
        link = (await self.store.crm.of([lead.lead_id])).get(lead.lead_id, Link())
        mapping = self.mapping(lead.desk)
        wanted = to_fields(lead, mapping, await self.table.schema()).values
        if row is None:
            return {name: (want, None) for name, want in wanted.items() if want is not None}
        plan = reconcile(wanted, mapping, link, row.cells)
        paths = {column.path: column.field for column in mapping.columns}
        asked = plan.link.question.cells if plan.link.question else {}
        names = {*plan.write, *(paths[path] for path in plan.take), *asked}
        return {name: (wanted[name], row.cells.get(name)) for name in sorted(names)}


def _only(cells: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in cells.items() if name in names}


def _but(cells: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in cells.items() if name not in names}


def _as_agreed(row: CrmRow, link: Link) -> bool:
    """Whether the record is as we know it: mostly it was changed by us."""
    return all(
        row.cells.get(name) == value or (value is None and name not in row.cells)
        for name, value in link.theirs.items()
    )
