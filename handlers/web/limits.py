"""How often anybody may call: counted by key, by webhook source and by address."""

import math
import time
from typing import Any

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from handlers.web.envelope import Rejected

log = structlog.get_logger()


class Limits:
    """The counters; in Redis where several processes share them."""

    def __init__(self, per_minute: int, redis_url: str | None) -> None:
        """per_minute: of each key, source and address; 0: as often as they like."""
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._storage: MemoryStorage | RedisStorage = (
            MemoryStorage()
            if redis_url is None
            else RedisStorage(
                f"async+{redis_url}", wrap_exceptions=True, implementation="redispy", key_prefix="basecamp"
            )
        )
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def close(self) -> None:
        """Let go of Redis."""
        if isinstance(self._storage, RedisStorage):
            bridge: Any = self._storage.bridge  # its types say less than redis-py has
            await bridge.get_connection().aclose()

    async def count(self, bucket: str) -> None:
        """Count a call; Rejected with 429 when there were too many of that bucket."""
        await self._ask(bucket, count=True)

    async def check(self, bucket: str) -> None:
        """The same without counting this one."""
        await self._ask(bucket, count=False)

    async def _ask(self, bucket: str, *, count: bool) -> None:
        if self._item is None:
            return
        ask = self._limiter.hit if count else self._limiter.test
        try:
            if await ask(self._item, bucket):
                return
            again_at = (await self._limiter.get_window_stats(self._item, bucket)).reset_time
        except StorageError as error:  # no lead is lost for want of a counter
            log.warning("not_counted", why=type(error.storage_error).__name__)
            return
        pause = max(1, math.ceil(again_at - time.time()))
        raise Rejected(
            429,
            "TOO_MANY_REQUESTS",
            f"That is too often: try again in {pause} s.",
            headers={"Retry-After": str(pause)},
        )
