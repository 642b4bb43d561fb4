"""The vector index on Chroma, embedded and on a server: one contract, kept by both."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from core.adapters.chroma import Chroma, open_chroma, wipe
from core.errors import Refused, Unavailable
from core.ports import Vector
from tests.vectors import CREATED, between, point, vector, vendors_client


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Chroma server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chroma, folder = Path(sys.executable).with_name("chroma"), tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [chroma, "run", "--host", "127.0.0.1", "--port", str(port), "--path", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_server(f"http://127.0.0.1:{port}/api/v2/heartbeat")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def await_server(url: str) -> None:
    """Return when it answers; it takes a second or two."""
    for _ in range(300):
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - our own server's address
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the Chroma server did not start")


@pytest.fixture(params=["embedded", "server"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Chroma]:
    """An empty index of each kind: the contract holds for both."""
    url = request.getfixturevalue("server") if request.param == "server" else None
    opened = await open_chroma(tmp_path, url)
    await opened.clear()
    yield opened
    await opened.close()


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Chroma]:
    opened = await open_chroma(tmp_path / "chroma", None)
    yield opened
    await opened.close()


async def test_an_empty_index_finds_nothing(index: Chroma) -> None:
    assert await index.nearest(vector(1), limit=5) == []


async def test_the_nearest_lead_comes_first(index: Chroma) -> None:
    near, nearer = between(vector(1), vector(2), 0.4), between(vector(1), vector(2), 0.2)
    await index.upsert([point(10, at=near), point(11, at=nearer), point(12)])
    found = await index.nearest(vector(1), limit=2)
    assert [neighbour.lead_id for neighbour in found] == ["lead-11", "lead-10"]


async def test_nearness_is_told_as_the_cosine(index: Chroma) -> None:
    half = between(vector(1), vector(2), 0.5)
    await index.upsert([point(10, at=half)])
    (found,) = await index.nearest(vector(1), limit=1)
    assert found.cosine == pytest.approx(float(vector(1) @ half), abs=1e-5)


async def test_an_equal_vector_has_a_cosine_of_one_and_no_more(index: Chroma) -> None:
    await index.upsert([point(i) for i in range(20)])
    cosines = [(await index.nearest(vector(i), limit=1))[0].cosine for i in range(20)]
    assert cosines == pytest.approx(np.ones(20), abs=1e-5)
    assert max(cosines) <= 1


async def test_no_more_leads_come_than_asked_for(index: Chroma) -> None:
    await index.upsert([point(i) for i in range(20)])
    assert len(await index.nearest(vector(1), limit=7)) == 7


async def test_fewer_leads_come_when_there_are_fewer(index: Chroma) -> None:
    await index.upsert([point(i) for i in range(3)])
    assert len(await index.nearest(vector(1), limit=50)) == 3


async def test_a_limit_of_none_finds_none(index: Chroma) -> None:
    await index.upsert([point(1)])
    assert await index.nearest(vector(1), limit=0) == []


async def test_a_lead_added_again_is_replaced(index: Chroma) -> None:
    await index.upsert([point(1)])
    await index.upsert([point(1, at=vector(2))])
    (found,) = await index.nearest(vector(2), limit=5)
    assert found.cosine == pytest.approx(1, abs=1e-5)


async def test_the_last_of_two_points_of_a_lead_counts(index: Chroma) -> None:
    await index.upsert([point(1), point(1, at=vector(2))])
    (found,) = await index.nearest(vector(2), limit=5)
    assert found.cosine == pytest.approx(1, abs=1e-5)


async def test_more_leads_than_one_write_takes_are_all_written(index: Chroma) -> None:
    await index.upsert([point(i) for i in range(150)])
    assert await index.count() == 150


async def test_nothing_to_add_adds_nothing(index: Chroma) -> None:
    await index.upsert([])
    assert await index.count() == 0


async def test_a_forgotten_lead_is_not_found(index: Chroma) -> None:
    await index.upsert([point(1), point(2)])
    await index.forget(["lead-1"])
    assert [found.lead_id for found in await index.nearest(vector(1), limit=5)] == ["lead-2"]


@pytest.mark.parametrize("lead_ids", [[], ["lead-404"]])
async def test_forgetting_what_is_not_there_is_no_error(index: Chroma, lead_ids: list[str]) -> None:
    await index.forget(lead_ids)
    assert await index.count() == 0


async def test_the_index_tells_which_leads_it_holds(index: Chroma) -> None:
    await index.upsert([point(i) for i in range(40)])
    assert await index.ids() == {f"lead-{i}" for i in range(40)}


async def test_leads_added_and_sought_at_once_are_all_there_and_each_is_found(index: Chroma) -> None:
    async def add_and_find(number: int) -> str:
        await index.upsert([point(number)])
        return (await index.nearest(vector(number), limit=1))[0].lead_id

    found = await asyncio.gather(*(add_and_find(i) for i in range(60)))
    assert found == [f"lead-{i}" for i in range(60)]
    assert await index.count() == 60


async def test_the_last_of_several_additions_at_once_counts(index: Chroma) -> None:
    await asyncio.gather(*(index.upsert([point(1, at=vector(i))]) for i in range(10)))
    (found,) = await index.nearest(vector(9), limit=1)
    assert found.cosine == pytest.approx(1, abs=1e-5)


async def test_a_lead_forgotten_after_its_addition_was_asked_stays_forgotten(index: Chroma) -> None:
    additions = [asyncio.create_task(index.upsert([point(i)])) for i in range(5)]
    await asyncio.sleep(0)
    await index.forget([f"lead-{i}" for i in range(5)])
    await asyncio.gather(*additions)
    assert await index.count() == 0


async def test_an_addition_given_up_while_waiting_is_not_made(index: Chroma) -> None:
    first, given_up, last = (asyncio.create_task(index.upsert([point(i)])) for i in range(3))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(first, last)
    assert {found.lead_id for found in await index.nearest(vector(1), limit=5)} == {"lead-0", "lead-2"}


async def test_an_addition_given_up_while_writing_does_not_keep_others_from_being_made(index: Chroma) -> None:
    writes, *others = (asyncio.create_task(index.upsert([point(i)])) for i in range(5))
    while not others[-1].done():
        await asyncio.sleep(0)
        writes.cancel()
    await asyncio.gather(*others)
    assert {found.lead_id for found in await index.nearest(vector(1), limit=9)} >= {
        f"lead-{i}" for i in range(1, 5)
    }


async def test_a_cleared_index_is_empty_and_takes_leads(index: Chroma) -> None:
    await index.upsert([point(1)])
    await index.clear()
    await index.upsert([point(2)])
    assert [found.lead_id for found in await index.nearest(vector(1), limit=5)] == ["lead-2"]


async def test_an_index_emptied_by_somebody_else_goes_on(index: Chroma, tmp_path: Path) -> None:
    await index.upsert([point(1)])
    await wipe(tmp_path, index._url)  # noqa: SLF001 - the same place, whichever kind it is
    await index.upsert([point(2)])
    assert await index.count() == 1


@pytest.mark.parametrize(
    "wrong", [np.zeros(384), np.ones(383), np.ones((1, 384)), np.full(384, np.nan)], ids=str
)
async def test_a_vector_that_is_none_is_refused(embedded: Chroma, wrong: Vector) -> None:
    with pytest.raises(Refused, match="384"):
        await embedded.upsert([point(1), point(2, at=wrong)])
    with pytest.raises(Refused, match="384"):
        await embedded.nearest(wrong, limit=1)


async def test_leads_are_kept_in_the_folder(tmp_path: Path) -> None:
    first = await open_chroma(tmp_path, None)
    await first.upsert([point(1)])
    await first.close()
    again = await open_chroma(tmp_path, None)
    assert await again.count() == 1
    await again.close()


async def test_what_is_kept_of_a_lead_is_its_id_type_source_and_time(tmp_path: Path) -> None:
    index = await open_chroma(tmp_path, None)
    await index.upsert([point(1)])
    await index.close()
    with vendors_client(tmp_path) as client:
        kept = client.get_collection("leads", embedding_function=None).get(include=["metadatas", "documents"])
    assert kept["metadatas"] == [
        {
            "lead_id": "lead-1",
            "business_type": "general",
            "source": "web_form",
            "created_at": int(CREATED.timestamp()),
        }
    ]
    assert not any(kept["documents"] or [])


def test_no_memory_of_the_process_stands_in_its_files(tmp_path: Path) -> None:
    """Chroma writes room for later leads from uncleared memory, which glibc fills with 0xAA here."""
    script = f"""
import asyncio
from pathlib import Path
from core.adapters.chroma import open_chroma
from tests.vectors import point

async def use() -> None:
    index = await open_chroma(Path({str(tmp_path)!r}), None)
    {{}}
    await index.close()

asyncio.run(use())
"""
    perturbed = {**os.environ, "MALLOC_PERTURB_": "85"}
    for use in ("await index.upsert([point(1)])", "await index.count()"):
        subprocess.run([sys.executable, "-c", script.format(use)], env=perturbed, check=True)
        (room,) = tmp_path.glob("*/data_level0.bin")
        assert room.stat().st_size
        assert not any(room.read_bytes())
        assert not any(room.with_name("length.bin").read_bytes())


async def test_a_closed_index_says_that_it_is_away(tmp_path: Path) -> None:
    index = await open_chroma(tmp_path, None)
    await index.close()
    with pytest.raises(Unavailable):
        await index.count()
