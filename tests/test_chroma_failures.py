"""What goes wrong with Chroma: damaged data, servers that are away, its errors; each said in words."""

import asyncio
import inspect
import shutil
import socket
from pathlib import Path

import chromadb.errors
import pytest
from aiohttp import web

from core.adapters.chroma import Chroma, open_chroma, wipe
from core.adapters.chroma_errors import REFUSALS, WEATHER, MappedErrors, in_our_words
from core.errors import LeadDeskError, Refused, Unavailable
from tests.vectors import point, vendors_client


async def test_a_collection_that_measures_otherwise_is_refused_with_the_mend(tmp_path: Path) -> None:
    with vendors_client(tmp_path) as client:
        client.create_collection("leads", embedding_function=None)
    with pytest.raises(Refused, match="basecamp reindex"):
        await open_chroma(tmp_path, None)


async def test_a_collection_that_measures_otherwise_is_made_anew_by_a_wipe(tmp_path: Path) -> None:
    with vendors_client(tmp_path) as client:
        client.create_collection("leads", embedding_function=None)
    await wipe(tmp_path, None)
    index = await open_chroma(tmp_path, None)
    assert await index.count() == 0
    await index.close()


def spoil(folder: Path, what: str) -> None:
    (vectors,) = folder.glob("*-*")
    database = folder / "chroma.sqlite3"
    match what:
        case "database is text":
            database.write_text("not a database" * 1000)
        case "database is cut":
            database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
        case "header is text":
            (vectors / "header.bin").write_text("not a header" * 10)
        case "vector files are gone":
            shutil.rmtree(vectors)
        case "vectors are gone":
            (vectors / "data_level0.bin").write_bytes(b"")
        case "vectors are cut":
            (vectors / "data_level0.bin").write_bytes((vectors / "data_level0.bin").read_bytes()[:500_000])
        case "all is empty":
            for file in vectors.iterdir():
                file.write_bytes(b"")


@pytest.fixture(
    params=[
        "database is text",
        "database is cut",
        "header is text",
        "vector files are gone",
        "vectors are gone",
        "vectors are cut",
        "all is empty",
    ]
)
async def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with 1,200 leads of which some part is lost, and a file that is not Chroma's."""
    index = await open_chroma(tmp_path, None)
    await index.upsert([point(i) for i in range(1200)])
    await index.close()
    spoil(tmp_path, request.param)
    (tmp_path / "basecamp.db").write_text("not Chroma's")
    return tmp_path


async def test_damaged_data_is_told_at_the_opening_with_the_mend(damaged: Path) -> None:
    with pytest.raises(Unavailable, match="basecamp reindex"):
        await open_chroma(damaged, None)


async def test_damaged_data_can_be_wiped_and_started_afresh(damaged: Path) -> None:
    with pytest.raises(Unavailable):
        await open_chroma(damaged, None)
    await wipe(damaged, None)
    index = await open_chroma(damaged, None)
    await index.upsert([point(1)])
    assert await index.count() == 1
    assert (damaged / "basecamp.db").read_text() == "not Chroma's"
    await index.close()


async def test_a_server_that_is_away_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached"):
        await open_chroma(None, f"http://127.0.0.1:{port}")


async def test_an_index_that_could_not_be_opened_is_opened_at_the_next_call(tmp_path: Path) -> None:
    (tmp_path / "later").write_text("a file where the folder shall be")
    index = Chroma(tmp_path / "later", None)
    with pytest.raises(Unavailable):
        await index.count()
    (tmp_path / "later").unlink()
    assert await index.count() == 0
    await index.close()


async def test_a_server_that_is_silent_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = Chroma(None, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        with pytest.raises(Unavailable, match="in time"):
            await index.count()
        await index.close()


async def test_a_server_that_is_no_chroma_is_unavailable_and_the_setting_named() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(status=404, text="<html>nothing here</html>")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    with pytest.raises(Unavailable, match="CHROMA_URL"):
        await open_chroma(None, f"http://127.0.0.1:{port}")
    await runner.cleanup()


async def test_an_address_that_is_no_url_is_refused_and_the_setting_named() -> None:
    with pytest.raises(Refused, match="CHROMA_URL"):
        await open_chroma(None, "chroma.example.com:8000")


def chromas_errors() -> dict[str, type[BaseException]]:
    return {
        name: kind
        for name, kind in inspect.getmembers(chromadb.errors, inspect.isclass)
        if issubclass(kind, chromadb.errors.ChromaError)
    }


def test_each_of_chromas_errors_has_its_words() -> None:
    assert chromas_errors().keys() <= REFUSALS.keys() | WEATHER.keys()


def test_no_words_are_kept_for_errors_that_chroma_does_not_have() -> None:
    others = {"PanicException", "TimeoutError"}
    assert chromas_errors().keys() | others == REFUSALS.keys() | WEATHER.keys()


@pytest.mark.parametrize("name", sorted(chromas_errors()))
def test_an_error_of_chroma_becomes_ours_without_its_text(name: str) -> None:
    kind = chromas_errors()[name]
    with pytest.raises((Unavailable, Refused)) as caught, MappedErrors():
        raise kind("chen@example.com is not unique")
    assert "chen@example.com" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (TimeoutError(), Unavailable),
        (ConnectionRefusedError(), Unavailable),
        (Exception("<html>502</html>"), Unavailable),
        (ValueError("Expected IDs to be a non-empty list"), Refused),
        (type("PanicException", (BaseException,), {})(), Unavailable),
    ],
    ids=repr,
)
def test_what_else_chroma_raises_becomes_ours(error: BaseException, ours: type[LeadDeskError]) -> None:
    assert type(in_our_words(error)) is ours


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), KeyboardInterrupt(), Refused("Chroma", "no")], ids=repr
)
def test_what_is_not_chromas_goes_through(error: BaseException) -> None:
    assert in_our_words(error) is None
