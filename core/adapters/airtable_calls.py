"""Calls of Airtable, each in its turn: pyairtable in threads, its errors in our words."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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

    async def ask(self, work: "Callable[[Table], Any]", sent: set[str] | None = None) -> Any:
        """One request, in its turn; raise only errors of ours. ``sent``: names of the fields in it."""
        return await self.call(work, sent or set(), await self.turn())

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
        """The turn was not needed, or its request is answered."""
        await self._pace.done(turn)

    async def call(self, work: "Callable[[Table], Any]", sent: set[str], turn: Turn) -> Any:
        """One request, whose turn it is."""
        try:
            return await self._call(work, sent)
        finally:
            await asyncio.shield(self.give_back(turn))

    async def _call(self, work: "Callable[[Table], Any]", sent: set[str]) -> Any:
        if pause := self.pause():
            raise pause
        loop = asyncio.get_running_loop()
        if not self._breaker.allows(loop.time()):
            raise Unavailable(NAME, "did not answer several times in a row", retry_after=1.0)
        self._breaker = self._breaker.called()
        try:
            answer = await loop.run_in_executor(self._pool, self._guarded, work, sent)
        except Unavailable as error:
            if error.retry_after:
                self._breaker = self._breaker.succeeded()
                self._hold(error.retry_after)
                await self._pace.hold(error.retry_after)
            else:
                self._breaker = self._breaker.failed(loop.time())
            raise
        except LeadDeskError:
            self._breaker = self._breaker.succeeded()  # a firm no is an answer
            raise
        finally:
            self._breaker = self._breaker.abandoned()
        self._breaker = self._breaker.succeeded()
        return answer

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

    def close(self) -> None:
        """Give the connections back, when none is under way any more."""
        self._pool.shutdown(wait=False)
        for session in self._sessions:
            session.close()

    def _hold(self, seconds: float) -> None:
        if seconds > 0:
            self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)

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
