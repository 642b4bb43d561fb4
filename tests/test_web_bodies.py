"""What comes in through the HTTP doors: bodies of all kinds, mistakes told to the sender, nothing breaks."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.intake import FIELD_OF
from core.lead import MESSAGE_MAX
from core.ports import Embedder
from handlers.web.bodies import BODY_MAX, DEPTH_MAX
from tests.product import API_KEY, INTAKE, Product
from tests.standing import desk, there

# The product draws random numbers in its own thread while hypothesis draws examples in this one.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

MESSAGE = "Please call me about an oil change"

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("bodies")) as bot:
        yield bot


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 4096 + 1):
        yield b" " * 4096


@pytest.mark.parametrize("with_length", [True, False], ids=["announced", "chunked"])
@there
async def test_a_body_over_256_kib_is_refused(bot: Product, *, with_length: bool) -> None:
    body: Any = b" " * (BODY_MAX + 1) if with_length else pieces(BODY_MAX + 1)
    status, answer = await bot.post(INTAKE, data=body, headers=JSON)
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
    status, answer = await bot.post(INTAKE, data=body, headers=JSON)
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
    status, body = await bot.raw(INTAKE, key + headers, b'{"message": "hello"}')
    assert (status, json.loads(body)["errors"][0]["code"]) == (400, code)


@there
async def test_a_content_type_with_bytes_that_are_no_text_does_no_harm(bot: Product) -> None:
    headers = b"Authorization: Bearer %b\r\nContent-Type: application/json; x=\xff\r\n" % API_KEY.encode()
    status, _ = await bot.raw(INTAKE, headers, b'{"message": "with a strange type"}')
    assert status == 202


parts = st.sampled_from(
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


bodies = st.lists(st.tuples(names, parts, st.binary(max_size=60)), max_size=3)


@given(bodies, st.sampled_from([b"--cut--", b""]))
@settings(max_examples=60, deadline=None)
@there
async def test_no_multipart_body_breaks_the_door(
    bot: Product, sent: list[tuple[bytes, bytes, bytes]], end: bytes
) -> None:
    part = b"--cut\r\nContent-Disposition: form-data; %b\r\n%b\r\n\r\n%b\r\n"
    body = b"".join(part % each for each in sent) + end
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    status, _ = await bot.post(INTAKE, data=body, headers=headers)
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
@settings(max_examples=80, deadline=None)
@there
async def test_no_json_breaks_the_door(bot: Product, payload: dict[str, Any]) -> None:
    status, body = await bot.post(INTAKE, data=json.dumps(payload), headers=JSON)
    assert status in {202, 400, 422}
    assert body["success"] == (status == 202)


@there
async def test_whatever_was_accepted_is_worked_to_its_end(bot: Product) -> None:
    await bot.send("\x00\ud800\u202e" * 9, name="\ud800\x00<b>", phone="\u202e" * 300, **{"\x00": "\ud800"})
    await bot.send("\N{GRINNING FACE}" * MESSAGE_MAX)
    async for leads in bot.app.store.leads.every():
        for lead in leads:
            await bot.synced(lead.lead_id)
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
