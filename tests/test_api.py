"""The API's operations on leads, through the running product: made, listed, changed, exported."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.api.register import Filters
from core.ports import Embedder
from tests.asking import LEADS, ask, made
from tests.product import API_KEY, Product
from tests.standing import desk, there


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("api")) as bot:
        yield bot


@there
async def test_a_caller_who_waits_is_answered_with_the_lead_as_it_was_read(bot: Product) -> None:
    body = {
        "message": "The brakes of my 2019 Civic grind, today please",
        "contact": {"email": "w@example.com"},
    }
    status, envelope, _ = await ask(bot, "POST", f"{LEADS}?mode=sync&wait=20", json=body)
    lead = envelope["data"]
    assert (status, lead["contact"]["email"]) == (201, "w@example.com")
    assert lead["analysis"]["urgency"] in {"high", "urgent"}


@there
async def test_a_caller_who_does_not_wait_is_answered_with_the_lead_s_id(bot: Product) -> None:
    status, envelope, _ = await ask(bot, "POST", LEADS, json={"message": "An oil change for Mr. Async"})
    assert status == 202
    assert (await bot.lead(envelope["data"]["lead_id"])).message == "An oil change for Mr. Async"


@there
async def test_the_same_key_is_the_same_lead(bot: Product) -> None:
    request: dict[str, Any] = {
        "json": {"message": "Twice sent by a nervous program"},
        "headers": {"Idempotency-Key": "n-1"},
    }
    answers = [await ask(bot, "POST", LEADS, **request) for _ in range(2)]
    assert len({envelope["data"]["lead_id"] for _, envelope, _ in answers}) == 1
    assert [envelope["data"]["repeated"] for _, envelope, _ in answers] == [False, True]


@there
async def test_of_a_batch_each_lead_is_taken_or_refused_by_itself(bot: Product) -> None:
    sent = [{"message": "First of a batch"}, {"message": ""}, "no lead", {"message": "x", "email": "no mail"}]
    status, envelope, _ = await ask(bot, "POST", f"{LEADS}/batch", json={"leads": sent})
    data = envelope["data"]
    assert (status, data["accepted"], data["refused"]) == (202, 1, 3)
    assert [each["status"] for each in data["results"]] == ["accepted", "refused", "refused", "refused"]
    assert [each["error"] and each["error"]["field"] for each in data["results"]][1::2] == [
        "message",
        "contact.email",
    ]


@there
async def test_a_batch_of_more_than_fifty_is_refused_whole(bot: Product) -> None:
    before = await bot.app.store.leads.count()
    leads = [{"message": f"One of too many, {number}"} for number in range(51)]
    status, envelope, _ = await ask(bot, "POST", f"{LEADS}/batch", json={"leads": leads})
    assert (status, envelope["errors"][0]["field"]) == (422, "leads")
    assert await bot.app.store.leads.count() == before


@there
async def test_pages_hold_every_lead_once_though_others_come_in_between(bot: Product) -> None:
    sent = [
        await made(bot, f"Paging wish number {number}", email=f"p{number}@example.com") for number in range(5)
    ]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        _, envelope, _ = await ask(bot, "GET", f"{LEADS}?search=paging&limit=2{more}")
        seen += [lead["lead_id"] for lead in envelope["data"]]
        cursor = envelope["pagination"]["cursor"]
        assert envelope["pagination"]["has_more"] == (cursor is not None)
        await made(bot, f"Paging wish that came later {len(seen)}", email=f"late{len(seen)}@example.com")
    assert seen == sent[::-1]


@pytest.mark.parametrize(
    ("query", "so"),
    [
        ("intent=complaint", lambda lead: lead["analysis"]["intent"] == "complaint"),
        ("intent=service_request", lambda lead: lead["analysis"]["sub_intent"] == "service_request"),
        ("urgency=urgent", lambda lead: lead["analysis"]["urgency"] == "urgent"),
        ("min_quality_score=30", lambda lead: lead["analysis"]["quality_score"] >= 30),
        ("max_quality_score=59", lambda lead: lead["analysis"]["quality_score"] <= 59),
        ("status=synced", lambda lead: lead["status"] == "synced"),
        ("desk_status=new", lambda lead: lead["desk_status"] == "new"),
        ("business_type=general", lambda lead: lead["business_type"] == "general"),
        ("owner=nobody", lambda lead: lead["owner"] is None),
        (
            "search=filtered.example.com",
            lambda lead: "filtered.example.com" in (lead["contact"]["email"] or ""),
        ),
        ("search=FILTERED+Rowan", lambda lead: lead["contact"]["first_name"] == "Rowan"),
        ("from_date=2026-01-01", lambda lead: lead["received_at"] >= "2026"),
        ("source=referral", lambda lead: lead["source"] == "referral"),
    ],
)
@there
async def test_a_list_holds_what_its_filter_says_and_nothing_else(bot: Product, query: str, so: Any) -> None:
    if not (await bot.app.store.register.count(Filters(source="referral"))):
        mail = {"first_name": "Rowan", "email": "r@filtered.example.com", "source": "referral"}
        await made(bot, "Filtered: I am very unhappy, the repair failed again. A disgrace!", **mail)
        await made(
            bot, "Filtered: my car broke down on the highway, I need a tow right now!!", email="t@example.com"
        )
        car = {"email": "car@example.com", "business_type": "automotive"}
        await made(bot, "Filtered: can I book a brake repair for my Civic on Tuesday?", **car)
    _, some, _ = await ask(bot, "GET", f"{LEADS}?{query}&limit=100")
    _, every, _ = await ask(bot, "GET", f"{LEADS}?limit=100")
    read = [lead for lead in every["data"] if lead["analysis"]]
    expected = [lead["lead_id"] for lead in read if so(lead)]
    found = [lead["lead_id"] for lead in some["data"] if lead["analysis"]]
    assert found == expected
    assert expected


@pytest.mark.parametrize(
    "sort", ["created_at", "received_at", "updated_at", "quality_score", "urgency_score"]
)
@pytest.mark.parametrize("order", ["asc", "desc"])
@there
async def test_a_list_is_in_the_order_that_was_asked_for(bot: Product, sort: str, order: str) -> None:
    await made(bot, "Something to be sorted", email="s@example.com")
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        _, envelope, _ = await ask(bot, "GET", f"{LEADS}?sort_by={sort}&sort_order={order}&limit=3{more}")
        seen += envelope["data"]
        cursor = envelope["pagination"]["cursor"]
    values = [
        (lead["analysis"] or {}).get(sort, -1) if sort.endswith("score") else lead[sort] for lead in seen
    ]
    assert values == sorted(values, reverse=order == "desc")
    assert len({lead["lead_id"] for lead in seen}) == len(seen)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("status=lukewarm", "status"),
        ("min_quality_score=1e1", "min_quality_score"),
        ("from_date=yesterday", "from_date"),
        ("colour=red", "colour"),
        ("cursor=bm9uZQ", "cursor"),
        ("status=raw&status=synced", "status"),
        ("search=", "search"),
    ],
)
@there
async def test_a_parameter_that_is_wrong_is_named(bot: Product, query: str, field: str) -> None:
    status, envelope, _ = await ask(bot, "GET", f"{LEADS}?{query}")
    assert (status, envelope["errors"][0]["field"]) == (422, field)


@there
async def test_a_cursor_of_another_list_is_refused(bot: Product) -> None:
    await made(bot, "One for the cursor", email="c1@example.com")
    await made(bot, "Two for the cursor", email="c2@example.com")
    _, envelope, _ = await ask(bot, "GET", f"{LEADS}?limit=1")
    status, _, _ = await ask(
        bot, "GET", f"{LEADS}?limit=1&status=raw&cursor={envelope['pagination']['cursor']}"
    )
    assert status == 422


@there
async def test_who_read_a_lead_stands_in_its_history(bot: Product) -> None:
    lead_id = await made(bot, "Read me, and say so", email="read@example.com")
    status, envelope, headers = await ask(bot, "GET", f"{LEADS}/{lead_id}")
    history = await bot.app.store.events.of(lead_id)
    assert (status, envelope["data"]["lead_id"], "missing" in envelope["data"]) == (200, lead_id, False)
    assert headers["ETag"] == f'"{envelope["data"]["version"]}"'
    assert [event.actor for event in history if event.what == "contact_read"] == ["api"]


@there
async def test_leads_like_a_message_are_found_before_it_is_one(bot: Product) -> None:
    lead_id = await made(bot, "Rusty exhaust pipe rattles on my van", email="rust@example.com")
    count = await bot.app.store.leads.count()
    body = {"message": "the exhaust pipe of a van rattles", "limit": 3}
    status, envelope, _ = await ask(bot, "POST", f"{LEADS}/check-similar", json=body)
    assert (status, envelope["data"][0]["lead_id"]) == (200, lead_id)
    assert await bot.app.store.leads.count() == count


@there
async def test_figures_count_every_lead_once(bot: Product) -> None:
    await made(bot, "One to be counted", email="count@example.com")
    status, envelope, _ = await ask(bot, "GET", "/api/v1/stats")
    figures = envelope["data"]
    assert (status, figures["total"]) == (200, await bot.app.store.leads.count())
    assert sum(figures["by_desk_status"].values()) == figures["total"]


@there
async def test_an_export_as_json_is_the_leads_as_the_api_shows_them(bot: Product) -> None:
    await made(bot, "One to be exported", email="export@example.com")
    async with bot.session.get(
        f"{bot.app.url}{LEADS}/export?sort_order=asc", headers={"Authorization": f"Bearer {API_KEY}"}
    ) as response:
        found = json.loads(await response.text())
    assert response.status == 200
    assert len(found) == await bot.app.store.leads.count()
    assert {lead["message"] for lead in found} >= {"One to be exported"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t="])
@there
async def test_no_cell_of_an_export_is_a_formula(bot: Product, sign: str) -> None:
    await made(bot, f"{sign}HYPERLINK('http://evil.example')", email="formula@example.com")
    async with bot.session.get(
        f"{bot.app.url}{LEADS}/export?format=csv", headers={"Authorization": f"Bearer {API_KEY}"}
    ) as response:
        rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert response.content_type == "text/csv"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(tuple("=+-@\t\r"))]


@there
async def test_an_erased_lead_is_nowhere_any_more(bot: Product) -> None:
    lead_id = await made(bot, "Erase everything about my leaking sunroof", email="erase@example.com")
    status, envelope, _ = await ask(bot, "DELETE", f"{LEADS}/{lead_id}")
    again, _, _ = await ask(bot, "GET", f"{LEADS}/{lead_id}")
    assert (status, envelope["data"]["erased"], again) == (200, True, 404)
    await bot.slack.until(lambda _: bot.card(lead_id) is None, timeout=20)
    assert lead_id not in await bot.app.store.leads.vectors(bot.app.desk.parts.search.model, [lead_id])


@there
async def test_a_method_that_there_is_not_says_which_there_are(bot: Product) -> None:
    status, _, headers = await ask(bot, "PATCH", f"{LEADS}/L-1001", json={})
    assert (status, set(headers["Allow"].split(","))) == (405, {"GET", "PUT", "DELETE"})
