"""A thousand programs at the form, and addresses that send too often."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from bot.settings import Settings
from core.ports import Embedder
from tests.standing import standing, there
from tests.test_forms import ANA, FORM, WithForm, with_form

BOTS, GUESSES = 1_000, 3

MOST = Settings.model_fields["forms_per_ten_minutes"].default


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithForm]:
    """One product for all of this module, behind a proxy, with a limit on all calls beside that on forms."""
    limited = {"trusted_proxies": "127.0.0.1", "rate_limit_per_minute": 5, "wrong_keys_per_minute": GUESSES}
    with standing(with_form(embedder, tmp_path_factory.mktemp("many"), **limited)) as bot:
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
async def test_an_address_that_sends_too_often_is_told_when_to_come_back_and_loses_nothing(
    bot: WithForm,
) -> None:
    for _ in range(MOST + 2):
        status, _, text = await bot.fill(address="198.51.100.1", message="My own long request")
    assert (status, "try again in a few minutes" in text, "My own long request" in text) == (429, True, True)
    status, _, _ = await bot.fill(address="198.51.100.2")
    assert status == 200


@there
async def test_a_script_that_sends_too_often_is_told_in_how_many_seconds_to_come_back(bot: WithForm) -> None:
    headers = {"Accept": "application/json", "X-Forwarded-For": "198.51.100.3"}
    for _ in range(MOST + 2):
        sent = {**ANA, "token": bot.opened()}
        async with bot.session.post(bot.app.url + FORM, json=sent, headers=headers) as response:
            code = [error["code"] for error in (await response.json())["errors"]]
    assert (response.status, code) == (429, ["TOO_MANY_REQUESTS"])
    assert 1 <= int(response.headers["Retry-After"]) <= 600


@there
async def test_whoever_makes_tokens_up_has_to_wait(bot: WithForm) -> None:
    statuses = Counter(
        [(await bot.fill(token="forged", address="198.51.100.4"))[0] for _ in range(GUESSES + 2)]
    )
    assert set(statuses) == {422, 429}
    assert statuses[422] >= GUESSES
