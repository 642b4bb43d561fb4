"""Every verb of /lead and of mentions through the real product: who may, what it changes, twice is once."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from string import ascii_lowercase
from typing import Any

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.lead import DeskStatus, Lead, utcnow
from core.ports import Embedder
from tests.product import Product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"
BOT = "@basecamp"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("verbs")) as bot:
        yield bot


async def ask(bot: Product, text: str, user: str = "dana") -> str:
    """What this user is told, privately, after /lead."""
    return await told(bot, user, lambda: bot.slack.command(user, "leads", "/lead", text))


async def told(bot: Product, user: str, do: Any) -> str:
    before = len(bot.slack.ephemerals(user))
    await do()
    await bot.slack.until(_more_than(user, before), timeout=10)
    return text_of(bot.slack.ephemerals(user)[-1])


def _more_than(user: str, count: int) -> Callable[[SlackSandbox], bool]:
    return lambda slack: len(slack.ephemerals(user)) > count


async def carded(bot: Product) -> Lead:
    """A lead by somebody who never wrote before, through and with its card."""
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    words = f"{BRAKES} {family}"
    lead = await bot.synced(await bot.send(words, name=f"Ana {family}", email=f"{family}@example.com"))
    await bot.final_card(lead.lead_id)
    return lead


async def made_of(bot: Product, ts: str) -> Lead:
    """The lead that a message became, once it has."""
    while True:
        found = await bot.app.store.submissions.lead_of("slack_message", f"{bot.slack.desk_channel}:{ts}")
        if found is not None:
            return await bot.lead(found.lead_id)
        await asyncio.sleep(0.05)


def thread(bot: Product, lead: Lead) -> list[str]:
    card = bot.card(lead.lead_id)
    assert card is not None
    return [text_of(reply) for reply in bot.slack.thread("leads", card["ts"])]


async def say_there(bot: Product, lead: Lead, words: str, user: str = "dana") -> str:
    """Write in the thread of the lead's card."""
    card = bot.card(lead.lead_id)
    assert card is not None
    return await bot.slack.say(user, "leads", words, thread_ts=card["ts"])


async def histories(bot: Product, lead: Lead, what: str) -> int:
    return [event.what for event in await bot.app.store.events.of(lead.lead_id)].count(what)


@there
async def test_claim_makes_it_mine(bot: Product) -> None:
    lead = await carded(bot)
    assert "on its way" in await ask(bot, f"claim {lead.number}")
    claimed = await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.CLAIMED)
    assert claimed.owner == bot.slack.user("dana")


@there
async def test_a_claim_that_comes_too_late_is_told_at_once(bot: Product) -> None:
    lead = await carded(bot)
    await ask(bot, f"claim {lead.number}")
    await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)
    assert "before you" in await ask(bot, f"claim {lead.number}", "marco")


@pytest.mark.parametrize("to", ["@marco", "to @marco", "marco"])
@there
async def test_assign_hands_it_to_somebody(bot: Product, to: str) -> None:
    lead = await carded(bot)
    await ask(bot, f"assign {lead.number} {to}")
    assert (await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)).owner == bot.slack.user(
        "marco"
    )


@there
async def test_assign_to_nobody_of_the_desk_says_so(bot: Product) -> None:
    lead = await carded(bot)
    assert "nobody of this desk" in await ask(bot, f"assign {lead.number} gandalf")
    assert "@name" in await ask(bot, f"assign {lead.number}")


@there
async def test_a_note_stands_in_the_thread(bot: Product) -> None:
    lead = await carded(bot)
    await ask(bot, f"note {lead.number} Called him, asked @marco & will call again")
    await bot.slack.until(lambda _: any("Called him" in line for line in thread(bot, lead)), timeout=10)
    assert any("@marco" in line for line in thread(bot, lead))


@there
async def test_a_note_without_words_opens_the_form(bot: Product) -> None:
    lead = await carded(bot)
    await bot.slack.command("marco", "leads", "/lead", f"note {lead.number}")
    views = await bot.slack.until(
        lambda s: [view for view in s.views("marco") if "Add note" in text_of(view)], timeout=10
    )
    await bot.slack.close_view("marco", views[0]["id"])


@there
async def test_edit_opens_the_form_whatever_follows(bot: Product) -> None:
    lead = await carded(bot)
    await bot.slack.command("marco", "leads", "/lead", f"edit {lead.number} please")
    views = await bot.slack.until(
        lambda s: [view for view in s.views("marco") if f"Edit {lead.number}" in text_of(view)], timeout=10
    )
    await bot.slack.close_view("marco", views[0]["id"])
    assert "card's menu" in await told(bot, "dana", lambda: say_there(bot, lead, f"{BOT} edit"))


@there
async def test_snooze_takes_a_day_and_a_reason(bot: Product) -> None:
    lead = await carded(bot)
    await ask(bot, f"snooze {lead.number} 2d waits for the part")
    snoozed = await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.SNOOZED)
    assert snoozed.snoozed_until is not None
    assert timedelta(days=1) < snoozed.snoozed_until - utcnow() < timedelta(days=3)
    await bot.slack.until(
        lambda _: any("waits for the part" in line for line in thread(bot, lead)), timeout=10
    )
    await ask(bot, f"wake {lead.number}")
    await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.NEW)


@pytest.mark.parametrize(("when", "says"), [("soon", "Say until when"), ("2020-01-01", "still to come")])
@there
async def test_a_snooze_without_a_time_to_come_says_so(bot: Product, when: str, says: str) -> None:
    lead = await carded(bot)
    assert says in await ask(bot, f"snooze {lead.number} {when}")
    assert (await bot.lead(lead.lead_id)).desk_status == DeskStatus.NEW


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("approve {}", DeskStatus.APPROVED),
        ("won {} 4,500", DeskStatus.WON),
        ("lost {} too dear", DeskStatus.LOST),
        ("reject {}", DeskStatus.REJECTED),
        ("spam {}", DeskStatus.SPAM),
    ],
)
@there
async def test_a_verb_brings_the_lead_to_its_state_and_reopen_back(
    bot: Product, typed: str, becomes: DeskStatus
) -> None:
    lead = await carded(bot)
    await ask(bot, typed.format(lead.number))
    await bot.lead_when(lead.lead_id, lambda now: now.desk_status == becomes)
    if becomes != DeskStatus.APPROVED:
        await ask(bot, f"reopen {lead.number}")
        await bot.lead_when(lead.lead_id, lambda now: now.desk_status in {DeskStatus.NEW, DeskStatus.CLAIMED})


@there
async def test_lost_wants_a_reason(bot: Product) -> None:
    lead = await carded(bot)
    assert "Say why" in await ask(bot, f"lost {lead.number}")


@there
async def test_me_keeps_ones_own_settings_and_says_how_they_stand(bot: Product) -> None:
    assert "24 Dec" in await ask(bot, "me away 24 dec 2030 to 31 dec 2030", "priya")
    assert "digest" in await ask(bot, "me level digest", "priya")
    assert "mon-fri" in await ask(bot, "me hours mon-fri 9:00-17:00", "priya")
    assert "What can be set" in await ask(bot, "me loud", "priya")
    own = await bot.app.store.reps.of(bot.app.desk.desks.first.channel, bot.slack.user("priya"))
    assert (own.level, len(own.away)) == ("digest", 1)


@there
async def test_me_alone_opens_the_form_of_home(bot: Product) -> None:
    await bot.slack.command("marco", "leads", "/lead", "me")
    views = await bot.slack.until(
        lambda s: [view for view in s.views("marco") if "When I work" in text_of(view)], timeout=10
    )
    await bot.slack.close_view("marco", views[0]["id"])
    lead = await carded(bot)
    assert "At work" in await told(bot, "dana", lambda: say_there(bot, lead, f"{BOT} me"))


@there
async def test_find_finds_by_name_and_phone_and_the_reading_is_audited(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Roof leaks", name="Zoe Quux", phone="+1 415 555 0177"))
    for words in ("find quux roof", "find (415) 555-0177"):
        assert f"|{lead.number}>" in await ask(bot, words)
    assert await histories(bot, lead, "contact_read") == 2
    assert "No lead says" in await ask(bot, "find quux brakes")


@pytest.mark.parametrize("name", ["open", "mine", "new", "hot", "unclaimed", "overdue"])
@there
async def test_each_list_is_answered(bot: Product, name: str) -> None:
    assert len(await ask(bot, f"list {name}")) > 20


@there
async def test_a_list_that_is_none_says_which_there_are(bot: Product) -> None:
    assert "unclaimed" in await ask(bot, "list cold")


@there
async def test_next_and_back_turn_the_pages_and_keep_the_list(bot: Product) -> None:
    for number in range(11):
        await bot.send(f"Please send me a price list, number {number}", name=f"Pia Pager{number}")
    await ask(bot, "find pager")
    shown = bot.slack.ephemerals("dana")[-1]
    await bot.slack.click("dana", "leads", shown["ts"], "list_next")

    def now() -> str:
        return next(text_of(seen) for seen in bot.slack.ephemerals("dana") if seen["ts"] == shown["ts"])

    await bot.slack.until(lambda _: "list_back" in now(), timeout=10)
    assert "list_next" not in now()
    assert "pager" in now()
    await bot.slack.click("dana", "leads", shown["ts"], "list_back")
    await bot.slack.until(lambda _: "list_next" in now(), timeout=10)
    assert now().count("Pia Pager") == 10


@there
async def test_somebody_outside_is_told_nothing(bot: Product) -> None:
    lead = await carded(bot)
    for typed in (f"claim {lead.number}", "find ana", "list mine", f"note {lead.number} x"):
        before = len(bot.slack.ephemerals("olga"))
        await bot.slack.command("olga", "general", "/lead", typed)
        await bot.slack.until(_more_than("olga", before), timeout=10)
        assert "Only members of the desk" in text_of(bot.slack.ephemerals("olga")[-1])


@there
async def test_a_mention_in_the_thread_works_on_the_cards_lead(bot: Product) -> None:
    lead = await carded(bot)
    await say_there(bot, lead, f"{BOT} claim", "marco")
    claimed = await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)
    assert claimed.owner == bot.slack.user("marco")
    await say_there(bot, lead, f"{BOT} assign to @dana", "marco")
    await bot.lead_when(lead.lead_id, lambda now: now.owner == bot.slack.user("dana"))
    await say_there(bot, lead, f"hey {BOT}, note called him")
    await bot.slack.until(lambda _: any("called him" in line for line in thread(bot, lead)[3:]), timeout=10)


@there
async def test_a_refusal_of_a_mention_is_private_and_in_the_thread(bot: Product) -> None:
    lead = await carded(bot)
    await say_there(bot, lead, f"{BOT} claim", "marco")
    await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)
    assert "before you" in await told(bot, "dana", lambda: say_there(bot, lead, f"{BOT} claim"))
    card = bot.card(lead.lead_id)
    assert card is not None
    assert bot.slack.ephemerals("dana")[-1]["thread_ts"] == card["ts"]


@there
async def test_a_look_up_by_mention_is_answered_privately(bot: Product) -> None:
    lead = await carded(bot)
    assert str(lead.contact.email) in await told(bot, "dana", lambda: say_there(bot, lead, f"{BOT} show"))
    assert not any(str(lead.contact.email) in line for line in thread(bot, lead))


@there
async def test_a_mention_that_is_no_verb_gets_help(bot: Product) -> None:
    lead = await carded(bot)
    assert "/lead claim" in await told(bot, "dana", lambda: say_there(bot, lead, f"{BOT} good morning"))


@there
async def test_a_mention_in_the_channel_is_no_lead(bot: Product) -> None:
    before = await bot.app.store.leads.count()
    answer = await told(bot, "dana", lambda: bot.slack.say("dana", "leads", f"{BOT} list hot"))
    assert "Urgent" in answer
    assert await bot.app.store.leads.count() == before


@there
async def test_a_message_that_only_speaks_of_the_bot_is_a_lead(bot: Product) -> None:
    ts = await bot.slack.say("dana", "leads", f"Bob needs brakes, he has 415 555 0199. {BOT} is great")
    assert (await made_of(bot, ts)).contact.phone == "415 555 0199"


@there
async def test_new_by_mention_makes_one_lead(bot: Product) -> None:
    before = await bot.app.store.leads.count()
    answer = await told(
        bot, "dana", lambda: bot.slack.say("dana", "leads", f"{BOT} new Bea, bea@example.com, wants tyres")
    )
    (lead,) = await bot.app.store.leads.newest(limit=1)
    assert lead.number in answer
    assert (lead.contact.email, lead.message) == ("bea@example.com", "Bea, bea@example.com, wants tyres")
    assert await bot.app.store.leads.count() == before + 1


@there
async def test_a_mention_that_is_delivered_twice_counts_once(bot: Product) -> None:
    lead = await carded(bot)
    before = len(bot.slack.ephemerals("dana"))
    bot.slack.faults.add("events_api", duplicate=True, times=4)
    await say_there(bot, lead, f"{BOT} note only once")
    await say_there(bot, lead, f"{BOT} show")
    await bot.slack.until(_more_than("dana", before), timeout=10)
    await bot.slack.until(lambda _: any("only once" in line for line in thread(bot, lead)[2:]), timeout=10)
    await ask(bot, "help", "marco")  # all is through by then
    assert await histories(bot, lead, "noted") == 1
    assert len(bot.slack.ephemerals("dana")) == before + 1
