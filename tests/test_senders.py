"""Every sender natively: what it documents becomes a lead, once; what is spoilt is refused."""

from collections.abc import Iterator

import pytest

from core.ports import Embedder
from tests.product import text_of
from tests.senders import CASES, KEY, OLD, golden
from tests.sending import VERIFY, Senders, senders
from tests.spoilt import KINDS, Request, kinds_of, request_of
from tests.standing import standing, there

CONTACTS = {
    "Standard Webhooks": ("Stan Dard", "stan.dard@example.com", None),
    "Typeform": ("Laura Ortiz", "laura.ortiz@example.com", "+14155550123"),
    "Tally": ("Mina Khan", "mina.khan@example.com", "+442079460018"),
    "Webflow": ("Zaphod Beeble", "zaphod@example.com", "14155550171"),
    "Gravity Forms": ("Gina Marsh", "gina.marsh@example.com", "(415) 555-0188"),
    "HubSpot": ("Hugo Spotts", "hugo.spotts@example.com", "+14155550144"),
    "HubSpot's contacts": ("Hanna Sperl", "hanna.sperl@example.com", "+14155550155"),
    "Google Ads": ("Goran Adler", "goran.adler@example.com", "+14155550177"),
    "Facebook": ("Fatima Boucher", "fatima.boucher@example.com", "+14155550133"),
    "Calendly": ("Carla Lind", "carla.lind@example.com", "+1 415-555-0166"),
    "Wufoo": ("Wanda Foster", "wanda.foster@example.com", "4155550199"),
    "Zapier": ("Zelda Apier", "zelda.apier@example.com", "+1 415 555 0122"),
}


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senders]:
    """One product for all of this module."""
    with standing(senders(embedder, tmp_path_factory.mktemp("senders"))) as bot:
        yield bot


@pytest.mark.parametrize("name", CASES)
@there
async def test_what_a_sender_documents_becomes_a_lead(bot: Senders, name: str) -> None:
    case = CASES[name]
    status, answer = await bot.ask(request_of(case))
    assert status in {200, 202}, answer
    lead = await bot.lead_of(case)
    assert (lead.contact.name, lead.contact.email, lead.contact.phone) == CONTACTS[name]
    assert case.says in lead.message


@pytest.mark.parametrize("name", CASES)
@there
async def test_the_same_event_ten_times_is_one_lead(bot: Senders, name: str) -> None:
    case = CASES[name]
    answers = [await bot.ask(request_of(case)) for _ in range(10)]
    assert {status for status, _ in answers} <= {200, 202}
    lead = await bot.lead_of(case)
    assert [each.lead_id for each in await bot.leads_of(case)] == [lead.lead_id]
    assert (await bot.ask(request_of(case)))[1]["data"]["lead_id"] == lead.lead_id


@pytest.mark.parametrize("name", CASES)
@there
async def test_the_secret_of_last_week_is_good_too(bot: Senders, name: str) -> None:
    status, _ = await bot.ask(request_of(CASES[name], secret=OLD))
    assert status in {200, 202}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, case in CASES.items() for kind in kinds_of(case)]
)
@there
async def test_what_is_spoilt_is_refused_and_is_no_lead(bot: Senders, name: str, kind: str) -> None:
    spoil, expected = KINDS[kind]
    before = await bot.app.store.leads.count()
    status, answer = await bot.ask(spoil(CASES[name]))
    assert (status, answer["success"], answer["data"]) == (expected, False, None)
    assert await bot.app.store.leads.count() == before


@pytest.mark.parametrize("name", CASES)
@there
async def test_a_bad_signature_is_refused_without_detail(bot: Senders, name: str) -> None:
    _, answer = await bot.ask(request_of(CASES[name], secret="another"))
    why = {"code": "UNAUTHORIZED", "message": "The request is not authorised.", "field": None}
    assert answer["errors"] == [why]


@there
async def test_a_source_without_secrets_is_gone(bot: Senders) -> None:
    request = Request(path="/webhooks/gone", body=b"{}", headers={}, content_type="application/json")
    assert (await bot.ask(request))[0] == 410


@there
async def test_a_test_lead_says_so_on_its_card(bot: Senders) -> None:
    lead = await bot.lead_of(CASES["Google Ads"])
    assert lead.custom_fields["is_test"] is True
    assert "Test lead" in text_of(await bot.final_card(lead.lead_id))


@there
async def test_facebook_is_shown_the_challenge_when_it_knows_the_word(bot: Senders) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY}
    async with bot.session.get(f"{bot.app.url}/webhooks/facebook", params=asked) as response:
        assert (response.status, await response.text()) == (200, "1158201444")


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("facebook", {"hub.verify_token": "guess"}, 401),
        ("facebook", {"hub.verify_token": ""}, 401),
        ("facebook", {"hub.challenge": "<script>alert(1)</script>"}, 400),
        ("facebook", {"hub.mode": "look"}, 404),
        ("typeform", {}, 404),
    ],
)
@there
async def test_nobody_else_is_shown_a_challenge(
    bot: Senders, path: str, changes: dict[str, str], status: int
) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": VERIFY} | changes
    async with bot.session.get(f"{bot.app.url}/webhooks/{path}", params=asked) as response:
        assert response.status == status


@there
async def test_several_leads_in_one_request_are_several_leads(bot: Senders) -> None:
    case = CASES["Facebook"]
    payload = golden("facebook")
    change = payload["entry"][0]["changes"][0]
    payload["entry"][0]["changes"] = [
        {**change, "value": {**change["value"], "leadgen_id": str(number)}} for number in (1, 2)
    ]
    request = request_of(case.__class__(**{**case.__dict__, "payload": payload}))
    _, answer = await bot.ask(request)
    assert [each["lead_id"] for each in answer["data"]["leads"]] == [None, None]


@there
async def test_what_is_no_new_lead_is_taken_for_what_it_is(bot: Senders) -> None:
    case = CASES["Calendly"]
    canceled = case.__class__(**{**case.__dict__, "payload": {**case.payload, "event": "invitee.canceled"}})
    assert (await bot.ask(request_of(canceled)))[1]["data"] == {"leads": []}


@there
async def test_an_api_key_opens_a_sender_s_door_without_its_signature(bot: Senders) -> None:
    case = CASES["Typeform"]
    status, _ = await bot.post("/webhooks/typeform", json=case.payload)
    assert (status, KEY in str(case.payload)) == (202, False)
