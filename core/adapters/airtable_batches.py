"""Concurrent writes, and concurrent reads, of records share requests; a lead's writes keep their order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.adapters.airtable_calls import LANES, NAME, Calls
from core.crm.mapping import MERGE_FIELD
from core.errors import LeadDeskError, Refused, TableChanged, Unavailable
from core.ports import Turn

if TYPE_CHECKING:
    from core.adapters.airtable_errors import RecordRefused

BATCH = 10
"""Records in one write, Airtable's limit (SEED.md)."""

PAGE = 100
"""Records in one answer, Airtable's limit (SEED.md)."""

Record = dict[str, Any]
"""As Airtable tells it: id, createdTime, fields."""


@dataclass(frozen=True, eq=False)
class _Write:
    """One caller's record on its way."""

    lead_id: str
    fields: dict[str, Any]
    done: asyncio.Future[Record]


class Writes:
    """Those that come within ``gather`` seconds, or while a request waits for its turn, go in tens.

    Each caller gets its own record or its own error.
    """

    def __init__(self, calls: Calls, gather: float, refused: Callable[[], None]) -> None:
        """refused: called when the table did not take a record."""
        self._calls = calls
        self._gather = gather
        self._refused = refused
        self._lanes = asyncio.Semaphore(LANES)
        self._waiting: deque[_Write] = deque()
        self._under_way: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None

    async def write(self, lead_id: str, fields: Mapping[str, Any]) -> Record:
        """The record as it is then."""
        if pause := self._calls.pause():
            raise pause
        loop = asyncio.get_running_loop()
        write = _Write(lead_id, dict(fields), loop.create_future())
        self._waiting.append(write)
        if self._sender is None or self._sender.done():
            self._sender = loop.create_task(self._send_waiting())
        return await write.done

    async def close(self) -> None:
        """Let requests under way end (30 s at most); writes that were not sent fail as Unavailable."""
        if self._sender is not None:
            self._sender.cancel()
        self._fail(self._drop_waiting(), self._pause())
        if self._sending:
            await asyncio.wait(self._sending)

    async def _send_waiting(self) -> None:
        try:
            await asyncio.sleep(self._gather)
            while self._waiting and self._calls.pause() is None:
                if self._next_batch():
                    await self._lanes.acquire()
                    turn = await self._calls.turn()
                    self._start(self._next_batch(), turn)  # chosen late, so that it is as full as it can be
                elif self._sending:  # each waiting lead has an earlier write under way
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        finally:  # nobody is left waiting, whatever happened
            self._fail(self._drop_waiting(), self._pause())

    def _start(self, batch: list[_Write], turn: Turn) -> None:
        """Send what was chosen; takes over the lane."""
        self._waiting = deque(write for write in self._waiting if write not in batch)
        self._under_way |= {write.lead_id for write in batch}
        task = asyncio.get_running_loop().create_task(self._deliver(batch, turn))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _next_batch(self) -> list[_Write]:
        """The oldest writes, one a lead: Airtable refuses a record twice in a request, and order is kept."""
        self._waiting = deque(write for write in self._waiting if not write.done.done())
        batch: dict[str, _Write] = {}
        for write in self._waiting:
            if write.lead_id not in self._under_way and len(batch) < BATCH:
                batch.setdefault(write.lead_id, write)
        return list(batch.values())

    async def _deliver(self, batch: list[_Write], turn: Turn) -> None:
        try:
            await self._send(batch, turn)
        finally:
            self._lanes.release()
            self._under_way -= {write.lead_id for write in batch}
            self._fail(batch, Unavailable(NAME, "gave no answer for this record"))

    async def _send(self, batch: list[_Write], turn: Turn) -> None:
        """One request; when it is refused for what is in it, what is fine goes again without the rest."""
        if not batch:
            await self._calls.give_back(turn)
            return
        from core.adapters.airtable_errors import RecordRefused  # noqa: PLC0415 - slow to import, done by now

        records = [{"fields": write.fields} for write in batch]
        sent = {name for write in batch for name in write.fields}
        try:
            answer = await self._calls.call(
                lambda table: table.batch_upsert(records, key_fields=[MERGE_FIELD], typecast=False),
                sent,
                turn,
            )
        except RecordRefused as refusal:
            self._refused()
            await self._send_in_parts(batch, refusal)
        except LeadDeskError as error:
            self._fail(batch, error)
        else:
            found = {record["fields"].get(MERGE_FIELD): record for record in answer["records"]}
            for write in batch:
                if write.lead_id in found and not write.done.done():
                    write.done.set_result(found[write.lead_id])

    async def _send_in_parts(self, batch: list[_Write], refusal: "RecordRefused") -> None:
        if refusal.unknown_field and refusal.field:
            self._fail([write for write in batch if refusal.field in write.fields], refusal)
            parts = [[write for write in batch if refusal.field not in write.fields]]
        elif len(batch) == 1:
            self._fail(batch, refusal)
            return
        else:
            parts = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        for part in filter(None, parts):
            await self._send(part, await self._calls.turn())

    def _fail(self, writes: list[_Write], error: LeadDeskError) -> None:
        """Tell each caller that has no answer yet; each gets an exception of its own."""
        for write in writes:
            if not write.done.done():
                write.done.set_exception(own(error))

    def _drop_waiting(self) -> list[_Write]:
        dropped, self._waiting = list(self._waiting), deque()
        return dropped

    def _pause(self) -> Unavailable:
        return self._calls.pause() or Unavailable(NAME, "could not be called")


class Reads:
    """Leads whose records are asked for within ``gather`` seconds are read a hundred a request."""

    def __init__(
        self, gather: float, read: Callable[[Sequence[str]], Awaitable[Mapping[str, Record]]]
    ) -> None:
        """read: the records of at most PAGE leads, by lead id."""
        self._gather = gather
        self._read = read
        self._waiting: dict[str, asyncio.Future[Record | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def find(self, lead_ids: Sequence[str]) -> dict[str, Record]:
        """The records of those leads that have one."""
        loop = asyncio.get_running_loop()
        asked = {each: self._waiting.setdefault(each, loop.create_future()) for each in lead_ids}
        if self._reader is None or self._reader.done():
            self._reader = loop.create_task(self._read_waiting())
        # shielded: a caller that gives up does not take the answer from the others
        found = await asyncio.gather(*map(asyncio.shield, asked.values()))
        return {lead_id: record for lead_id, record in zip(asked, found, strict=True) if record is not None}

    async def _read_waiting(self) -> None:
        await asyncio.sleep(self._gather)
        while self._waiting:
            taken = dict(list(self._waiting.items())[:PAGE])
            self._waiting = {each: done for each, done in self._waiting.items() if each not in taken}
            try:
                found = await self._read(list(taken))
            except LeadDeskError as error:
                for done in taken.values():
                    done.set_exception(own(error))
                    done.exception()  # a caller that gave up does not look at it
            else:
                for lead_id, done in taken.items():
                    done.set_result(found.get(lead_id))


def own(error: LeadDeskError) -> LeadDeskError:
    """The same error for one caller alone."""
    if isinstance(error, Unavailable):
        return Unavailable(error.service, error.why, retry_after=error.retry_after)
    if isinstance(error, TableChanged):
        return TableChanged(error.service, error.why, field=error.field)
    return Refused(NAME, error.why if isinstance(error, Refused) else str(error))
