"""Conversations through the product: asked in the thread, kept on the card, taken over, picked up again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.conversation.places import Conversation, NewTurn, Part, Place
from core.errors import InvalidLead
from core.lead import Lead, utcnow
from core.ports import Embedder
from handlers.slack.heard import posted_form
from handlers.slack.message_lead import draft, submission
from tests.product import Product, eventually, product, text_of

ROOF = "My roof leaks badly, please send somebody tomorrow"


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads with its desk, and #front-desk, which is watched too; Olga is of no desk."""
    async with product(
        slack,
        tmp_path,
        embedder,
        slack_watch_channels=("#leads", "#front-desk"),
        slack_source_bots=("Formly",),
    ) as running:
        yield running


def said(bot: Product, channel: str, ts: str) -> list[str]:
    """What the bot said in that thread so far."""
    return [str(line["text"]) for line in bot.slack.thread(channel, ts) if "bot_id" in line]


async def hears(bot: Product, channel: str, ts: str, word: str, *, times: int = 1) -> str:
    """What the bot said in the thread with this word, once it did so often."""

    def found() -> list[dict[str, Any]]:
        lines = [line for line in bot.slack.thread(channel, ts) if "bot_id" in line]
        with_word = [line for line in lines if word in str(line["text"])]
        return with_word[times - 1 :]

    return str((await eventually(bot.slack, found))["text"])


async def only_lead(bot: Product) -> Lead:
    [lead] = await bot.app.store.leads.newest(limit=5)
    return lead


async def conversation_of(bot: Product, lead: Lead) -> Conversation:
    [found] = await bot.app.store.conversations.of(lead.lead_id)
    return found


async def test_a_writer_is_asked_for_what_is_missing_and_the_answers_come_onto_the_card(bot: Product) -> None:
    ts = await bot.slack.say("dana", "leads", ROOF)
    asked = await hears(bot, "leads", ts, "Still missing")
    assert "phone number" in asked
    await bot.slack.say("dana", "leads", "415 555 2671, Priya Raman", thread_ts=ts)
    lead = await only_lead(bot)
    kept = await bot.lead_when(lead.lead_id, lambda lead: lead.contact.name == "Priya Raman")
    assert kept.contact.phone == "415 555 2671"
    await bot.card_with(lead.lead_id, "Priya Raman")
    await hears(bot, "leads", ts, f"{lead.number} says all it needs to")


async def test_what_was_answered_stands_in_the_history_without_the_data_itself(bot: Product) -> None:
    ts = await bot.slack.say("dana", "leads", ROOF)
    await hears(bot, "leads", ts, "Still missing")
    await bot.slack.say("dana", "leads", "415 555 2671", thread_ts=ts)
    lead = await only_lead(bot)
    await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone is not None)
    history = await bot.app.store.events.of(lead.lead_id)
    assert [event.why for event in history if event.what == "answered"] == ["phone"]


async def test_who_is_of_no_desk_is_talked_with_politely_and_without_the_leads_number(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    asked = await hears(bot, "front-desk", ts, "Could you tell us")
    assert "L-" not in asked
    assert "card" not in asked


async def test_a_writer_is_spoken_to_in_their_language(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", "Ich brauche einen Termin, weil meine Heizung nicht geht")
    asked = await hears(bot, "front-desk", ts, "Könnten Sie uns")
    assert "Telefonnummer" in asked
    await bot.slack.say("olga", "front-desk", "415 555 2671", thread_ts=ts)
    await hears(bot, "front-desk", ts, "Vielen Dank. Könnten Sie uns auch noch mitteilen")
    await bot.slack.say("olga", "front-desk", "überspringen", thread_ts=ts)
    await hears(bot, "front-desk", ts, "Wir melden uns")


async def test_a_colleagues_first_word_pauses_the_bot_and_a_button_on_the_cards_thread_calls_it_back(
    bot: Product,
) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    await bot.slack.say("dana", "front-desk", "Hi Olga, I look into it", thread_ts=ts)
    lead = await only_lead(bot)
    card = await bot.card_with(lead.lead_id, "roof")

    def taken() -> list[dict[str, Any]]:
        lines = bot.slack.thread("leads", card["ts"])
        return [line for line in lines if "ask_on" in text_of(line)]

    line = await eventually(bot.slack, taken)
    await bot.slack.say("olga", "front-desk", "415 555 2671", thread_ts=ts)
    await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone == "415 555 2671")
    assert len(said(bot, "front-desk", ts)) == 1
    assert (await bot.slack.click("dana", "leads", line["ts"], "ask_on")).ok
    await hears(bot, "front-desk", ts, "let us go on")


async def test_the_transcript_is_shown_with_the_lead(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    await bot.slack.say("olga", "front-desk", "My cellar is wet already", thread_ts=ts)
    await hears(bot, "front-desk", ts, "did not understand")
    lead = await only_lead(bot)
    assert (await bot.slack.command("dana", "leads", "/lead", f"show {lead.number}")).ok
    shown = text_of(await bot.ephemeral("dana", "In the thread"))
    assert "My cellar is wet already" in shown
    assert "baseCamp: Thank you, we have your request." in shown


async def test_conversations_of_merged_leads_are_one_transcript_until_they_are_two_again(
    bot: Product,
) -> None:
    await bot.slack.hire("stan", "front-desk", is_guest=True)
    first = await bot.slack.say("stan", "front-desk", ROOF)
    await hears(bot, "front-desk", first, "tell us")
    kept = await only_lead(bot)
    second = await bot.slack.say("olga", "front-desk", "My heater is cold, please send somebody tomorrow")
    await hears(bot, "front-desk", second, "tell us")
    [gone, _] = await bot.app.store.leads.newest(limit=5)
    await bot.slack.say("stan", "front-desk", "thanks", thread_ts=first)
    await bot.slack.say("olga", "front-desk", "thank you all", thread_ts=second)
    merges = bot.app.store.merges
    await merges.merge("m1", gone.lead_id, into=kept.lead_id, actor=bot.slack.user("dana"))
    await transcript_is(bot, kept, ["thanks", "thank you all"])
    await bot.slack.say("dana", "front-desk", "I look into it", thread_ts=second)
    card = await bot.card_with(kept.lead_id, "roof")
    line = await eventually(
        bot.slack,
        lambda: [each for each in bot.slack.thread("leads", card["ts"]) if "ask_on" in text_of(each)],
    )
    assert (await bot.slack.click("dana", "leads", line["ts"], "ask_on")).ok
    await hears(bot, "front-desk", second, "let us go on")
    await merges.undo("u1", gone.lead_id, actor=bot.slack.user("dana"))
    await transcript_is(bot, kept, ["thanks"])
    await transcript_is(bot, gone, ["thank you all", "I look into it"])


async def test_what_the_writer_of_a_merged_lead_says_stands_in_a_later_reading(bot: Product) -> None:
    await bot.slack.hire("stan", "front-desk", is_guest=True)
    first = await bot.slack.say("stan", "front-desk", "My roof leaks badly, please send somebody")
    await hears(bot, "front-desk", first, "tell us")
    kept = await only_lead(bot)
    second = await bot.slack.say("olga", "front-desk", "The roof leaks here, please send somebody, Olga")
    await hears(bot, "front-desk", second, "tell us")
    await bot.slack.say("olga", "front-desk", "on Friday", thread_ts=second)
    [gone, _] = await bot.app.store.leads.newest(limit=5)
    await bot.lead_when(gone.lead_id, lambda lead: _dates(lead) == 1)
    await bot.app.store.merges.merge("m1", gone.lead_id, into=kept.lead_id, actor=bot.slack.user("dana"))
    await bot.slack.say("olga", "front-desk", "actually make that Monday", thread_ts=second)
    told = (await bot.lead_when(kept.lead_id, lambda lead: _dates(lead) == 1)).analysis
    assert told is not None
    await bot.slack.edit("stan", "front-desk", first, "My roof and my cellar leak, please send somebody")

    def read_anew(lead: Lead) -> bool:
        return lead.analysis is not None and lead.analysis.summary != told.summary

    after = await bot.lead_when(kept.lead_id, lambda lead: read_anew(lead) and _dates(lead) > 0)
    assert after.analysis is not None
    assert [each.quote for each in after.analysis.entities["dates"]] == ["Monday"]


async def transcript_is(bot: Product, lead: Lead, texts: list[str]) -> None:
    """Wait until people wrote this, in this order, in the threads that are shown with the lead."""
    async with asyncio.timeout(20):
        while True:
            lines = await bot.app.desk.transcript(await bot.lead(lead.lead_id))
            if [line.text for line in lines if line.part != Part.BOT] == texts:
                return
            await asyncio.sleep(0.05)


async def test_a_writer_who_falls_silent_is_asked_once_more_and_never_again(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    lead = await only_lead(bot)
    found = await conversation_of(bot, lead)
    assert found.nudge_at is not None
    for _ in range(2):  # a tick may find it twice
        await bot.app.engine.nudge(found)
    await hears(bot, "front-desk", ts, "Whenever it suits you")
    after = await conversation_of(bot, lead)
    assert after.nudge_at is None
    assert len(said(bot, "front-desk", ts)) == 2


async def test_conversations_are_due_when_their_time_has_come(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    found = await conversation_of(bot, await only_lead(bot))
    assert found.nudge_at is not None
    store = bot.app.store.conversations
    assert await store.due(found.nudge_at - timedelta(minutes=1), limit=5) == []
    assert [each.place for each in await store.due(found.nudge_at, limit=5)] == [found.place]


async def test_chatter_becomes_nothing_and_is_answered_nothing(bot: Product) -> None:
    ts = await bot.slack.say("dana", "leads", "good morning everyone")
    await bot.slack.say("marco", "leads", "thanks Dana!")
    later = await bot.slack.say("dana", "leads", ROOF)
    await hears(bot, "leads", later, "Still missing")
    assert (await only_lead(bot)).message == ROOF
    assert said(bot, "leads", ts) == []


async def test_the_next_message_of_the_same_writer_goes_on_about_the_same_lead(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    await bot.slack.say("olga", "front-desk", "my number is 415 555 2671")
    lead = await only_lead(bot)
    await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone == "415 555 2671")
    assert len(await bot.app.store.leads.newest(limit=5)) == 1


async def test_an_edited_message_is_read_again(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", "My roof leaks, call 415 555 2671")
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
    assert lead.contact.phone == "415 555 2671"
    await bot.slack.edit("olga", "front-desk", ts, "My dishwasher leaks, call 415 555 2672")
    after = await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone == "415 555 2672")
    assert after.message == "My dishwasher leaks, call 415 555 2672"
    await bot.card_with(lead.lead_id, "dishwasher")


async def _lead_soon(bot: Product) -> Lead:
    await bot.slack.until(lambda _: bool(bot.cards()), timeout=20)
    return await only_lead(bot)


@pytest.mark.parametrize("with_thread", [True, False], ids=["asked already", "nothing to ask"])
async def test_the_card_says_that_the_message_was_deleted(bot: Product, *, with_thread: bool) -> None:
    text = ROOF if with_thread else f"{ROOF}, Priya Raman, my name is Priya Raman, 415 555 2671"
    ts = await bot.slack.say("olga", "front-desk", text)
    if with_thread:
        await hears(bot, "front-desk", ts, "Could you tell us")
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
    await bot.slack.delete("olga", "front-desk", ts)
    await bot.card_with(lead.lead_id, "its message was deleted")
    assert (await bot.lead(lead.lead_id)).message == text
    assert (await conversation_of(bot, lead)).nudge_at is None


async def test_a_desk_may_ask_nothing(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> None:
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "leads.yaml").write_text(
        'channel: "#leads"\nrouting: {otherwise: pool}\nintake: {ask: false}\n', encoding="utf-8"
    )
    async with product(slack, tmp_path, embedder, desks_dir=folder) as bot:
        ts = await slack.say("dana", "leads", ROOF)
        lead = await bot.synced((await _lead_soon(bot)).lead_id)
        assert said(bot, "leads", ts) == []
        assert await bot.app.store.conversations.of(lead.lead_id) == []


async def test_a_guest_in_the_desks_channel_is_nobody_of_the_team(bot: Product) -> None:
    guest = await bot.slack.hire("gina", "leads", is_guest=True)
    stranger = await bot.slack.hire("stan", "leads", team="T0PARTNER00")
    members = bot.app.desk.parts.members
    assert [await members.role(user, "#leads") for user in (guest, stranger)] == [None, None]
    assert await members.role(bot.slack.user("dana"), "#leads") is not None


async def test_where_others_read_along_the_team_is_spoken_to_politely_too(bot: Product) -> None:
    await bot.slack.hire("stan", "leads", team="T0PARTNER00")
    ts = await bot.slack.say("dana", "leads", ROOF)
    assert "L-" not in await hears(bot, "leads", ts, "Could you tell us")


async def test_a_question_back_is_told_to_the_team(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    await bot.slack.say("olga", "front-desk", "Do you work on Saturdays?", thread_ts=ts)
    await hears(bot, "front-desk", ts, "Somebody will answer that")
    card = await bot.card_with((await only_lead(bot)).lead_id, "roof")
    await bot.slack.until(lambda s: "A question for the team" in text_of(s.thread("leads", card["ts"])))


async def test_what_was_said_stands_in_a_reading_that_comes_later(bot: Product) -> None:
    ts = await bot.slack.say("olga", "front-desk", "My roof leaks badly, please send somebody")
    await hears(bot, "front-desk", ts, "Could you tell us")
    await bot.slack.say("olga", "front-desk", "tomorrow morning", thread_ts=ts)
    lead = await only_lead(bot)
    await bot.lead_when(lead.lead_id, _has_dates)
    await bot.slack.edit("olga", "front-desk", ts, "My roof and my cellar leak badly, please send somebody")
    await bot.lead_when(lead.lead_id, lambda lead: "cellar" in lead.message and _has_dates(lead))


def _has_dates(lead: Lead) -> bool:
    return _dates(lead) > 0


def _dates(lead: Lead) -> int:
    return len(lead.analysis.entities.get("dates", ())) if lead.analysis else 0


MAIL = "<mailto:sue@home.example|sue@home.example>"
FORM = f"New submission\n*Name:* Sue Miller\n*Email:* {MAIL}\n*Message:* My fence fell over"


async def test_a_forms_integration_that_is_listed_makes_leads_and_is_asked_nothing(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", FORM)
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
    assert (lead.contact.name, lead.contact.email) == ("Sue Miller", "sue@home.example")
    assert (lead.message, lead.source) == ("My fence fell over", "slack_bot")
    assert said(bot, "front-desk", ts) == []


async def test_an_edited_form_reaches_its_lead_and_leaves_what_people_changed(bot: Product) -> None:
    ts = await bot.slack.integration("Formly", "front-desk", f"{FORM}\n*Plot:* 12")
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
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
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
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
    lead = await bot.synced((await _lead_soon(bot)).lead_id)
    assert (lead.contact.email, lead.message) == ("bob@home.example", "Do you do decks?")


async def test_a_bot_that_nobody_listed_is_left_alone(bot: Product) -> None:
    await bot.slack.integration(
        "Deploys", "front-desk", "Name: build 12\nEmail: ci@home.example\nMessage: is red"
    )
    ts = await bot.slack.say("olga", "front-desk", ROOF)
    await hears(bot, "front-desk", ts, "Could you tell us")
    assert (await only_lead(bot)).message == ROOF


async def test_a_reply_that_comes_before_its_message_is_heard(bot: Product) -> None:
    ears = bot.app.desk
    place = "C0FRONTDESK:1795618529.000001"
    turn = NewTurn(turn_id="C0FRONTDESK:1795618530.000001", who="U0", text="415 555 2671", at=utcnow())
    await ears.hear_early(place, turn)
    with_place = Place(channel="C0FRONTDESK", thread_ts="1795618529.000001", writer="U0")
    accepted = await ears.submit(
        submission("C0FRONTDESK", "1795618529.000001", ROOF),
        lambda: draft(ROOF, user="U0", channel="C0FRONTDESK", ts="1795618529.000001", region="US"),
        actor="U0",
        talk=with_place,
    )
    await bot.lead_when(accepted.lead_id, lambda lead: lead.contact.phone == "415 555 2671")
