"""Calls of Airtable, each in its turn: pyairtable in threads, its errors in our words."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.breaker import Breaker
from core.errors import LeadDeskError, Unavailable
from core.pace import OwnPace
from core.ports import Pace, Turn

if TYPE_CHECKING:
    from pyairtable import Table
    from requests import Session

PENALTY = 30.0
"""Seconds that Airtable refuses everything after a 429 (SEED.md)."""

LANES = 5
"""Requests under way at once: as many as may be in one second."""

TIMEOUT = (5, 30)
"""Seconds to connect, and to wait for each part of an answer."""

NAME = "Airtable"

REST = 5.0
"""Seconds without a call after failures in a row: nobody shall wait for one that does not answer."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What came of a request, and when, by time.monotonic()."""

    at: float
    said: Any = None
    error: LeadDeskError | None = None


class Calls:
    """One base's table. Make it inside the running loop; close it at the end."""

    def __init__(
        self,
        *,
        api_key: str,
        base_id: str,
        table_name: str,
        endpoint_url: str,
        pace: Pace | None,
        penalty: float,
        rest: float,
    ) -> None:
        self._api_key, self._base_id, self._table_name = api_key, base_id, table_name
        self._endpoint_url, self._penalty = endpoint_url, penalty
        # not the loop's default executor: DBOS puts its own there and shuts it down (ENGINE.md)
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="airtable")
        self._mine = threading.local()
        self._sessions: list[Session] = []
        self._pace = pace or OwnPace()
        self._quiet_until = 0.0
        self._breaker = Breaker(rest=rest)
        self._closed = False
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(self, work: "Callable[[Table], Any]", sent: set[str] | None = None) -> Any:
        """One request, in its turn; raise only errors of ours. ``sent``: names of the fields in it."""

        async def request() -> Any:
            return await self.call(work, sent or set(), await self.turn())

        return await self._to_its_end(request())

    async def turn(self) -> Turn:
        """Wait for the next request's turn; it goes to call(), or back to give_back()."""
        if pause := self.pause():
            return Turn(quiet=pause.retry_after or 1.0)
        if not self._sessions:  # before the first one, the slow import, so that none bunch up
            await asyncio.get_running_loop().run_in_executor(self._pool, self._table)
        turn = await self._pace.turn()
        self._hold(turn.quiet)
        return turn

    async def give_back(self, turn: Turn) -> None:
        """The turn was not needed."""
        await self._pace.done(turn, time.monotonic())

    async def call(self, work: "Callable[[Table], Any]", sent: set[str], turn: Turn) -> Any:
        """One request, whose turn it is."""
        return await self._to_its_end(self._call(work, sent, turn))

    async def _to_its_end(self, request: Coroutine[Any, Any, Any]) -> Any:
        """What it returns. Who asked may give up meanwhile: a turn lasts until its answer all the same."""
        return await asyncio.shield(self._begin(request))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone; a slot that is not given back ends with its lease

    async def _call(self, work: "Callable[[Table], Any]", sent: set[str], turn: Turn) -> Any:
        loop = asyncio.get_running_loop()
        pause = self.pause()
        if pause is None and not self._breaker.allows(loop.time()):
            pause = Unavailable(NAME, "did not answer several times in a row", retry_after=1.0)
        if pause is not None:
            await self.give_back(turn)
            raise pause
        self._breaker = self._breaker.called()
        answered: float | None = None
        try:
            answer = await loop.run_in_executor(self._pool, self._in_its_time, work, sent, turn)
            answered = answer.at
        finally:
            # not waited for: the slot's next turn is a second away
            self._begin(self._pace.done(turn, answered or time.monotonic()))
            self._breaker = self._breaker.abandoned()
        error = answer.error
        if not isinstance(error, Unavailable):
            self._breaker = self._breaker.succeeded()  # a firm no is an answer
        elif error.retry_after:
            self._breaker = self._breaker.succeeded()
            self._hold(error.retry_after)
            await self._pace.hold(error.retry_after)
        else:
            self._breaker = self._breaker.failed(loop.time())
        if error is not None:
            raise error
        return answer.said

    def pause(self) -> Unavailable | None:
        """Why nothing may be sent now, if so."""
        if self._closed:
            return Unavailable(NAME, "the bot is stopping; the record is sent after the next start")
        now = asyncio.get_running_loop().time()
        if (left := self._quiet_until - now) > 0:
            return Unavailable(NAME, f"asked us to wait, another {left:.0f} s", retry_after=left)
        if (left := self._breaker.wait(now)) > 0:
            return Unavailable(NAME, "did not answer several times in a row", retry_after=left)
        return None

    def stop(self) -> None:
        """Let no further request begin."""
        self._closed = True

    async def close(self) -> None:
        """Let what is under way end, and give the connections back."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._pool.shutdown(wait=False)
        for session in self._sessions:
            session.close()

    def _hold(self, seconds: float) -> None:
        if seconds > 0:
            self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)

    def _in_its_time(self, work: "Callable[[Table], Any]", sent: set[str], turn: Turn) -> "_Answer":
        from core.adapters.airtable_errors import VENDOR_ERRORS, in_our_words  # noqa: PLC0415 - slow to import

        time.sleep(max(0.0, turn.at - time.monotonic()))
        try:
            return _Answer(said=work(self._table()), at=time.monotonic())
        except VENDOR_ERRORS as error:
            # not the error itself: the vendor's message may quote a cell
            return _Answer(error=in_our_words(error, sent=sent, penalty=self._penalty), at=time.monotonic())

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
