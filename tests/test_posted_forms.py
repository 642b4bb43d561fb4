"""Forms whose integrations post into Slack: leads, their edits and their removal."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.errors import InvalidLead
from core.ports import Embedder
from handlers.slack.heard import posted_form
from tests.product import Product
from tests.talks import ROOF, hears, lead_soon, only_lead, said, talking


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads with its desk, and #front-desk, which is watched too; Olga is of no desk."""
    async with talking(slack, tmp_path, embedder) as running:
        yield running


MAIL = "<mailto:sue@home.example|sue@home.example>"
FORM = f"New submission\n*Name:* Sue Miller\n*Email:* {MAIL}\n*Message:* My fence fell over"


async def test_a_forms_integration_that_is_listed_makes_leads_and_is_asked_nothing(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", FORM)
    lead = await bot.synced((await lead_soon(bot)).lead_id)
    assert (lead.contact.name, lead.contact.email) == ("Sue Miller", "sue@home.example")
    assert (lead.message, lead.source) == ("My fence fell over", "slack_bot")
    assert said(bot, "front-desk", ts) == []


async def test_what_an_integration_adds_in_the_thread_of_its_form_is_no_lead_of_its_own(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", FORM)
    await bot.synced((await lead_soon(bot)).lead_id)
    await bot.slack.integration("Formly", "front-desk", "Email: bea@home.example\nQ: Decks?", thread_ts=ts)
    await bot.slack.integration(
        "Formly", "front-desk", "Email: ann@home.example\nQuestion: Do you paint sheds?"
    )
    await bot.slack.until(lambda _: "paint sheds" in str(bot.slack.messages("leads")), timeout=10)
    assert len(await bot.app.store.leads.newest(limit=5)) == 2


async def test_an_edited_form_reaches_its_lead_and_leaves_what_people_changed(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", f"{FORM}\n*Plot:* 12")
    lead = await bot.synced((await lead_soon(bot)).lead_id)
    await bot.card_with(lead.lead_id, "fence")
    mended = "*Name:* Suzan Miller\n*Email:* suzan@home.example\n*Message:* My gate fell over\n*Plot:* 14"
    await bot.slack.post_anew("Formly", "front-desk", ts, mended)
    after = await bot.lead_when(lead.lead_id, lambda lead: lead.message == "My gate fell over")
    assert (after.contact.name, after.contact.email) == ("Suzan Miller", "suzan@home.example")
    assert after.custom_fields["Plot"] == "14"
    await bot.card_with(lead.lead_id, "gate", "Suzan")
    typed = "*Name:* Suzan Miller\n*Email:* no address\n*Message:* My gate fell over"
    await bot.slack.post_anew("Formly", "front-desk", ts, typed)
    await bot.slack.integration("Deploys", "front-desk", typed)
    await bot.slack.post_anew("Formly", "front-desk", ts, mended.replace("gate", "hedge"))
    await bot.lead_when(lead.lead_id, lambda lead: lead.message == "My hedge fell over")
    assert len(await bot.app.store.leads.newest(limit=5)) == 1


def test_a_bots_post_without_words_is_no_lead() -> None:
    with pytest.raises(InvalidLead):
        posted_form({"ts": "1795618529.000001", "text": " "}, "C0", region="US")


async def test_a_form_that_its_integration_removed_is_gone_on_the_card(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", FORM)
    lead = await bot.synced((await lead_soon(bot)).lead_id)
    await bot.slack.post_anew("Formly", "front-desk", ts, "")
    await bot.slack.withdraw("front-desk", ts)
    await bot.card_with(lead.lead_id, "its message was deleted")
    assert (await bot.lead(lead.lead_id)).message == "My fence fell over"


async def test_a_form_may_stand_in_attachments(bot: Product) -> None:
    fields = [
        {"title": "Email", "value": "bob@home.example"},
        {"title": "Question", "value": "Do you do decks?"},
    ]
    await bot.slack.integration("Formly", "front-desk", "", [{"title": "Website form", "fields": fields}])
    lead = await bot.synced((await lead_soon(bot)).lead_id)
    assert (lead.contact.email, lead.message) == ("bob@home.example", "Do you do decks?")


async def test_a_bot_that_nobody_listed_is_left_alone(bot: Product) -> None:
    await bot.slack.integration(
        "Deploys", "front-desk", "Name: build 12\nEmail: ci@home.example\nMessage: is red"
    )
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    assert (await only_lead(bot)).message == ROOF
