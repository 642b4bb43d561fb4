"""Was this here before? Asked by a program of what it has not sent yet; nothing of it is kept."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.sandbox.slack.server import running as running_slack
from core.adapters.chroma import open_chroma
from core.ports import Embedder
from core.store.tables import metadata
from tests.asking import LEADS, ask, made
from tests.fakes import Interrupted
from tests.product import Product, product
from tests.standing import standing, there

CHECK = f"{LEADS}/check-similar"

MUFFLER = "The muffler of my 2014 Volvo V60 rattles over every bump, can you weld it?"
NADIA = {"name": "Nadia Brandt", "email": "nadia.brandt@example.com", "phone": "+1 415 555 0177"}


class Checked(Product):
    """The product with one lead of Nadia's, and a line to its index that can be cut."""

    def __init__(self, bot: Product, index: Interrupted, lead_id: str) -> None:
        super().__init__(bot.app, bot.slack, bot.session)
        self.index = index
        self.lead_id = lead_id

    async def check(self, **body: Any) -> list[dict[str, Any]]:
        """What the API finds."""
        status, envelope, _ = await ask(self, "POST", CHECK, json=body)
        assert status == 200, envelope
        return list(envelope["data"])


@asynccontextmanager
async def checked(embedder: Embedder, folder: Path) -> AsyncIterator[Checked]:
    """All of it."""
    index = Interrupted(await open_chroma(folder / "chroma", None))
    async with running_slack(port=0) as slack, product(slack, folder, embedder, index=index) as bot:
        yield Checked(bot, index, await made(bot, MUFFLER, **NADIA))


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """One product for all of this module."""
    with standing(checked(embedder, tmp_path_factory.mktemp("check"))) as bot:
        yield bot


async def rows_of(bot: Product) -> dict[str, int]:
    """How many rows each table has, but the history, which says who read what."""

    def count(connection: Any) -> dict[str, int]:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "lead_events"
        }

    return await bot.app.store.database.read(count)


@pytest.mark.parametrize(
    "contact",
    [
        NADIA,
        {"contact": NADIA},
        {"email": "N.A.D.I.A.Brandt@example.com", "name": "Nadia Brandt"},
        {"contact": {"first_name": "Nadia", "phone": "(415) 555-0177"}},
    ],
)
@there
async def test_the_same_request_of_the_same_person_is_a_duplicate(
    bot: Checked, contact: dict[str, Any]
) -> None:
    first, *_ = await bot.check(
        message="Hi, any news? The muffler of my Volvo V60 rattles over bumps", **contact
    )
    assert (first["lead_id"], first["kind"]) == (bot.lead_id, "duplicate")
    assert {"mail", "phone"} & {each["field"] for each in first["evidence"]}


@there
async def test_a_new_request_of_a_known_person_is_a_repeat_however_unlike(bot: Checked) -> None:
    first, *_ = await bot.check(message="Do you sell winter tyres, and what is a set?", **NADIA)
    assert (first["lead_id"], first["kind"], first["sure"]) == (bot.lead_id, "repeat", True)
    assert {"mail", "phone"} <= {each["field"] for each in first["evidence"]}


@there
async def test_an_alike_request_of_somebody_else_is_similar(bot: Checked) -> None:
    other = {"name": "Oskar Lind", "email": "oskar@lind.example"}
    first, *_ = await bot.check(message="My Volvo's muffler rattles over bumps, could you weld it", **other)
    assert (first["lead_id"], first["kind"], first["evidence"]) == (bot.lead_id, "similar", [])


@there
async def test_somebody_new_with_something_new_was_never_here(bot: Checked) -> None:
    other = {"name": "Pia Holm", "email": "pia@holm.example"}
    assert await bot.check(message="Which wine goes with the set menu of the gala?", **other) == []


@there
async def test_the_threshold_hides_nobody_who_is_known(bot: Checked) -> None:
    found = await bot.check(message="Do you sell winter tyres?", threshold=1, **NADIA)
    assert [each["lead_id"] for each in found] == [bot.lead_id]


@there
async def test_who_is_known_in_another_trade_is_not_told_to_who_asks_for_one(bot: Checked) -> None:
    assert await bot.check(message="Do you sell winter tyres?", business_type="medspa", **NADIA) == []


@there
async def test_of_a_merged_lead_the_one_that_stands_for_it_is_told(bot: Checked) -> None:
    sam = {"name": "Sam Ortega", "email": "sam@ortega.example"}
    kept = await made(bot, "Please quote a respray of my grey Vespa scooter", **sam)
    gone = await made(bot, "Another matter: do you rent out trailers by the hour?", **sam)
    status, _, _ = await ask(bot, "POST", f"{LEADS}/{gone}/merge", json={"into": kept})
    found = await bot.check(message="do you rent out trailers by the hour", **sam)
    assert (status, [each["lead_id"] for each in found if each["kind"] != "similar"]) == (200, [kept])


@there
async def test_nothing_of_a_check_is_kept(bot: Checked) -> None:
    await asyncio.sleep(1.5)  # what other tests began comes to its end
    before = await rows_of(bot)
    await bot.check(message=MUFFLER, **NADIA)
    await bot.check(message="From a stranger", email="stranger@example.com")
    assert await rows_of(bot) == before


@there
async def test_a_known_person_is_told_though_the_index_is_away(bot: Checked) -> None:
    bot.index.go_down()
    try:
        known = await bot.check(message="Do you sell winter tyres, and what is a set?", **NADIA)
        status, envelope, _ = await ask(bot, "POST", CHECK, json={"message": "From a stranger, again"})
    finally:
        bot.index.come_back()
    assert [(each["lead_id"], each["kind"]) for each in known] == [(bot.lead_id, "repeat")]
    assert (status, envelope["errors"][0]["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "x", "contact": {"email": "no mail"}}, "contact.email"),
        ({"message": "x", "email": "no mail"}, "contact.email"),
        ({"message": "x", "colour": "red"}, "colour"),
        ({"message": "x", "business_type": "zoo"}, "business_type"),
        ({"message": "x", "threshold": 2}, "threshold"),
        ({"message": "x", "limit": 0}, "limit"),
        ({"email": "a@example.com"}, "message"),
    ],
)
@there
async def test_a_check_that_is_wrong_names_the_field(bot: Checked, body: dict[str, Any], field: str) -> None:
    status, envelope, _ = await ask(bot, "POST", CHECK, json=body)
    assert (status, envelope["errors"][0]["field"]) == (422, field)
