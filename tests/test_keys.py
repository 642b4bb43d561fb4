"""Who may call the API: keys and their scopes, pages of other origins, what browsers are told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.api.keys import Scope, new_key
from core.errors import NotAllowed, NotFound
from core.ports import Embedder
from core.store import opened
from tests.product import API_KEY, Product
from tests.standing import desk, there

LEADS = "/api/v1/leads"
PAGE = "https://www.example.com"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("keys"), cors_origins=PAGE) as bot:
        yield bot


async def status_of(bot: Product, method: str, path: str, key: str | None, **request: Any) -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with bot.session.request(method, bot.app.url + path, headers=headers, **request) as response:
        return response.status


@pytest.mark.parametrize("scope", Scope)
@there
async def test_a_key_opens_what_its_scope_says(bot: Product, scope: Scope) -> None:
    _, key = await bot.app.store.api_keys.create(f"only-{scope}", frozenset({scope}))
    lead_id = await bot.send(f"A lead for the key that can {scope}", email=f"{scope}@example.com")
    found = {
        Scope.READ: await status_of(bot, "GET", f"{LEADS}/{lead_id}", key),
        Scope.WRITE: await status_of(
            bot, "PUT", f"{LEADS}/{lead_id}", key, json={"contact": {"company": "X"}}
        ),
        Scope.INTAKE: await status_of(bot, "POST", LEADS, key, json={"message": f"By the key to {scope}"}),
    }
    assert {each for each, status in found.items() if status < 300} == {scope}
    assert {status for each, status in found.items() if each != scope} == {403}


@there
async def test_a_key_that_may_only_send_sees_no_lead(bot: Product) -> None:
    _, key = await bot.app.store.api_keys.create("sender", frozenset({Scope.INTAKE}))
    body = {"message": "Tell me what others said from this address", "email": "victim@example.com"}
    assert await status_of(bot, "POST", f"{LEADS}?mode=sync", key, json=body) == 403


@there
async def test_what_a_key_did_stands_under_its_name(bot: Product) -> None:
    _, key = await bot.app.store.api_keys.create("shop", frozenset(Scope))
    async with bot.session.post(
        bot.app.url + LEADS, headers={"X-API-Key": key}, json={"message": "From the shop's own program"}
    ) as response:
        lead_id = (await response.json())["data"]["lead_id"]
    await status_of(bot, "GET", f"{LEADS}/{lead_id}", key)
    history = await bot.app.store.events.of(lead_id)
    assert {event.actor for event in history if event.what in {"received", "contact_read"}} == {"api:shop"}


@there
async def test_a_revoked_key_opens_nothing(bot: Product) -> None:
    _, key = await bot.app.store.api_keys.create("gone", frozenset(Scope))
    before = await status_of(bot, "GET", LEADS, key)
    await bot.app.store.api_keys.revoke("gone")
    assert (before, await status_of(bot, "GET", LEADS, key)) == (200, 401)


@there
async def test_a_key_that_nobody_made_opens_nothing(bot: Product) -> None:
    keys = [None, "", new_key(), API_KEY[:-1], "bck_", "bck_\xff"]
    assert {await status_of(bot, "GET", LEADS, key) for key in keys} == {401}


async def test_the_store_does_not_hold_a_key(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'keys.db'}") as store:
        made, key = await store.api_keys.create("hashed", frozenset({Scope.READ}))
        files = await asyncio.to_thread(lambda: {file: file.read_bytes() for file in tmp_path.iterdir()})
    assert key.startswith(made.prefix)
    assert any(made.prefix.encode() in content for content in files.values())
    assert not any(key.encode() in content for content in files.values())


@there
async def test_a_name_is_one_key_s_for_ever(bot: Product) -> None:
    await bot.app.store.api_keys.create("once", frozenset({Scope.READ}))
    await bot.app.store.api_keys.revoke("once")
    with pytest.raises(NotAllowed):
        await bot.app.store.api_keys.create("once", frozenset({Scope.READ}))
    with pytest.raises(NotFound):
        await bot.app.store.api_keys.revoke("once")


@there
async def test_the_same_idempotency_key_of_two_programs_is_two_leads(bot: Product) -> None:
    numbers = set()
    for name in ("first", "second"):
        _, key = await bot.app.store.api_keys.create(f"program-{name}", frozenset({Scope.INTAKE}))
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "order-1"}
        body = {"message": f"The {name} program's own first order"}
        async with bot.session.post(bot.app.url + LEADS, headers=headers, json=body) as response:
            numbers.add((await response.json())["data"]["number"])
    assert len(numbers) == 2


@there
async def test_a_page_may_call_only_from_the_origins_that_are_set(bot: Product) -> None:
    allowed = {}
    for origin in (PAGE, "https://evil.example"):
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with bot.session.options(bot.app.url + LEADS, headers=asks) as response:
            allowed[origin] = response.headers.get("Access-Control-Allow-Origin")
    assert allowed == {PAGE: PAGE, "https://evil.example": None}


@there
async def test_every_answer_keeps_browsers_from_doing_harm_with_it(bot: Product) -> None:
    for path in ("/healthz", LEADS, "/nowhere", "/api/v1/docs"):
        async with bot.session.get(bot.app.url + path) as response:
            headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Request-Id"]
