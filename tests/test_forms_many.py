"""A thousand programs at the form, and one address that sends too often."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from core.ports import Embedder
from handlers.web.forms.visits import VISITS_MAX
from tests.standing import standing, there
from tests.test_forms import WithForm, with_form

BOTS = 1_000


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithForm]:
    """One product for all of this module."""
    with standing(with_form(embedder, tmp_path_factory.mktemp("many"))) as bot:
        yield bot


@there
async def test_a_thousand_forms_that_programs_filled_in_are_no_lead(bot: WithForm) -> None:
    """Half of them fill in what nobody sees, half send at once."""
    before = await bot.count()
    patience = asyncio.Semaphore(20)

    async def send(number: int) -> int:
        async with patience:
            trap = {"website": "https://spam.example"} if number % 2 else {"token": bot.opened(ago=0)}
            status, _, _ = await bot.fill(message=f"Buy now {number}", **trap)
            return status

    statuses = Counter(await asyncio.gather(*(send(number) for number in range(BOTS))))
    assert statuses == {422: BOTS}
    assert await bot.count() == before


@there
async def test_an_address_that_sends_too_often_is_told_when_to_come_back(bot: WithForm) -> None:
    for _ in range(VISITS_MAX + 1):
        status, _, text = await bot.fill()
    assert (status, "try again in a few minutes" in text) == (429, True)
