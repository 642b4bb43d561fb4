"""From the door to the card and back: the main path through the real wiring."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.lead import DeskStatus, Status
from core.ports import Embedder
from tests.product import SECRET, Product, product, text_of

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


async def test_a_lead_from_the_api_becomes_one_enriched_card(bot: Product) -> None:
    lead_id = await bot.send(BRAKES, name="Ana Silva", email="ana@example.com", business_type="automotive")
    card = await bot.final_card(lead_id)
    assert "Honda Civic" in text_of(card)
    assert "Ana Silva" in text_of(card)
    assert len(bot.cards()) == 1


async def test_a_processed_lead_is_in_the_crm(bot: Product) -> None:
    lead_id = await bot.send(BRAKES)
    await until_synced(bot, lead_id)
    assert (await bot.lead(lead_id)).crm.record_id == lead_id


@pytest.mark.parametrize(
    "body",
    [
        lambda: {"json": {"message": BRAKES, "Phone": "+1 415 555 0123", "Favourite colour": "red"}},
        lambda: {"data": {"message": BRAKES, "Phone": "+1 415 555 0123", "Favourite colour": "red"}},
        lambda: {"data": multipart()},
    ],
    ids=["json", "form", "multipart"],
)
async def test_a_webhook_takes_json_forms_and_multipart_alike(
    bot: Product, body: Callable[[], dict[str, Any]]
) -> None:
    status, answer = await bot.post(
        "/webhooks/web_form", headers={"X-Webhook-Secret": SECRET, "Authorization": ""}, **body()
    )
    assert status == 202, answer
    lead = await bot.lead(answer["data"]["lead_id"])
    assert (lead.message, lead.contact.phone) == (BRAKES, "+1 415 555 0123")
    assert lead.custom_fields["Favourite colour"] == "red"
    assert lead.source == "web_form"


async def test_a_message_in_the_desk_s_channel_becomes_a_lead(bot: Product) -> None:
    await bot.slack.say("dana", "leads", f"Call from <b@x.example> & co: {BRAKES} Phone 415-555-0123")
    await bot.slack.until(lambda _: bool(bot.cards()), timeout=20)
    (lead,) = await bot.app.store.leads.newest(limit=5)
    assert lead.message == f"Call from <b@x.example> & co: {BRAKES} Phone 415-555-0123"
    assert (lead.contact.email, lead.contact.phone) == ("b@x.example", "415-555-0123")
    assert lead.source == "slack_message"


async def test_our_own_cards_and_thread_replies_are_no_leads(bot: Product) -> None:
    ts = await bot.slack.say("dana", "leads", BRAKES)
    await bot.slack.until(lambda _: bool(bot.cards()), timeout=20)
    await bot.slack.say("marco", "leads", "I will call them", thread_ts=ts)
    await bot.slack.say("marco", "general", "Nothing for the desk")
    await bot.slack.say("dana", "leads", "A second lead, please call me about tyres")
    await bot.slack.until(lambda _: len(bot.cards()) == 2, timeout=20)
    assert await bot.app.store.leads.count() == 2


async def test_the_same_delivery_ten_times_at_once_is_one_lead(bot: Product) -> None:
    key = {"Idempotency-Key": "order-77"}
    answers = await asyncio.gather(
        *(bot.post("/api/v1/intake", json={"message": BRAKES}, headers=key) for _ in range(10))
    )
    assert {status for status, _ in answers} == {202}
    assert len({answer["data"]["lead_id"] for _, answer in answers}) == 1
    assert await bot.app.store.leads.count() == 1


async def test_a_claim_changes_the_card_and_is_told_in_its_thread(bot: Product) -> None:
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    dana = bot.slack.user("dana")
    claimed = await bot.card_with(lead_id, "Claimed by dana")
    assert claimed["ts"] == card["ts"]
    await bot.slack.until(lambda s: bool(s.thread("leads", card["ts"])), timeout=20)
    assert "Claimed by" in bot.slack.thread("leads", card["ts"])[-1]["text"]
    assert (await bot.lead(lead_id)).owner == dana


async def test_approve_reassign_and_reject_do_what_they_say(bot: Product) -> None:
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    await bot.slack.click("dana", "leads", card["ts"], "approve")
    await bot.card_with(lead_id, "Approved")
    marco = bot.slack.user("marco")
    await bot.slack.click("dana", "leads", card["ts"], "reassign", selected_user=marco)
    await bot.card_with(lead_id, "Claimed by marco")
    await bot.slack.click("marco", "leads", card["ts"], "reject")
    await bot.card_with(lead_id, "Rejected")
    assert (await bot.lead(lead_id)).desk_status == DeskStatus.REJECTED


async def test_fifty_people_clicking_claim_at_once_have_one_winner_and_the_others_are_told(
    bot: Product,
) -> None:
    people = [await bot.slack.hire(f"rep{n}", "leads") for n in range(50)]
    lead_id = await bot.send(BRAKES)
    card = await bot.final_card(lead_id)
    await asyncio.gather(*(bot.slack.click(user, "leads", card["ts"], "claim") for user in people))
    await bot.slack.until(
        lambda s: sum(bool(s.ephemerals(user)) for user in people) == len(people) - 1, timeout=60
    )
    owner = (await bot.lead(lead_id)).owner
    assert owner in people
    assert not bot.slack.ephemerals(owner)
    history = await bot.app.store.events.of(lead_id)
    assert [event.actor for event in history if event.what == "claimed"] == [owner]
    loser = next(user for user in people if user != owner)
    assert f"claimed by <@{owner}> before you" in text_of(bot.slack.ephemerals(loser))


async def test_somebody_who_is_not_of_the_desk_is_told_so_and_changes_nothing(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        lead_id = await bot.send(BRAKES)
        card = await bot.final_card(lead_id)
        await slack.click("olga", "leads", card["ts"], "claim")  # olga sees #leads, but is not in it
        await bot.ephemeral("olga", "Only members of the desk")
        assert (await bot.lead(lead_id)).owner is None


async def test_hostile_text_is_kept_as_sent_and_shown_inert(bot: Product) -> None:
    hostile = "<script>alert(1)</script> <!channel> <@U123> *bold* <https://evil.example|click> \u202eabc\x07"
    lead_id = await bot.send(hostile, name="<!here>")
    card = await bot.final_card(lead_id)
    assert (await bot.lead(lead_id)).message == hostile
    shown = str(card)
    assert "<!channel>" not in shown
    assert "<!here>" not in shown
    assert "<https://evil" not in shown
    assert "\u202e" not in shown


async def test_earlier_leads_that_are_alike_are_on_the_card(bot: Product) -> None:
    first = await bot.send(BRAKES, name="Ana")
    await until_synced(bot, first)
    second = await bot.send(BRAKES.replace("badly", "loudly"), name="Ben")
    card = await bot.card_with(second, "L-1001")
    assert "%" in text_of(card)


async def test_the_same_words_from_many_people_are_read_and_matched_each_time(bot: Product) -> None:
    texts = [BRAKES, "Botox?", "how many sessions of laser hair removal do I need", "a", "urgent: leak!"]
    sent = [await bot.send(text, name=f"Person {n}") for n in range(4) for text in texts]
    for lead_id in sent:
        await until_synced(bot, lead_id)
    last = await bot.lead(sent[-1])
    assert [match.score for match in last.matches] == pytest.approx([1.0, 1.0, 1.0])


async def until_synced(bot: Product, lead_id: str) -> None:
    for _ in range(200):
        if (await bot.lead(lead_id)).status == Status.SYNCED:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the lead did not reach the CRM")


def multipart() -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("message", BRAKES)
    form.add_field("Phone", "+1 415 555 0123")
    form.add_field("Favourite colour", "red")
    form.add_field("photo", b"\x89PNG", filename="car.png", content_type="image/png")
    return form


async def test_a_lead_taken_while_slack_is_away_gets_its_card_after_a_restart(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        slack.faults.down()
        lead_id = await bot.send(BRAKES)
    slack.faults.up()
    async with product(slack, tmp_path, embedder) as bot:
        await bot.final_card(lead_id)
        assert len(bot.cards()) == 1
