"""The CRM table in Airtable, through pyairtable in threads of its own; concurrent writes share requests."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiolimiter import AsyncLimiter

from core.adapters.airtable_schema import LiveTable
from core.crm import MAPPINGS, MERGE_FIELD, FieldMapping, TableOptions
from core.errors import LeadDeskError, Refused, Unavailable
from core.ports import CrmRecord

if TYPE_CHECKING:
    from pyairtable import Table
    from requests import Session

    from core.adapters.airtable_errors import RecordRefused

PACE = 0.22
"""Seconds between requests. Airtable allows 5 a second and base (SEED.md); a bucket of five would let nine
through in its first second, and the tenth over 0.2 s leaves room for a request that is late on the way."""

PENALTY = 30.0
"""Seconds that Airtable refuses everything after a 429 (SEED.md)."""

BATCH = 10
"""Records in one request, Airtable's limit (SEED.md)."""

LANES = 3
"""Requests under way at once: enough to keep the pace with answers that take 0.6 s."""

TIMEOUT = (5, 30)
"""Seconds to connect, and to wait for each part of an answer."""

OPTIONS_TTL = 600.0
"""Seconds for which the table's fields are remembered; a refusal forgets them at once."""

UNREAD = (
    "the table's fields cannot be read, so the demo tables' options are assumed: give the token the scope "
    "schema.bases:read, and check AIRTABLE_TABLE_NAME"
)


@dataclass(frozen=True, eq=False)
class _Write:
    """One caller's record on its way."""

    lead_id: str
    fields: dict[str, Any]
    done: asyncio.Future[CrmRecord]


class Airtable:
    """A CrmTable in Airtable. Make it inside the running loop; close it at the end.

    Writes that come within ``gather`` seconds, or while a request waits for its turn, go in one request of
    up to ten; each caller gets its own record or its own error. A lead's writes keep their order. Seconds:
    ``pace`` between requests, ``penalty`` after a 429 that does not say how long.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_id: str,
        table_name: str,
        endpoint_url: str = "https://api.airtable.com",
        mapping: FieldMapping = MAPPINGS["notes"],
        gather: float = 0.1,
        pace: float = PACE,
        penalty: float = PENALTY,
    ) -> None:
        self._api_key, self._base_id, self._table_name = api_key, base_id, table_name
        self._endpoint_url, self._mapping = endpoint_url, mapping
        self._gather, self._penalty = gather, penalty
        # not the loop's default executor: DBOS puts its own there and shuts it down (ENGINE.md)
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="airtable")
        self._mine = threading.local()
        self._sessions: list[Session] = []
        self._bucket = AsyncLimiter(1, pace)
        self._lanes = asyncio.Semaphore(LANES)
        self._waiting: deque[_Write] = deque()
        self._under_way: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._quiet_until = 0.0
        self._schema_lock = asyncio.Lock()
        self._schema: tuple[float, LiveTable | None] | None = None
        self._table_id = table_name if table_name.startswith("tbl") else None
        self._closed = False

    @property
    def name(self) -> str:
        """As people know it."""
        return "Airtable"

    async def upsert(self, fields: Mapping[str, Any]) -> CrmRecord:
        """Write the lead's record, found by "Lead ID", or create it; select options are never created."""
        lead_id = fields.get(MERGE_FIELD)
        if not isinstance(lead_id, str) or not lead_id:
            raise Refused(self.name, f'the record has no "{MERGE_FIELD}": put it into the mapping')
        if pause := self._pause():
            raise pause
        loop = asyncio.get_running_loop()
        write = _Write(lead_id, dict(fields), loop.create_future())
        self._waiting.append(write)
        if self._sender is None or self._sender.done():
            self._sender = loop.create_task(self._send_waiting())
        return await write.done

    async def table_options(self) -> TableOptions | None:
        """The live fields that can take what the mapping puts there; None where the token may not look."""
        live = await self._live()
        return live.options(self._mapping) if live else None

    async def forget(self, lead_id: str) -> None:
        """Delete the lead's records, mostly one; two requests."""
        formula = f"{{{MERGE_FIELD}}}='{lead_id}'"
        found = await self._ask(lambda table: table.all(formula=formula, fields=[MERGE_FIELD]))
        for record in found:
            await self._ask(_deleting(record["id"]))

    async def check(self) -> None:
        """One request: token, base, table and merge field; raise Refused with the mend, or Unavailable."""
        await self._ask(lambda table: table.first(fields=[MERGE_FIELD]), sent=[MERGE_FIELD])

    async def findings(self) -> tuple[str, ...]:
        """What check() lets pass but leads will miss, a sentence each with its mend."""
        if live := await self._live():
            return live.findings(self._mapping)
        return (UNREAD,)

    async def close(self) -> None:
        """Let requests under way end (30 s at most); writes that were not sent fail as Unavailable."""
        self._closed = True
        if self._sender is not None:
            self._sender.cancel()
        self._fail(self._drop_waiting(), self._stopping())
        if self._sending:
            await asyncio.wait(self._sending)
        self._pool.shutdown(wait=False)
        for session in self._sessions:
            session.close()

    async def _send_waiting(self) -> None:
        try:
            await asyncio.sleep(self._gather)
            while self._waiting and self._pause() is None:
                if self._next_batch():
                    await self._lanes.acquire()
                    await self._turn()
                    self._start(self._next_batch())
                elif self._sending:  # each waiting lead has an earlier write under way
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        finally:  # nobody is left waiting, whatever happened
            self._fail(self._drop_waiting(), self._pause() or Unavailable(self.name, "could not be called"))

    def _start(self, batch: list[_Write]) -> None:
        """Send what was chosen; takes over the lane."""
        self._waiting = deque(write for write in self._waiting if write not in batch)
        self._under_way |= {write.lead_id for write in batch}
        task = asyncio.get_running_loop().create_task(self._deliver(batch))
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

    async def _deliver(self, batch: list[_Write]) -> None:
        try:
            await self._send(batch)
        finally:
            self._lanes.release()
            self._under_way -= {write.lead_id for write in batch}
            self._fail(batch, Unavailable(self.name, "gave no answer for this record"))

    async def _send(self, batch: list[_Write]) -> None:
        """One request; when it is refused for what is in it, what is fine goes again without the rest."""
        if not batch:
            return
        from core.adapters.airtable_errors import RecordRefused  # noqa: PLC0415 - slow to import, done by now

        records = [{"fields": write.fields} for write in batch]
        sent = {name for write in batch for name in write.fields}
        try:
            answer = await self._in_thread(
                lambda table: table.batch_upsert(records, key_fields=[MERGE_FIELD], typecast=False), sent
            )
        except RecordRefused as refusal:
            self._schema = None
            await self._send_in_parts(batch, refusal)
        except LeadDeskError as error:
            self._fail(batch, error)
        else:
            ids = {record["fields"].get(MERGE_FIELD): record["id"] for record in answer["records"]}
            for write in batch:
                if write.lead_id in ids and not write.done.done():
                    record_id = ids[write.lead_id]
                    write.done.set_result(CrmRecord(record_id, self._url(record_id)))

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
            await self._turn()
            await self._send(part)

    def _fail(self, writes: list[_Write], error: LeadDeskError) -> None:
        """Tell each caller that has no answer yet; each gets an exception of its own."""
        for write in writes:
            if not write.done.done():
                write.done.set_exception(
                    Unavailable(error.service, error.why, retry_after=error.retry_after)
                    if isinstance(error, Unavailable)
                    else Refused(self.name, error.why if isinstance(error, Refused) else str(error))
                )

    def _drop_waiting(self) -> list[_Write]:
        dropped, self._waiting = list(self._waiting), deque()
        return dropped

    def _pause(self) -> Unavailable | None:
        """Why nothing may be sent now, if so."""
        if self._closed:
            return self._stopping()
        left = self._quiet_until - asyncio.get_running_loop().time()
        if left <= 0:
            return None
        return Unavailable(self.name, f"asked us to wait, another {left:.0f} s", retry_after=left)

    def _stopping(self) -> Unavailable:
        return Unavailable(self.name, "the bot is stopping; the record is sent after the next start")

    async def _live(self) -> LiveTable | None:
        async with self._schema_lock:
            now = asyncio.get_running_loop().time()
            if self._schema is None or now - self._schema[0] > OPTIONS_TTL:
                self._schema = (now, await self._ask(_read_schema))
            live = self._schema[1]
            self._table_id = live.table_id if live else self._table_id
            return live

    def _url(self, record_id: str) -> str | None:
        """Where people see the record; None while nobody told us the table's id, which the address needs."""
        if self._table_id is None:
            return None
        return f"https://airtable.com/{self._base_id}/{self._table_id}/{record_id}"

    async def _ask(self, work: "Callable[[Table], Any]", sent: list[str] | None = None) -> Any:
        """One request outside the batches, in its turn."""
        if pause := self._pause():
            raise pause
        await self._turn()
        return await self._in_thread(work, set(sent or ()))

    async def _turn(self) -> None:
        """Wait for the next request's turn; before the first one, the slow import, so that none bunch up."""
        if not self._sessions:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._table)
        await self._bucket.acquire()

    async def _in_thread(self, work: "Callable[[Table], Any]", sent: set[str]) -> Any:
        """Run one request; raise only errors of ours."""
        if pause := self._pause():
            raise pause
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._guarded, work, sent)
        except Unavailable as error:
            if error.retry_after:
                self._quiet_until = max(self._quiet_until, loop.time() + error.retry_after)
            raise

    def _guarded(self, work: "Callable[[Table], Any]", sent: set[str]) -> Any:
        from core.adapters.airtable_errors import VENDOR_ERRORS, in_our_words  # noqa: PLC0415 - slow to import

        try:
            return work(self._table())
        except VENDOR_ERRORS as error:
            # "from None": the vendor's message may quote a cell
            raise in_our_words(error, sent=sent, penalty=self._penalty) from None

    def _table(self) -> "Table":
        """This thread's table; a session is not meant to be shared by threads."""
        if not hasattr(self._mine, "table"):
            from pyairtable import Api  # noqa: PLC0415 - takes 0.6 s to import

            # no retries: a retry behind our back would not wait for its turn; the engine retries
            api = Api(self._api_key, timeout=TIMEOUT, retry_strategy=None, endpoint_url=self._endpoint_url)
            api.session.max_redirects = 0  # the same for redirects
            api.session.auth = lambda request: request  # else a ~/.netrc entry replaces the token
            self._sessions.append(api.session)
            self._mine.table = api.table(self._base_id, self._table_name)
        return self._mine.table  # type: ignore[no-any-return]  # threading.local has no types


def _deleting(record_id: str) -> "Callable[[Table], Any]":
    return lambda table: table.delete(record_id)


def _read_schema(table: "Table") -> LiveTable | None:
    """The live table; None if the token may not ask, or there is no such table."""
    from requests import HTTPError  # noqa: PLC0415 - slow to import

    from core.adapters.airtable_errors import status_of  # noqa: PLC0415 - slow to import

    try:
        answer = table.api.get(table.base.urls.tables)
    except HTTPError as error:
        if status_of(error) in {403, 404}:
            return None
        raise
    return LiveTable.found_in(answer, table.name)
