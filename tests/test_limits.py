"""How often anybody may call, and who calls: limits in memory and in Redis, bodies that trickle, proxies."""

import asyncio
import ipaddress
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from handlers.web.app import web_app
from handlers.web.connections import Connections
from handlers.web.envelope import Rejected
from handlers.web.guards import Network, client_address, finish, prompt, seen_through
from handlers.web.limits import Limit, Limits, Rates, ip_of, place_of
from tests.databases import REQUIRED
from tests.product import API_KEY, product

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


async def test_a_body_that_comes_drop_by_drop_is_cut_off() -> None:
    async def never(_request: web.Request) -> web.Response:
        raise AssertionError("nothing is done before the body is there")

    app = web_app([web.post("/", never)], guards=[prompt(0.2)], finish=finish(()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\n{")
    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_who_calls_too_often_is_told_when_again(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder, rate_limit_per_minute=5) as bot:
        answers = []
        for number in range(7):
            async with bot.session.post(
                f"{bot.app.url}/webhooks/web_form",
                headers={"X-API-Key": API_KEY},
                json={"message": f"Flood {number}"},
            ) as response:
                answers.append((response.status, response.headers.get("Retry-After")))
        assert [status for status, _ in answers] == [202] * 5 + [429] * 2
        assert 1 <= int(answers[-1][1] or 0) <= 60
        async with bot.session.get(f"{bot.app.url}/healthz") as response:
            assert response.status == 200


async def test_two_processes_count_together_in_redis() -> None:
    try:
        async with Redis.from_url(REDIS) as redis:
            await redis.ping()
    except (RedisError, OSError):
        if REQUIRED:
            raise
        pytest.skip("no Redis answers at TEST_REDIS_URL")
    bucket = f"test:{uuid4()}"
    one, other = Limits(Rates(calls=4), REDIS), Limits(Rates(calls=4), REDIS)
    for each in (one, other, one, other):
        await each.count(Limit.CALLS, bucket)
    with pytest.raises(Rejected) as refused:
        await one.count(Limit.CALLS, bucket)
    await one.close()
    await other.close()
    assert (refused.value.status, refused.value.code) == (429, "TOO_MANY_REQUESTS")


async def test_without_its_redis_a_process_counts_by_itself() -> None:
    limits = Limits(Rates(calls=2), "redis://127.0.0.1:1/0")
    taken = []
    for _ in range(4):
        with suppress(Rejected):
            await limits.count(Limit.CALLS, "anybody")
            taken.append(True)
    await limits.close()
    assert 2 <= len(taken) < 4


async def test_each_limit_counts_for_itself() -> None:
    limits = Limits(Rates(calls=1, forms=1), None)
    await limits.count(Limit.CALLS, "anybody")
    await limits.count(Limit.FORMS, "anybody")
    for _ in range(3):
        await limits.count(Limit.GUESSES, "anybody")


PROXIES = [ipaddress.ip_network("10.0.0.0/8")]
ADDRESSES = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not from a proxy: a lie
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what the client itself put in front
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),  # as a socket for both kinds sees it
        ("10.0.0.1", "unknown", "10.0.0.1"),
    ],
)
def test_the_client_is_who_a_trusted_proxy_says(remote: str, forwarded: str, client: str) -> None:
    assert client_address(remote, forwarded, PROXIES) == client


@pytest.mark.parametrize(("proxies", "warnings"), [([], 1), ([ipaddress.ip_network("127.0.0.0/8")], 0)])
async def test_a_proxy_that_nobody_named_is_told_of_once(proxies: list[Network], warnings: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.remote)

    app = web_app([web.get("/", answer)], guards=[seen_through(proxies)], finish=finish(()))
    with capture_logs() as logs:
        async with Connections().listening(app, "127.0.0.1", 0) as port, ClientSession() as session:
            for _ in range(2):
                headers = {"X-Forwarded-For": "198.51.100.1"}
                async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as response:
                    seen = await response.text()
    assert seen == ("127.0.0.1" if warnings else "198.51.100.1")
    assert [each["event"] for each in logs] == ["proxy_not_trusted"] * warnings


@given(ADDRESSES, st.text(max_size=60))
def test_nobody_chooses_their_own_address(remote: str, forwarded: str) -> None:
    if ip_of(remote) not in PROXIES[0]:
        assert client_address(remote, forwarded, PROXIES) == remote


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_nobody_gets_more_by_the_addresses_of_their_own_network(
    address: ipaddress.IPv6Address, end: int
) -> None:
    neighbour = ipaddress.IPv6Address(int(address) >> 64 << 64 | end)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert place_of(str(address)) == place_of(str(neighbour))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_one_place_in_either_dress(address: ipaddress.IPv4Address) -> None:
    assert place_of(str(address)) == place_of(f"::ffff:{address}") == str(address)


@given(st.text())
def test_what_is_no_address_is_a_place_all_the_same(text: str) -> None:
    assert isinstance(place_of(text), str)
