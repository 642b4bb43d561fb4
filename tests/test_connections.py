"""Real connections: heads that come drop by drop, many that ask for nothing, and those that do neither."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import ClientSession, TCPConnector, web

from handlers.web.app import web_app
from handlers.web.connections import Connections
from handlers.web.guards import finish
from tests.product import Product

HEAD = b"GET / HTTP/1.1\r\nHost: desk\r\n"

PATIENCE = 30.0

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served(connections: Connections, *, works: float = 0.0) -> AsyncIterator[int]:
    """The port of an application whose every answer takes so many seconds of work."""

    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(works)
        return web.Response(text="here")

    app = web_app(
        [web.get("/", answer), web.post("/", answer)], guards=[connections.busy()], finish=finish(())
    )
    async with connections.listening(app, "127.0.0.1", 0) as port:
        yield port


async def connect(port: int) -> Stream:
    return await asyncio.open_connection("127.0.0.1", port)


async def is_cut(stream: Stream) -> bool:
    """Whether the other side ends the connection without a word."""
    with suppress(ConnectionError):
        return await asyncio.wait_for(stream[0].read(), PATIENCE) == b""
    return True


async def ask(stream: Stream) -> bytes:
    """The first line of the answer to a request on this connection; all of it is read."""
    reader, writer = stream
    writer.write(HEAD + b"\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    await reader.readexactly(len("here"))
    return head.partition(b"\r\n")[0]


async def close(*streams: Stream) -> None:
    for _, writer in streams:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_head_that_comes_drop_by_drop_is_cut_off() -> None:
    async with served(Connections(seconds=0.3)) as port:
        stream = await connect(port)

        async def drip() -> None:
            with suppress(ConnectionError):
                for drop in HEAD * 1_000:
                    stream[1].write(bytes([drop]))
                    await stream[1].drain()
                    await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await is_cut(stream)
        dripping.cancel()
        await close(stream)


async def test_who_says_nothing_at_all_is_cut_off() -> None:
    async with served(Connections(seconds=0.2)) as port:
        stream = await connect(port)
        assert await is_cut(stream)
        await close(stream)


async def test_a_second_head_has_no_more_time_than_the_first() -> None:
    async with served(Connections(seconds=1)) as port:
        stream = await connect(port)
        assert await ask(stream) == b"HTTP/1.1 200 OK"
        stream[1].write(HEAD)
        assert await is_cut(stream)
        await close(stream)


async def test_a_connection_may_be_idle_between_requests_for_longer_than_a_head_may_take() -> None:
    async with served(Connections(seconds=1)) as port:
        stream = await connect(port)
        for pause in (1.5, 0):
            assert await ask(stream) == b"HTTP/1.1 200 OK"
            await asyncio.sleep(pause)
        await close(stream)


async def test_our_own_work_may_take_longer_than_a_head() -> None:
    async with served(Connections(seconds=1), works=1.5) as port:
        stream = await connect(port)
        assert await ask(stream) == b"HTTP/1.1 200 OK"
        await close(stream)


async def test_many_connections_that_ask_for_nothing_keep_nobody_out() -> None:
    connections = Connections(most=10, grace=0)
    async with served(connections) as port:
        idle = [await connect(port) for _ in range(50)]
        stream = await connect(port)
        assert await ask(stream) == b"HTTP/1.1 200 OK"
        assert connections.now_open == 10
        assert await is_cut(idle[0])
        await close(stream, *idle)


async def test_of_many_connections_none_goes_that_has_a_request() -> None:
    async with served(Connections(most=5, grace=0), works=0.5) as port:
        working = [await connect(port) for _ in range(5)]
        asked = [asyncio.create_task(ask(stream)) for stream in working]
        await asyncio.sleep(0.2)
        idle = [await connect(port) for _ in range(20)]
        assert set(await asyncio.gather(*asked)) == {b"HTTP/1.1 200 OK"}
        await close(*working, *idle)


async def test_a_thousand_requests_at_once_are_all_answered() -> None:
    """More than there is room for, each on a connection of its own: they wait for us, not we for them."""
    async with (
        served(Connections(most=50)) as port,
        ClientSession(connector=TCPConnector(limit=0, force_close=True)) as session,
    ):

        async def one() -> int:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                return response.status

        assert set(await asyncio.gather(*(one() for _ in range(1_000)))) == {200}


async def test_the_product_s_own_door_has_these_bounds(bot: Product) -> None:
    stream = await connect(int(bot.app.url.rpartition(":")[2]))
    stream[1].write(HEAD)
    assert await is_cut(stream)
    await close(stream)


async def test_who_hangs_up_is_forgotten() -> None:
    connections = Connections()
    async with served(connections) as port:
        stream = await connect(port)
        await ask(stream)
        assert connections.now_open == 1
        await close(stream)
        async with asyncio.timeout(PATIENCE):
            while connections.now_open:  # noqa: ASYNC110 - a server tells nobody
                await asyncio.sleep(0.02)
