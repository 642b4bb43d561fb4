"""Conversations through the product: asked in the thread, kept on the card, taken over, picked up again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.conversation.places import Conversation, NewTurn, Place
from core.lead import Lead, utcnow
from core.ports import Embedder
from handlers.slack.message_lead import draft, submission
from tests.product import Product, eventually, product, text_of
from tests.talks import ROOF, dates, hears, lead_soon, only_lead, said, talking


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads with its desk, and #front-desk, which is watched too; Olga is of no desk."""
    async with talking(slack, tmp_path, embedder) as running:
        yield running


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
    lead = await bot.synced((await lead_soon(bot)).lead_id)
    assert lead.contact.phone == "415 555 2671"
    await bot.slack.edit("olga", "front-desk", ts, "My dishwasher leaks, call 415 555 2672")
    after = await bot.lead_when(lead.lead_id, lambda lead: lead.contact.phone == "415 555 2672")
    assert after.message == "My dishwasher leaks, call 415 555 2672"
    await bot.card_with(lead.lead_id, "dishwasher")


@pytest.mark.parametrize("with_thread", [True, False], ids=["asked already", "nothing to ask"])
async def test_the_card_says_that_the_message_was_deleted(bot: Product, *, with_thread: bool) -> None:
    text = ROOF if with_thread else f"{ROOF}, Priya Raman, my name is Priya Raman, 415 555 2671"
    ts = await bot.slack.say("olga", "front-desk", text)
    if with_thread:
        await hears(bot, "front-desk", ts, "Could you tell us")
    lead = await bot.synced((await lead_soon(bot)).lead_id)
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
        lead = await bot.synced((await lead_soon(bot)).lead_id)
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
    return dates(lead) > 0


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
