"""The HTTP doors: who may come in, what is answered, the same delivery twice, health and figures."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from core.api.keys import Scope, new_key
from core.ports import Embedder
from tests.product import API_KEY, INTAKE, SECRET, Product
from tests.senders import golden
from tests.standing import desk, there

WEBHOOK, VENDOR, LEADS = "/webhooks/web_form", "/webhooks/typeform", "/api/v1/leads"
TYPEFORM = golden("typeform") | {"message": "Sent with any proof"}
OLDER, OTHERS = "the-secret-before", "another-source's-secret"
MESSAGE = "Please call me about an oil change"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    secrets = {"web_form": [SECRET, OLDER], "typeform": [OTHERS]}
    with desk(embedder, tmp_path_factory.mktemp("web"), webhook_secrets=secrets) as bot:
        yield bot


async def ask(bot: Product, method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
    """Status and envelope of a request that carries no key but the one given."""
    async with bot.session.request(method, bot.app.url + path, **request) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("path", [INTAKE, WEBHOOK])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {API_KEY}"},
        {"Authorization": "Bearer "},
        {"X-Webhook-Secret": "wrong"},
        {"X-Webhook-Secret": ""},
        {"X-Webhook-Secret": OTHERS},
    ],
)
@there
async def test_a_request_without_the_right_key_is_refused_without_detail(
    bot: Product, path: str, headers: dict[str, str]
) -> None:
    before = await bot.app.store.leads.count()
    status, body = await ask(bot, "POST", path, json={"message": MESSAGE}, headers=headers)
    why = {"code": "UNAUTHORIZED", "message": "The request is not authorised.", "field": None}
    assert (status, body["data"], body["errors"]) == (401, None, [why])
    assert await bot.app.store.leads.count() == before


@there
async def test_a_source_s_secret_does_not_open_the_api(bot: Product) -> None:
    status, _ = await ask(
        bot, "POST", INTAKE, json={"message": MESSAGE}, headers={"X-Webhook-Secret": SECRET}
    )
    assert status == 401


@there
async def test_a_key_of_bytes_that_are_no_text_is_a_wrong_key(bot: Product) -> None:
    status, _ = await bot.raw(INTAKE, b"Authorization: Bearer \xff\xfe\r\n", b"{}")
    assert status == 401


OPENS = {  # what of the API and of two senders' doors each proof opens
    "a key of the settings": {INTAKE, WEBHOOK, VENDOR, LEADS},
    "a key to send": {INTAKE, WEBHOOK, VENDOR},
    "a key to read": {LEADS},
    "a key to write": set(),
    "the source's secret": {WEBHOOK},
    "another source's secret": set(),
    "a key that nobody made": set(),
}


@pytest.mark.parametrize("proof", OPENS)
@there
async def test_one_rule_says_who_may_come_in_where(bot: Product, proof: str) -> None:
    scope = {"a key to send": Scope.INTAKE, "a key to read": Scope.READ, "a key to write": Scope.WRITE}
    if proof in scope:
        _, key = await bot.app.store.api_keys.create(f"rule-{scope[proof]}", frozenset({scope[proof]}))
    else:
        others = {"the source's secret": SECRET, "another source's secret": OTHERS}
        key = {"a key of the settings": API_KEY, "a key that nobody made": new_key(), **others}[proof]
    opened: set[tuple[str, int]] = set()
    refused: set[tuple[str, int]] = set()
    for path in (INTAKE, WEBHOOK, VENDOR, LEADS):
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"X-Webhook-Secret": key}):
            method, body = ("GET", None) if path == LEADS else ("POST", TYPEFORM)
            status, _ = await ask(bot, method, path, json=body, headers=headers)
            (opened if status < 300 else refused).add((path, status))
    assert {path for path, _ in opened} == OPENS[proof]
    assert {path for path, _ in refused} == {INTAKE, WEBHOOK, VENDOR, LEADS} - OPENS[proof]
    assert {status for _, status in refused} <= ({403} if proof in scope else {401})


@pytest.mark.parametrize("secret", [SECRET, OLDER])
@there
async def test_each_of_a_source_s_secrets_opens_its_door(bot: Product, secret: str) -> None:
    status, _ = await ask(
        bot, "POST", WEBHOOK, json={"message": f"{MESSAGE} {secret}"}, headers={"X-Webhook-Secret": secret}
    )
    assert status == 202


@there
async def test_the_same_idempotency_key_gives_the_same_lead_whatever_the_body(bot: Product) -> None:
    key = {"Idempotency-Key": "order-1"}
    _, first = await bot.post(INTAKE, json={"message": MESSAGE + " 3"}, headers=key)
    status, again = await bot.post(INTAKE, json={"message": MESSAGE + " 4"}, headers=key)
    assert (status, again["data"]) == (202, {**first["data"], "repeated": True})


@there
async def test_a_refused_delivery_may_come_again_mended_under_its_key(bot: Product) -> None:
    key = {"Idempotency-Key": "order-2"}
    status, _ = await bot.post(INTAKE, json={"message": ""}, headers=key)
    assert status == 422
    status, mended = await bot.post(INTAKE, json={"message": MESSAGE + " 5"}, headers=key)
    assert (status, mended["data"]["repeated"]) == (202, False)


@there
async def test_an_equal_body_without_a_key_is_the_same_lead_in_any_order_of_its_fields(bot: Product) -> None:
    said = {"message": MESSAGE + " 6", "name": "Ana"}
    _, first = await bot.post(INTAKE, json=said)
    _, again = await bot.post(INTAKE, json=dict(reversed(said.items())))
    assert again["data"]["lead_id"] == first["data"]["lead_id"]


@there
async def test_an_acceptance_has_the_envelope_with_the_lead_s_final_id(bot: Product) -> None:
    status, body = await bot.post(INTAKE, json={"message": MESSAGE + " 7"}, headers={"X-Request-Id": "r-7"})
    lead = await bot.lead(body["data"]["lead_id"])
    stamp = body["metadata"].pop("timestamp")
    assert datetime.fromisoformat(stamp).tzinfo is not None
    assert (status, body) == (
        202,
        {
            "success": True,
            "data": {"lead_id": lead.lead_id, "number": lead.number, "repeated": False},
            "errors": [],
            "metadata": {"version": "1.0.0", "request_id": "r-7"},
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("POST", "/webhooks/No%20Source", 404, "NOT_FOUND"),
        ("GET", INTAKE, 405, "METHOD_NOT_ALLOWED"),
    ],
)
@there
async def test_the_web_server_s_own_refusals_have_the_envelope_too(
    bot: Product, method: str, path: str, status: int, code: str
) -> None:
    given_status, body = await ask(bot, method, path)
    assert (given_status, body["errors"][0]["code"]) == (status, code)
    assert body["metadata"]["request_id"].startswith("req_")


@there
async def test_health_and_readiness_are_told(bot: Product) -> None:
    assert (await ask(bot, "GET", "/healthz"))[1]["data"] == {"alive": True}
    assert await ask_ready(bot) == (200, {"ready": True})


async def ask_ready(bot: Product) -> tuple[int, dict[str, Any]]:
    status, body = await ask(bot, "GET", "/readyz")
    return status, body["data"]


@pytest.mark.parametrize(
    "name",
    [
        "leads_processed_total",
        "lead_processing_seconds_count",
        "active_connections",
        "llm_response_seconds_count",
        "oldest_waiting_lead_seconds",
        "# TYPE queue_depth",
        "# TYPE failures_total",
        "# TYPE parts_waiting",
    ],
)
@there
async def test_the_metrics_have_the_original_s_names_and_ours(bot: Product, name: str) -> None:
    async with bot.session.get(bot.app.url + "/metrics") as response:
        lines = (await response.text()).splitlines()
    assert any(line.startswith(f"{name} ") for line in lines)
