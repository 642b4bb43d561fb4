"""Telling others what happens to leads: signed as Standard Webhooks, tried again, given up, never inwards."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.hook_post import HookPost, is_public
from core.hooks.calls import (
    PAUSES,
    Call,
    CallState,
    HookEvent,
    Outcome,
    after,
    new_secret,
    signed,
)
from core.ports import Embedder
from tests.product import Product
from tests.receiver import Receiver, receiving
from tests.standing import desk, there

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CALL = Call(call_id="msg_1", hook_id="h", lead_id="l", event=HookEvent.CREATED, at=NOW)


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module, that may call loopback."""
    with desk(embedder, tmp_path_factory.mktemp("hooks"), hooks_private=True) as bot:
        yield bot


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As the specification says to check it."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{mac}" in headers["webhook-signature"].split()


@there
async def test_what_happens_to_a_lead_is_told_signed_and_once(bot: Product) -> None:
    receiver = Receiver()
    async with receiving(bot.app.store, receiver) as hook:
        lead_id = await bot.send("Tell my shop's system of this lead", email="told@example.com")
        await receiver.until(lambda: len(receiver.types(lead_id)) >= 3)
        await asyncio.sleep(0.5)
    assert receiver.types(lead_id) == ["lead.created", "lead.processed", "lead.synced"]
    assert all(is_signed(hook.secret, headers, body) for headers, body in receiver.received)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == len(receiver.received)


@there
async def test_a_hook_is_told_of_what_it_wants_only(bot: Product) -> None:
    receiver = Receiver()
    async with receiving(bot.app.store, receiver, HookEvent.UPDATED):
        lead_id = await bot.send("Only changes of this one", email="changes@example.com")
        await bot.synced(lead_id)
        headers = {"Authorization": "Bearer a-key-for-tests"}
        body = {"contact": {"company": "New Ltd"}}
        async with bot.session.put(
            f"{bot.app.url}/api/v1/leads/{lead_id}", headers=headers, json=body
        ) as response:
            assert response.status == 200
        await receiver.until(lambda: receiver.types(lead_id))
    ((_, sent),) = receiver.received
    told = json.loads(sent)
    assert (told["type"], told["data"]["contact"]["company"]) == ("lead.updated", "New Ltd")


@there
async def test_what_was_not_taken_is_told_again_under_the_same_id(bot: Product) -> None:
    receiver = Receiver(500, 204)
    async with receiving(bot.app.store, receiver, HookEvent.CREATED):
        lead_id = await bot.send("Told twice, as the first was not taken", email="again@example.com")
        await receiver.until(lambda: len(receiver.received) == 2)  # the first pause is 5 s
        await asyncio.sleep(0.5)
        log = [call for call, _ in await bot.app.store.hooks.log(limit=50) if call.lead_id == lead_id]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert [(call.state, call.attempts, call.said) for call in log] == [(CallState.DONE, 2, "answered 204")]


@there
async def test_who_is_gone_is_told_nothing_more(bot: Product) -> None:
    receiver = Receiver(410)
    async with receiving(bot.app.store, receiver, HookEvent.CREATED) as hook:
        await bot.send("The first to somebody who is gone", email="gone@example.com")
        await receiver.until(lambda: receiver.received)
        async with asyncio.timeout(5):
            while not [each for each in await bot.app.store.hooks.every() if each.disabled_at]:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.05)
        await bot.synced(await bot.send("The second to somebody who is gone", email="gone2@example.com"))
        (kept,) = [each for each in await bot.app.store.hooks.every() if each.hook_id == hook.hook_id]
    assert (len(receiver.received), kept.disabled_why) == (1, "it answered that it is gone (410)")


@there
async def test_a_lead_that_was_erased_is_told_of_no_more(bot: Product) -> None:
    receiver = Receiver(500)
    async with receiving(bot.app.store, receiver, HookEvent.CREATED):
        lead_id = await bot.send("Erase me before you tell again", email="erased@example.com")
        await receiver.until(lambda: receiver.received)
        await bot.synced(lead_id)
        headers = {"Authorization": "Bearer a-key-for-tests"}
        async with bot.session.delete(f"{bot.app.url}/api/v1/leads/{lead_id}", headers=headers) as response:
            assert response.status == 200
        await asyncio.sleep(6)
        log = [call for call, _ in await bot.app.store.hooks.log(limit=50) if call.lead_id == lead_id]
    assert (len(receiver.received), log) == (1, [])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://[64:ff9b::7f00:1]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
    ],
)
async def test_an_address_inside_is_not_called(url: str) -> None:
    post = HookPost(private=False)
    outcome = await post.send(url, {}, b"{}")
    await post.close()
    assert (outcome.status, outcome.final, "private" in outcome.said) == (None, True, True)


@pytest.mark.parametrize("url", ["ftp://example.com/", "http:///x", "file:///etc/passwd", ""])
async def test_what_is_no_address_is_not_called(url: str) -> None:
    post = HookPost(private=True)
    outcome = await post.send(url, {}, b"{}")
    await post.close()
    assert (outcome.status, outcome.final) == (None, True)


async def test_who_does_not_listen_is_tried_again_later() -> None:
    post = HookPost(private=True)
    outcome = await post.send("http://127.0.0.1:1/", {}, b"{}")
    await post.close()
    assert (outcome.status, outcome.final) == (None, False)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_address_is_as_public_in_an_ipv6_dress_as_without(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


def test_it_is_tried_for_a_day_and_then_given_up() -> None:
    call, now = CALL, NOW
    while call.state == CallState.WAITING:
        call = after(call, Outcome(status=500, said="answered 500"), now)
        now = call.next_at or now
    assert call.attempts == len(PAUSES) + 1
    assert timedelta(hours=23) <= now - NOW <= timedelta(hours=25)


@given(st.integers(100, 599), st.integers(0, len(PAUSES)))
def test_only_success_ends_well(status: int, attempts: int) -> None:
    tried = CALL.model_copy(update={"attempts": attempts})
    call = after(tried, Outcome(status=status, said="answered"), NOW)
    assert (call.state == CallState.DONE) == (200 <= status < 300)
    assert (call.next_at is not None) == (call.state == CallState.WAITING)


@given(st.binary(max_size=200))
def test_a_signature_is_good_for_its_body_alone(body: bytes) -> None:
    secret = new_secret()
    headers = signed(secret, CALL, body, NOW)
    assert is_signed(secret, headers, body)
    assert not is_signed(secret, headers, body + b" ")
    assert not is_signed(new_secret(), headers, body)
