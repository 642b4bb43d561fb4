"""What was refused is read again, from its body as its door reads it today: one lead, or told why not."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.errors import InvalidLead
from core.lead import Lead, utcnow
from core.ports import Embedder
from core.store.kept import Waits
from core.store.submissions import Delivery, Submission
from tests.product import INTAKE
from tests.senders import FORM, JSON, golden
from tests.sending import Senders, senders
from tests.standing import standing, there

BAD_SHAPE = InvalidLead("form_response", "is not what this sender sends", code="BAD_SHAPE")


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senders]:
    """One product for all of this module."""
    with standing(senders(embedder, tmp_path_factory.mktemp("again"))) as bot:
        yield bot


async def refused(
    bot: Senders,
    source: str,
    body: bytes,
    *,
    content_type: str = JSON,
    error: InvalidLead = BAD_SHAPE,
    **more: Any,
) -> Delivery:
    """A delivery that a door refused before it was mended."""
    sent = Submission(
        source=source,
        event_key=None,
        fingerprint="0",
        content_type=content_type,
        body=body,
        received_at=utcnow(),
        **more,
    )
    await bot.app.store.submissions.refuse(sent, error)
    return await last(bot, source)


async def last(bot: Senders, source: str) -> Delivery:
    found = await bot.app.store.submissions.latest(limit=100)
    return next(each for each in found if each.source == source)


async def replay(bot: Senders, delivery: Delivery) -> dict[str, Any]:
    _, answer = await bot.post(f"/api/v1/deliveries/{delivery.submission_id}/replay")
    return answer


async def lead_named(bot: Senders, number: str) -> Lead:
    return await bot.app.store.leads.by_number(number)


def typeform(token: str) -> bytes:
    """A response of its own."""
    payload = golden("typeform")
    payload["form_response"]["token"] = token
    return json.dumps(payload).encode()


@there
async def test_a_body_that_its_door_could_not_read_then_is_a_lead_once_it_can(bot: Senders) -> None:
    delivery = await refused(bot, "typeform-again", typeform("again"))
    answer = await replay(bot, delivery)
    lead = await lead_named(bot, answer["data"]["number"])
    assert lead.contact.name == "Laura Ortiz"
    assert (await replay(bot, delivery))["data"]["number"] == lead.number


@there
async def test_read_again_and_then_sent_again_it_is_one_lead(bot: Senders) -> None:
    delivery = await refused(bot, "typeform", typeform("read-then-sent"))
    number = (await replay(bot, delivery))["data"]["number"]
    _, answer = await bot.post(
        "/webhooks/typeform", data=typeform("read-then-sent"), headers={"Content-Type": JSON}
    )
    assert (answer["data"]["number"], answer["data"]["repeated"]) == (number, True)


@there
async def test_sent_again_and_then_read_again_it_is_one_lead(bot: Senders) -> None:
    delivery = await refused(bot, "typeform", typeform("sent-then-read"))
    _, answer = await bot.post(
        "/webhooks/typeform", data=typeform("sent-then-read"), headers={"Content-Type": JSON}
    )
    assert (await replay(bot, delivery))["data"]["number"] == answer["data"]["number"]


@there
async def test_read_ten_times_at_once_it_is_one_lead(bot: Senders) -> None:
    delivery = await refused(bot, "typeform", typeform("ten"))
    answers = await asyncio.gather(*(replay(bot, delivery) for _ in range(10)))
    assert len({answer["data"]["number"] for answer in answers}) == 1


@there
async def test_the_reading_of_today_counts_not_the_one_when_it_came(bot: Senders) -> None:
    error = InvalidLead("contact.email", "is not an e-mail address", code="INVALID_EMAIL")
    misread = {"message": "Laura Ortiz", "email": "Laura"}
    delivery = await refused(bot, "typeform", typeform("misread"), error=error, fields=misread)
    lead = await lead_named(bot, (await replay(bot, delivery))["data"]["number"])
    assert lead.contact.email == "laura.ortiz@example.com"


@there
async def test_what_cannot_be_read_is_told_why_and_stays(bot: Senders) -> None:
    cases = [
        ("typeform-odd", b'{"form_response": 1}', JSON, "form_response is not what this sender sends"),
        ("typeform-cut", b'{"form_resp', JSON, "body cannot be read (The body is not valid JSON)"),
        ("typeform-other", b'{"event_type": "form_abandoned"}', JSON, "body holds no lead"),
        ("own", b"a;b", "text/csv", "body cannot be read (Send JSON, a form or multipart/form-data)"),
    ]
    for source, body, content_type, why in cases:
        delivery = await refused(bot, source, body, content_type=content_type)
        answer = await replay(bot, delivery)
        assert answer["errors"][0]["message"] == f"The lead was not accepted: {why}."
        kept = await last(bot, source)
        assert (kept.submission_id, f"{kept.field} {kept.why}") == (delivery.submission_id, why)


@there
async def test_each_lead_of_a_body_that_was_refused_whole_is_fetched(bot: Senders) -> None:
    payload = golden("facebook")
    change = payload["entry"][0]["changes"][0]
    payload["entry"][0]["changes"] = [
        {**change, "value": {**change["value"], "leadgen_id": each}} for each in ("601", "602")
    ]
    delivery = await refused(bot, "facebook", json.dumps(payload).encode())
    assert (await replay(bot, delivery))["data"]["number"] is None
    found = [each for each in await bot.app.store.submissions.latest(limit=9) if each.source == "facebook"]
    assert [each.code for each in found[:2]] == [Waits.FETCH, Waits.FETCH]
    own = await bot.app.store.kept.get(delivery.submission_id)
    assert own.fetch == "601"


@there
async def test_of_a_body_with_several_leads_the_one_that_was_refused_is_read(bot: Senders) -> None:
    payload = golden("facebook")
    payload["entry"][0]["changes"] *= 2
    error = InvalidLead("contact.email", "is not an e-mail address", code="INVALID_EMAIL")
    fields = {"message": "The second of them", "name": "Sec Ond"}
    delivery = await refused(bot, "facebook", json.dumps(payload).encode(), error=error, fields=fields)
    lead = await lead_named(bot, (await replay(bot, delivery))["data"]["number"])
    assert lead.message == "The second of them"


@there
async def test_what_nobody_explained_is_asked_about_when_there_is_room_again(bot: Senders) -> None:
    error = InvalidLead("fields", "are of too many kinds that nobody has confirmed", code="TOO_MANY_SHAPES")
    fields = {"q_1": "Could you look at our lift?", "q_2": "ivo@example.com"}
    delivery = await refused(bot, "careful", json.dumps(fields).encode(), error=error, fields=fields)
    await replay(bot, delivery)
    kept = await bot.app.store.kept.delivery(delivery.submission_id)
    assert (kept.code, kept.field, kept.desk) == (Waits.SHAPE, None, bot.slack.desk_channel)
    await bot.slack.until(lambda _: "What are these fields of careful?" in str(bot.cards()), timeout=10)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, b'{"message": "From another age", "name": "Ol Der"}'),
        (FORM, b"message=From+another+age&name=Ol+Der"),
        (
            'multipart/form-data; boundary="x"',
            b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nFrom another age\r\n--x--\r\n',
        ),
    ],
)
@there
async def test_what_an_older_version_kept_without_its_fields_is_read_from_its_body(
    bot: Senders, content_type: str, body: bytes
) -> None:
    delivery = await refused(bot, "api", body, content_type=content_type)
    lead = await lead_named(bot, (await replay(bot, delivery))["data"]["number"])
    assert lead.message == "From another age"


@there
async def test_what_the_api_refused_is_kept_with_its_desk_and_asks_nobody_what_its_fields_are(
    bot: Senders,
) -> None:
    await bot.post(
        "/api/v1/leads", json={"message": "Hi", "business_type": "zoo", "desk": bot.slack.desk_channel}
    )
    delivery = await last(bot, "api")
    answer = await replay(bot, delivery)
    assert (delivery.desk, answer["errors"][0]["code"]) == (bot.slack.desk_channel, "INVALID_FIELD")
    await bot.post(INTAKE, json={"q": "Brakes squeal"})
    assert (await replay(bot, await last(bot, "api")))["errors"][0]["code"] == "MESSAGE_EMPTY"


@there
async def test_what_came_again_and_waits_is_kept_once(bot: Senders) -> None:
    fields = {"q_1": "Could you look at our ramp?", "q_2": "ivo@example.com"}
    body = json.dumps(fields).encode()
    await bot.post("/webhooks/ramp", data=body, headers={"Content-Type": JSON})
    waiting = await last(bot, "ramp")
    sent = (await bot.app.store.kept.get(waiting.submission_id)).submission
    await bot.app.store.submissions.refuse(replace(sent, received_at=utcnow()), BAD_SHAPE)
    again = await last(bot, "ramp")
    assert (await replay(bot, again))["errors"][0]["code"] == "NOT_FOUND"
    assert (await last(bot, "ramp")).submission_id == waiting.submission_id


@pytest.mark.parametrize("source", ["form", "api"])
@there
async def test_of_our_own_doors_the_fields_are_read_and_nothing_else_of_the_body(
    bot: Senders, source: str
) -> None:
    error = InvalidLead("message", "is longer than it may be", code="MESSAGE_TOO_LONG")
    fields = {"message": "A tow for my 1972 Beetle", "name": "Quentin Quux"}
    body = b"token=abc&src=flyer&message=A+tow+for+my+1972+Beetle&name=Quentin+Quux&desk=C0"
    delivery = await refused(bot, source, body, content_type=FORM, error=error, fields=fields)
    lead = await lead_named(bot, (await replay(bot, delivery))["data"]["number"])
    (received, *_) = await bot.app.store.events.of(lead.lead_id)
    assert (lead.custom_fields, received.actor) == ({}, source)
