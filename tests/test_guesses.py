"""Wrong keys, secrets and signatures: who guesses has to wait, and nobody else does."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from core.api.keys import Scope
from core.ports import Embedder
from tests.product import API_KEY, INTAKE, SECRET, Product
from tests.standing import desk, there

MOST = 4
WEBHOOK, TYPEFORM = "/webhooks/web_form", "/webhooks/typeform"
ADDRESSES = (f"198.51.100.{number}" for number in count(1))


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module, behind a proxy that says who calls."""
    limited: dict[str, Any] = {
        "wrong_keys_per_minute": MOST,
        "trusted_proxies": "127.0.0.1",
        "webhook_secrets": {"web_form": [SECRET], "typeform": ["typeform's own"]},
        "facebook_verify_token": "a-word",
    }
    with desk(embedder, tmp_path_factory.mktemp("guesses"), **limited) as bot:
        yield bot


async def ask(
    bot: Product, address: str, path: str, *, method: str = "POST", **headers: str
) -> tuple[int, dict[str, Any], str | None]:
    """Status, envelope and Retry-After of a request from that address."""
    sent = {"X-Forwarded-For": address, **headers}
    body = {"message": f"Sent from {address}"} if method == "POST" else None
    async with bot.session.request(method, bot.app.url + path, headers=sent, json=body) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def guess(bot: Product, address: str) -> None:
    """Wrong keys from that address until no more are heard."""
    for _ in range(2 * MOST):
        status, _, _ = await ask(bot, address, INTAKE, Authorization="Bearer wrong")
        if status == 429:
            return
    raise AssertionError("whoever guesses is never stopped")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", INTAKE, {"Authorization": "Bearer wrong"}),
        ("POST", INTAKE, {"X-API-Key": "bck_wrong"}),
        ("POST", INTAKE, {}),
        ("POST", WEBHOOK, {"X-Webhook-Secret": "wrong"}),
        ("POST", TYPEFORM, {"Typeform-Signature": "sha256=wrong"}),
        ("GET", "/webhooks/facebook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", {}),
        ("GET", "/api/v1/leads", {"Authorization": "Bearer wrong"}),
    ],
)
@there
async def test_who_guesses_has_to_wait(bot: Product, method: str, path: str, headers: dict[str, str]) -> None:
    address = next(ADDRESSES)
    answers = [await ask(bot, address, path, method=method, **headers) for _ in range(MOST + 2)]
    statuses = [status for status, _, _ in answers]
    assert statuses[:MOST] == [401] * MOST
    assert (statuses[-1], answers[-1][1]["errors"][0]["code"]) == (429, "TOO_MANY_REQUESTS")
    assert 1 <= int(answers[-1][2] or 0) <= 60


@pytest.mark.parametrize(
    ("path", "headers"), [(INTAKE, {"X-API-Key": API_KEY}), (WEBHOOK, {"X-Webhook-Secret": SECRET})]
)
@there
async def test_a_right_guess_is_answered_as_a_wrong_one(
    bot: Product, path: str, headers: dict[str, str]
) -> None:
    address = next(ADDRESSES)
    await guess(bot, address)
    before = await bot.app.store.leads.count()
    right, wrong = await ask(bot, address, path, **headers), await ask(bot, address, path)
    assert (right[0], right[1]["errors"][0]["code"]) == (wrong[0], wrong[1]["errors"][0]["code"])
    assert right[0] == 429
    assert await bot.app.store.leads.count() == before


@pytest.mark.parametrize(
    ("path", "headers"), [(INTAKE, {"X-API-Key": API_KEY}), (WEBHOOK, {"X-Webhook-Secret": SECRET})]
)
@there
async def test_a_sender_is_heard_while_a_stranger_guesses_from_the_same_address(
    bot: Product, path: str, headers: dict[str, str]
) -> None:
    address = next(ADDRESSES)
    assert (await ask(bot, address, path, **headers))[0] == 202
    await guess(bot, address)
    assert (await ask(bot, address, path, **headers))[0] == 202


@there
async def test_one_s_own_right_key_does_not_vouch_for_another(bot: Product) -> None:
    address = next(ADDRESSES)
    _, own = await bot.app.store.api_keys.create("own", frozenset({Scope.INTAKE}))
    assert (await ask(bot, address, INTAKE, Authorization=f"Bearer {own}"))[0] == 202
    await guess(bot, address)
    assert (await ask(bot, address, INTAKE, Authorization=f"Bearer {API_KEY}"))[0] == 429


@there
async def test_who_calls_from_elsewhere_has_not_to_wait(bot: Product) -> None:
    await guess(bot, next(ADDRESSES))
    assert (await ask(bot, next(ADDRESSES), INTAKE, Authorization=f"Bearer {API_KEY}"))[0] == 202


@there
async def test_the_metrics_count_who_had_to_wait(bot: Product) -> None:
    await guess(bot, next(ADDRESSES))
    async with bot.session.get(bot.app.url + "/metrics") as response:
        lines = (await response.text()).splitlines()
    assert any(line.startswith('calls_refused_total{limit="guesses"}') for line in lines)


@there
async def test_a_sender_s_burst_is_taken_whole(bot: Product) -> None:
    address, before = next(ADDRESSES), await bot.app.store.leads.count()
    statuses = set()
    for number in range(10 * MOST):
        key = {"X-Webhook-Secret": SECRET, "Idempotency-Key": f"burst-{number}"}
        statuses.add((await ask(bot, address, WEBHOOK, **key))[0])
    assert statuses == {202}
    assert await bot.app.store.leads.count() == before + 10 * MOST
