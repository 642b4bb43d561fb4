"""The card's menu through the real product: notes, snoozes, edits, outcomes; who may, and who was faster."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import timedelta
from string import ascii_lowercase
from typing import Any

import pytest

from core.actions import PAST, Action, decide
from core.lead import DeskStatus, Event, Intent, Lead, Urgency, utcnow
from core.ports import Embedder
from tests.product import Product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("menu"), business_type="automotive") as bot:
        yield bot


async def carded(bot: Product, message: str = BRAKES) -> Lead:
    """A lead by somebody who never wrote before, through and with its card."""
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    lead = await bot.synced(await bot.send(message, name=f"Ana {family}", email=f"{family}@example.com"))
    await bot.final_card(lead.lead_id)
    return lead


async def choose(bot: Product, lead: Lead, option: str, user: str = "dana") -> None:
    """Choose in the card's menu."""
    card = bot.card(lead.lead_id)
    assert card is not None
    await bot.slack.click(user, "leads", card["ts"], "more", selected_option=option)


async def form(bot: Product, lead: Lead, option: str, user: str = "dana") -> dict[str, Any]:
    """The form behind an option of the menu, once it is filled."""
    known = {view["id"] for view in bot.slack.views(user)}
    await choose(bot, lead, option, user)
    await bot.slack.until(
        lambda s: any(v["id"] not in known and "One moment" not in text_of(v) for v in s.views(user)),
        timeout=10,
    )
    return bot.slack.views(user)[-1]


async def click(bot: Product, lead: Lead, action: str, user: str = "dana", **given: Any) -> None:
    card = bot.card(lead.lead_id)
    assert card is not None
    await bot.slack.click(user, "leads", card["ts"], action, **given)


async def told(bot: Product, lead: Lead, words: str) -> dict[str, Any]:
    """The line of the card's thread with these words, once it is there."""
    card = bot.card(lead.lead_id)
    assert card is not None

    def line() -> list[dict[str, Any]]:
        return [each for each in bot.slack.thread("leads", card["ts"]) if words in text_of(each)]

    await bot.slack.until(lambda _: line(), timeout=20)
    return line()[0]


async def is_now(bot: Product, lead: Lead, status: DeskStatus) -> Lead:
    return await bot.lead_when(lead.lead_id, lambda now: now.desk_status == status)


@there
async def test_a_note_is_in_the_thread_and_in_the_history(bot: Product) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "note")
    assert (await bot.slack.submit("dana", view["id"], {"words": "Called, no answer"})).ok
    await told(bot, lead, "Note by dana: Called, no answer")
    history = await bot.app.store.events.of(lead.lead_id)
    assert [event.why for event in history if event.what == "noted"] == ["Called, no answer"]


@there
async def test_a_lead_is_won_with_what_it_was_worth(bot: Product) -> None:
    lead = await carded(bot)
    await click(bot, lead, "claim")
    await bot.card_with(lead.lead_id, "Won or lost")
    view = await form(bot, lead, "won")
    assert (await bot.slack.submit("dana", view["id"], {"words": "1200"})).ok
    await bot.card_with(lead.lead_id, "Won, owner", "Open again")
    await told(bot, lead, "Won by dana: 1200")


@there
async def test_a_lead_is_not_lost_without_a_reason(bot: Product) -> None:
    lead = await carded(bot)
    await click(bot, lead, "claim")
    await bot.card_with(lead.lead_id, "Won or lost")
    view = await form(bot, lead, "won")
    refused = await bot.slack.submit("dana", view["id"], {"outcome": "lost"})
    assert "Say why it was lost" in (refused.errors or {})["words"]
    assert (await bot.slack.submit("dana", view["id"], {"outcome": "lost", "words": "too dear"})).ok
    await is_now(bot, lead, DeskStatus.LOST)
    await told(bot, lead, "Lost by dana: too dear")


@there
async def test_what_is_no_lead_leaves_the_queue_and_is_learnt_from(bot: Product) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "spam")
    assert (await bot.slack.submit("dana", view["id"], {"words": "sells backlinks"})).ok
    now = await is_now(bot, lead, DeskStatus.SPAM)
    assert now.analysis is not None
    assert now.analysis.intent == Intent.SPAM
    (label,) = [
        each.label for each in await bot.app.store.labels.every() if each.label.lead_id == lead.lead_id
    ]
    assert label.corrected.not_a_lead


@there
async def test_what_was_closed_by_mistake_is_opened_again(bot: Product) -> None:
    lead = await carded(bot)
    await click(bot, lead, "claim")
    await is_now(bot, lead, DeskStatus.CLAIMED)
    await click(bot, lead, "reject")
    await bot.card_with(lead.lead_id, "Open again")
    await choose(bot, lead, "reopen")
    assert (await is_now(bot, lead, DeskStatus.CLAIMED)).owner == bot.slack.user("dana")
    await told(bot, lead, "Opened again by dana")


@there
async def test_a_snoozed_lead_comes_back_by_itself_to_where_it_was_and_once(bot: Product) -> None:
    lead = await carded(bot)
    await click(bot, lead, "approve")
    await bot.card_with(lead.lead_id, "Approved")
    view = await form(bot, lead, "snooze")
    soon = int((utcnow() + timedelta(seconds=2)).timestamp()) + 1
    assert (await bot.slack.submit("dana", view["id"], {"until": soon})).ok
    await bot.card_with(lead.lead_id, "Snoozed by", "Back from snooze")
    await told(bot, lead, "Snoozed by dana until")
    await asyncio.gather(*(bot.app.schedule.wake() for _ in range(3)))
    back = await is_now(bot, lead, DeskStatus.APPROVED)
    assert (back.snoozed_until, back.snoozed_from) == (None, None)
    line = await told(bot, lead, "Back from snooze, dana")
    assert "subtype" not in line  # its owner is told; only what is nobody's comes up in the channel
    await bot.direct("dana", lead.number, "Back from snooze")
    history = await bot.app.store.events.of(lead.lead_id)
    assert [event.what for event in history].count("woken") == 1


@there
async def test_a_lead_is_snoozed_into_the_future_only(bot: Product) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "snooze")
    gone = int((utcnow() - timedelta(hours=1)).timestamp())
    refused = await bot.slack.submit("dana", view["id"], {"until": gone})
    assert "still to come" in (refused.errors or {})["until"]
    await bot.slack.close_view("dana", view["id"])


@there
async def test_a_snooze_can_be_ended_from_the_menu(bot: Product) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "snooze")
    assert (await bot.slack.submit("dana", view["id"], {})).ok
    await bot.card_with(lead.lead_id, "Back from snooze")
    await choose(bot, lead, "wake", "marco")
    await is_now(bot, lead, DeskStatus.NEW)


@there
async def test_an_edit_corrects_the_reading_and_the_contact(bot: Product) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "edit")
    typed = {
        "phone": "+1 415 555 0177",
        "wish": "Brakes, urgently",
        "intent": "complaint",
        "urgency": "low",
        "fact:symptoms": "grinding badly",
    }
    assert (await bot.slack.submit("dana", view["id"], typed)).ok
    await bot.card_with(lead.lead_id, "Brakes, urgently", "+1 415 555 0177")
    now = await bot.lead(lead.lead_id)
    assert now.analysis is not None
    assert (now.analysis.intent, now.analysis.urgency) == (Intent.COMPLAINT, Urgency.LOW)
    assert [each.quote for each in now.analysis.entities["symptoms"]] == ["grinding badly"]
    assert now.analysis.corrected_by == bot.slack.user("dana")
    assert now.contact.email == lead.contact.email
    await told(bot, lead, "Edited by dana: Phone, What they want, Kind of request, Urgency, Symptoms")


@there
async def test_a_lead_is_found_again_by_its_corrected_address(bot: Product) -> None:
    first, second = await carded(bot), await carded(bot, "Do you sell winter tyres for a motorbike?")
    view = await form(bot, second, "edit")
    typed = {name: getattr(first.contact, name) for name in ("last_name", "email")}
    assert (await bot.slack.submit("dana", view["id"], typed)).ok
    now = await bot.lead_when(second.lead_id, lambda lead: bool(lead.matches))
    assert first.number in [each.number for each in now.matches]
    assert now.person_id == first.lead_id


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("email", "not an address", "E-mail is not an e-mail address."),
        ("fact:symptoms", "smells of bananas", "is not in the message"),
    ],
)
@there
async def test_a_wrong_field_of_an_edit_is_told_beside_it(
    bot: Product, field: str, typed: str, why: str
) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, "edit")
    refused = await bot.slack.submit("dana", view["id"], {field: typed})
    assert why in (refused.errors or {})[field]
    await bot.slack.close_view("dana", view["id"])


@there
async def test_two_who_edit_the_same_field_see_both_sides_and_nothing_is_lost(bot: Product) -> None:
    lead = await carded(bot)
    slow, fast = await form(bot, lead, "edit", "dana"), await form(bot, lead, "edit", "marco")
    assert (
        await bot.slack.submit("marco", fast["id"], {"company": "Marco's", "phone": "+1 415 555 0101"})
    ).ok
    await bot.lead_when(lead.lead_id, lambda now: now.contact.company == "Marco's")
    assert (await bot.slack.submit("dana", slow["id"], {"company": "Dana's", "first_name": "Anna"})).ok
    (both,) = [view for view in bot.slack.views("dana") if view["id"] == slow["id"]]
    assert "Company is now: Marco's" in text_of(both).replace("*", "")
    assert "Dana's" in text_of(both)
    assert (await bot.slack.submit("dana", both["id"], {})).ok
    now = await bot.lead_when(lead.lead_id, lambda now: now.contact.company == "Dana's")
    assert (now.contact.first_name, now.contact.phone) == ("Anna", "+1 415 555 0101")


@there
async def test_an_outcome_that_comes_too_late_is_refused_in_the_form(bot: Product) -> None:
    lead = await carded(bot)
    await click(bot, lead, "claim")
    await bot.card_with(lead.lead_id, "Won or lost")
    view = await form(bot, lead, "won")
    await click(bot, lead, "reject", "dana")
    await is_now(bot, lead, DeskStatus.REJECTED)
    refused = await bot.slack.submit("dana", view["id"], {"words": "1200"})
    assert f"{lead.number} is rejected already." in (refused.errors or {})["words"]
    await bot.slack.close_view("dana", view["id"])


@pytest.mark.parametrize("option", ["note", "snooze", "edit", "spam"])
@there
async def test_somebody_outside_the_desk_is_told_so_in_the_form_s_place(bot: Product, option: str) -> None:
    lead = await carded(bot)
    view = await form(bot, lead, option, "olga")
    assert "Only members of the desk" in text_of(view)
    assert str(lead.contact.email) not in text_of(view)
    await bot.slack.close_view("olga", view["id"])


@there
async def test_mixed_clicks_at_once_end_in_one_legal_state_and_who_was_late_is_told(bot: Product) -> None:
    lead = await carded(bot)
    people = ["dana", "marco"]
    views = {user: await form(bot, lead, "spam", user) for user in people}
    sent = [bot.slack.submit(user, views[user]["id"], {}) for user in people]
    clicked = [click(bot, lead, name, user) for name in ("claim", "approve", "reject") for user in people]
    before = {user: len(bot.slack.ephemerals(user)) for user in people}
    answers, _ = await asyncio.gather(asyncio.gather(*sent), asyncio.gather(*clicked))
    await bot.lead_when(lead.lead_id, lambda now: now.desk_status in {DeskStatus.SPAM, DeskStatus.REJECTED})
    for user in people:
        for view in bot.slack.views(user):
            await bot.slack.close_view(user, view["id"])
    history = await bot.app.store.events.of(lead.lead_id)
    ends = [event for event in history if event.what in {"rejected", "marked_as_spam"}]
    assert len(ends) == 1
    # Four asked for an end and one got it: the others are told, in their form or privately.
    refused = sum(bool(answer.errors) for answer in answers)
    await bot.slack.until(
        lambda slack: refused + sum(len(slack.ephemerals(user)) - before[user] for user in people) >= 3,
        timeout=20,
    )
    assert [event.what for event in history].count("claimed") <= 1


@there
async def test_fifty_mixed_clicks_at_once_are_each_carried_out_or_refused_and_told(bot: Product) -> None:
    lead = await carded(bot)
    people = ("dana", "marco", "priya")
    clicks = [(name, user) for name in ("claim", "approve", "reject", "reassign") for user in people]
    clicks = [clicks[number % len(clicks)] for number in range(50)]
    before = {user: len(bot.slack.ephemerals(user)) for user in people}
    others = {user: bot.slack.user(people[number - 1]) for number, user in enumerate(people)}
    await asyncio.gather(
        *(
            click(bot, lead, name, user, selected_user=others[user] if name == "reassign" else None)
            for name, user in clicks
        )
    )
    now = await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.REJECTED)

    def refusals() -> int:
        return sum(len(bot.slack.ephemerals(user)) - before[user] for user in people)

    async def refused() -> int:
        history = await bot.app.store.events.of(lead.lead_id)
        return [event.what for event in history].count("refused")

    # A click that finds all as it asks for it, such as a second approval, does and says nothing.
    seen = -1
    async with asyncio.timeout(60):
        while True:
            last, seen = seen, await refused() + len(await steps_of(bot, lead))
            if seen == last and refusals() == await refused():
                break
            await asyncio.sleep(2)
    assert seen > 30
    replayed = lead
    for event in await steps_of(bot, lead):  # each was legal where it came, and did something
        asked = Action(
            key=event.event_id,
            name=next(name for name, past in PAST.items() if past == event.what),
            lead_id=lead.lead_id,
            actor=event.actor,
            target=event.why,
        )
        changes = decide(replayed, asked)
        assert changes
        replayed = replayed.model_copy(update=dict(changes))
    assert (replayed.desk_status, replayed.owner) == (now.desk_status, now.owner)


async def steps_of(bot: Product, lead: Lead) -> list[Event]:
    history = await bot.app.store.events.of(lead.lead_id)
    return [event for event in history if event.what in {"claimed", "approved", "rejected", "reassigned"}]
