"""How often anybody may call: counted by key, by webhook source and by address."""

import ipaddress
import math
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from aiohttp import web
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from core import metrics
from handlers.web.envelope import Rejected

log = structlog.get_logger()

FORMS_MINUTES = 10

REDIS_SECONDS = 1.0
"""How long Redis may take: a request waits for it."""

ONE_PLACE = 64
"""Bits of an IPv6 address that a provider gives to one customer, who chooses the rest."""


class Limit(StrEnum):
    """What is counted, each for itself."""

    CALLS = "calls"
    FORMS = "forms"
    GUESSES = "guesses"


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often; 0: as often as anybody likes.

    Attributes:
        calls: a minute, of each key, webhook source and address.
        forms: in FORMS_MINUTES, from each address.
        guesses: wrong keys, secrets and signatures a minute, from each address.
    """

    calls: int = 0
    forms: int = 0
    guesses: int = 0


class Limits:
    """The counters; in Redis where several processes share them."""

    def __init__(self, rates: Rates, redis_url: str | None) -> None:
        """redis_url: None, or while nobody answers there: this process counts by itself."""
        self._items: dict[Limit, RateLimitItem] = {
            limit: RateLimitItemPerMinute(amount, minutes, namespace=limit.value)
            for limit, amount, minutes in (
                (Limit.CALLS, rates.calls, 1),
                (Limit.FORMS, rates.forms, FORMS_MINUTES),
                (Limit.GUESSES, rates.guesses, 1),
            )
            if amount
        }
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis = None if redis_url is None else _redis(redis_url)
        self._shared = self._own if self._redis is None else SlidingWindowCounterRateLimiter(self._redis)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._redis is not None:
            bridge: Any = self._redis.bridge  # its types say less than redis-py has
            await bridge.get_connection().aclose()

    async def count(self, limit: Limit, bucket: str) -> None:
        """Count one more; Rejected with 429 when there were too many of that bucket."""
        await self._ask(limit, bucket, count=True)

    async def check(self, limit: Limit, bucket: str) -> None:
        """The same without counting this one."""
        await self._ask(limit, bucket, count=False)

    async def _ask(self, limit: Limit, bucket: str, *, count: bool) -> None:
        item = self._items.get(limit)
        if item is None:
            return
        try:
            again_at = await _full_until(self._shared, item, bucket, count=count)
        except StorageError as error:
            log.warning("counted_alone", why=type(error.storage_error).__name__)
            again_at = await _full_until(self._own, item, bucket, count=count)
        if again_at is None:
            return
        metrics.calls_refused.labels(limit.value).inc()
        pause = max(1, math.ceil(again_at - time.time()))
        raise Rejected(
            429,
            "TOO_MANY_REQUESTS",
            f"That is too often: try again in {pause} s.",
            headers={"Retry-After": str(pause)},
        )


def by_address(request: web.Request) -> str:
    """The bucket of where a request comes from."""
    return f"address:{place_of(request.remote or '')}"


def place_of(address: str) -> str:
    """One customer's place in the net: an IPv4 address, or the network of an IPv6 one."""
    ip = ip_of(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, ONE_PLACE), strict=False))
    return address if ip is None else str(ip)


def ip_of(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, an IPv4 one also where it comes in an IPv6 dress; None for what is none."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


async def _full_until(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, bucket: str, *, count: bool
) -> float | None:
    """When there is room again in seconds since 1970; None: there is now."""
    ask = limiter.hit if count else limiter.test
    if await ask(item, bucket):
        return None
    return (await limiter.get_window_stats(item, bucket)).reset_time


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="basecamp",
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )
