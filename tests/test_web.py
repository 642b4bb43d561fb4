"""The HTTP doors: who may come in, what is refused and how it is told, and that nothing breaks them."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.slack.server import running as running_slack
from core.intake import FIELD_OF
from core.lead import MESSAGE_MAX, Status
from core.ports import Embedder
from handlers.web.bodies import BODY_MAX, DEPTH_MAX
from tests.product import API_KEY, SECRET, Product, product
from tests.standing import standing, there

# The product draws random numbers in its own thread while hypothesis draws examples in this one.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

INTAKE = "/api/v1/intake"
WEBHOOK = "/webhooks/web_form"
OLDER, OTHERS = "the-secret-before", "another-source's-secret"
MESSAGE = "Please call me about an oil change"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with standing(door(embedder, tmp_path_factory.mktemp("web"))) as product:
        yield product


@asynccontextmanager
async def door(embedder: Embedder, folder: Path) -> AsyncIterator[Product]:
    secrets = {"web_form": [SECRET, OLDER], "typeform": [OTHERS]}
    async with (
        running_slack(port=0) as slack,
        product(slack, folder, embedder, webhook_secrets=secrets) as bot,
    ):
        yield bot


async def ask(bot: Product, method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
    """Status and envelope of a request that carries no key but the one given."""
    async with bot.session.request(method, bot.app.url + path, **request) as response:
        return response.status, await response.json()


async def raw(bot: Product, path: str, headers: bytes, body: bytes) -> tuple[int, bytes]:
    """Status and body of a POST whose headers are bytes that no well-behaved client would send."""
    host, _, port = bot.app.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST %b HTTP/1.1\r\nHost: desk\r\nConnection: close\r\nContent-Length: %d\r\n%b\r\n"
    writer.write(head % (path.encode(), len(body), headers) + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


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
    status, _ = await raw(bot, INTAKE, b"Authorization: Bearer \xff\xfe\r\n", b"{}")
    assert status == 401


@pytest.mark.parametrize("secret", [SECRET, OLDER])
@there
async def test_each_of_a_source_s_secrets_opens_its_door(bot: Product, secret: str) -> None:
    status, _ = await ask(
        bot, "POST", WEBHOOK, json={"message": f"{MESSAGE} {secret}"}, headers={"X-Webhook-Secret": secret}
    )
    assert status == 202


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 4096 + 1):
        yield b" " * 4096


@pytest.mark.parametrize("with_length", [True, False], ids=["announced", "chunked"])
@there
async def test_a_body_over_256_kib_is_refused(bot: Product, *, with_length: bool) -> None:
    body: Any = b" " * (BODY_MAX + 1) if with_length else pieces(BODY_MAX + 1)
    status, answer = await bot.post(INTAKE, data=body, headers={"Content-Type": "application/json"})
    assert (status, answer["errors"][0]["code"]) == (413, "TOO_LARGE")


@there
async def test_a_body_that_unpacks_to_more_than_256_kib_is_refused(bot: Product) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, _ = await bot.post(INTAKE, data=gzip.compress(b" " * 10 * BODY_MAX), headers=headers)
    assert status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe\xff",
        b'{"message": "m", "n": NaN}',
        b'{"message": "m", "n": -Infinity}',
        b'{"message": "m", "n": 1e999}',
        b'["message"]',
        b'"message"',
        b"null",
        b'{"message": "m", "deep": ' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}",
        b'{"a":' * 50_000,
        b'{"message": "m", "n": ' + b"1" * 5_000 + b"}",
    ],
    ids=lambda body: body[:32].decode("ascii", "replace"),
)
@there
async def test_what_is_no_json_object_is_refused_as_bad_json(bot: Product, body: bytes) -> None:
    status, answer = await bot.post(INTAKE, data=body, headers={"Content-Type": "application/json"})
    assert (status, answer["errors"][0]["code"]) == (400, "BAD_JSON")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/octet-stream"])
@there
async def test_other_types_of_content_are_refused_by_name(bot: Product, content_type: str) -> None:
    status, body = await bot.post(INTAKE, data=b"message=hello", headers={"Content-Type": content_type})
    assert (status, body["errors"][0]["field"]) == (415, "Content-Type")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "BAD_BODY"),
        (b"Content-Type: application/json\r\nIdempotency-Key: \xff\r\n", "BAD_KEY"),
        (b"Content-Type: application/json\r\nIdempotency-Key: " + b"k" * 201 + b"\r\n", "BAD_KEY"),
        (b"Content-Type: application/x-www-form-urlencoded; charset=nonsense\r\n", "BAD_FORM"),
        (b"Content-Type: multipart/form-data\r\n", "BAD_FORM"),
    ],
)
@there
async def test_headers_that_do_not_fit_the_body_are_the_sender_s_mistake(
    bot: Product, headers: bytes, code: str
) -> None:
    key = b"Authorization: Bearer %b\r\n" % API_KEY.encode()
    status, body = await raw(bot, INTAKE, key + headers, b'{"message": "hello"}')
    assert (status, json.loads(body)["errors"][0]["code"]) == (400, code)


@there
async def test_a_content_type_with_bytes_that_are_no_text_does_no_harm(bot: Product) -> None:
    headers = b"Authorization: Bearer %b\r\nContent-Type: application/json; x=\xff\r\n" % API_KEY.encode()
    status, _ = await raw(bot, INTAKE, headers, b'{"message": "with a strange type"}')
    assert status == 202


part_headers = st.sampled_from(
    [
        b"",
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: nonsense",
        b"Content-Encoding: gzip",
        b"Content-Type: multipart/mixed; boundary=other",
        b"no header",
    ]
)
names = st.sampled_from(
    [b'name="message"', b'name="_charset_"', b'name="f"; filename="a.png"', b"", b'name="']
)


@given(st.lists(st.tuples(names, part_headers, st.binary(max_size=60)), max_size=3), st.booleans())
@settings(max_examples=60, deadline=None)
@there
async def test_no_multipart_body_breaks_the_door(
    bot: Product, parts: list[tuple[bytes, bytes, bytes]], whole: bool
) -> None:
    body = b"".join(
        b"--cut\r\nContent-Disposition: form-data; %b\r\n%b\r\n\r\n%b\r\n" % part for part in parts
    )
    status, _ = await bot.post(
        INTAKE,
        data=body + b"--cut--\r\n" * whole,
        headers={"Content-Type": "multipart/form-data; boundary=cut"},
    )
    assert status in {202, 400, 422}


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        ({"email": "ana@example.com"}, "MESSAGE_EMPTY", "message"),
        ({"message": " \n\t"}, "MESSAGE_EMPTY", "message"),
        ({"message": ["no", "text"]}, "MESSAGE_EMPTY", "message"),
        ({"message": "m" * (MESSAGE_MAX + 1)}, "MESSAGE_TOO_LONG", "message"),
        ({"message": MESSAGE, "email": "ana@"}, "INVALID_EMAIL", "contact.email"),
        ({"message": MESSAGE, "contact": {"email": "a b@example.com"}}, "INVALID_EMAIL", "contact.email"),
        ({"message": MESSAGE, "phone": "1" * 301}, "TOO_LONG", "contact.phone"),
        ({"message": MESSAGE, "name": {"first": "Ana"}}, "INVALID_FIELD", "contact.name"),
        ({"message": MESSAGE, "business_type": "bakery"}, "INVALID_FIELD", "business_type"),
        ({"message": MESSAGE, "received_at": "yesterday"}, "INVALID_FIELD", "received_at"),
        ({"message": MESSAGE, "received_at": "0001-01-01T00:00:00+14:00"}, "INVALID_FIELD", "received_at"),
        ({"message": MESSAGE} | {f"f{n}": n for n in range(101)}, "TOO_MANY_FIELDS", "custom_fields"),
    ],
)
@there
async def test_an_invalid_lead_is_told_by_code_and_field_and_kept_with_its_reason(
    bot: Product, payload: dict[str, Any], code: str, field: str
) -> None:
    before = await bot.app.store.leads.count()
    status, body = await bot.post(INTAKE, json=payload)
    (told,) = body["errors"]
    assert (status, body["success"], body["data"]) == (422, False, None)
    assert (told["code"], told["field"]) == (code, field)
    assert told["message"].startswith("The lead was not accepted: ")
    (kept,) = await bot.app.store.submissions.latest(limit=1, failed_only=True)
    assert (kept.source, kept.number, kept.code, kept.field) == ("api", None, code, field)
    assert kept.why is not None
    assert kept.why in told["message"]
    assert await bot.app.store.leads.count() == before


texts = st.text(st.characters(exclude_categories=()), max_size=40)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner))
keys = st.sampled_from([*FIELD_OF, "contact", "contact_info", "custom_fields"]) | texts
payloads = st.dictionaries(keys, values | st.dictionaries(keys, values, max_size=3), max_size=6)


@given(payloads | payloads.map(lambda fields: {**fields, "message": MESSAGE}))
@settings(max_examples=120, deadline=None)
@there
async def test_no_json_breaks_the_door(bot: Product, payload: dict[str, Any]) -> None:
    status, body = await bot.post(
        INTAKE, data=json.dumps(payload), headers={"Content-Type": "application/json"}
    )
    assert status in {202, 400, 422}
    assert body["success"] == (status == 202)


@there
async def test_whatever_was_accepted_is_worked_to_its_end(bot: Product) -> None:
    for payload in ({"name": "\ud800\x00<b>", "message": "\x00\ud800\u202e" * 9}, {"message": "😀" * 9_999}):
        await bot.send(**payload)
    async with asyncio.timeout(60):
        while not all(
            [lead.status == Status.SYNCED async for some in bot.app.store.leads.every() for lead in some]
        ):
            await asyncio.sleep(0.2)
    assert bot.slack.refused == []


@there
async def test_an_unknown_key_is_kept_as_a_custom_field(bot: Product) -> None:
    lead_id = await bot.send(MESSAGE + " 1", Budget="500", plan={"size": [1, 2.5]}, empty="", nothing=None)
    assert (await bot.lead(lead_id)).custom_fields == {"Budget": "500", "plan": {"size": [1, 2.5]}}


@there
async def test_of_a_field_that_is_said_twice_the_first_that_is_not_empty_counts(bot: Product) -> None:
    said = {"email": "", "phone": "1", "contact": {"email": "ana@example.com", "phone": "2"}, "text": "other"}
    lead_id = await bot.send(MESSAGE + " 2", **said)
    lead = await bot.lead(lead_id)
    assert (lead.contact.email, lead.contact.phone) == ("ana@example.com", "1")
    assert lead.custom_fields == {"text": "other"}


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
    ]
    + ["oldest_waiting_lead_seconds", "# TYPE queue_depth", "# TYPE failures_total", "# TYPE parts_waiting"],
)
@there
async def test_the_metrics_have_the_original_s_names_and_ours(bot: Product, name: str) -> None:
    async with bot.session.get(bot.app.url + "/metrics") as response:
        lines = (await response.text()).splitlines()
    assert any(line.startswith(f"{name} ") for line in lines)
