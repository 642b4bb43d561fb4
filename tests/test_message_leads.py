"""A message in Slack becomes one lead, by whichever way: shortcut, reaction, or because it was watched."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.lead import Lead
from core.ports import Embedder
from tests.product import Product, text_of
from tests.standing import desk, there

WORDS = "Please ring Zoe Quux, 415 555 0177 or zoe@example.com: her 2019 Honda Civic needs brakes"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module; nobody watches #front-desk."""
    with desk(embedder, tmp_path_factory.mktemp("messages"), business_type="automotive") as bot:
        yield bot


async def wrote(bot: Product, words: str = WORDS, user: str = "dana", channel: str = "front-desk") -> str:
    return await bot.slack.say(user, channel, words)


async def form(bot: Product, ts: str, user: str = "dana", channel: str = "front-desk") -> dict[str, Any]:
    """What the message's shortcut opens, once it is filled."""
    known = {view["id"] for view in bot.slack.views(user)}
    assert (await bot.slack.shortcut(user, "make_lead", channel=channel, ts=ts)).ok
    await bot.slack.until(
        lambda s: any(v["id"] not in known and "One moment" not in text_of(v) for v in s.views(user)),
        timeout=10,
    )
    return bot.slack.views(user)[-1]


async def newest(bot: Product) -> Lead:
    (lead,) = await bot.app.store.leads.newest(limit=1)
    return lead


async def told(bot: Product, user: str, do: Any) -> str:
    before = len(bot.slack.ephemerals(user))
    await do
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before, timeout=10)
    return text_of(bot.slack.ephemerals(user)[-1])


@there
async def test_the_shortcut_opens_the_form_with_what_was_found(bot: Product) -> None:
    view = await form(bot, await wrote(bot))
    said = text_of(view)
    assert all(
        word in said for word in ("415 555 0177", "zoe@example.com", "Honda Civic", "read as", "/archives/")
    )


@there
async def test_the_form_makes_one_lead_that_links_the_message(bot: Product) -> None:
    ts = await wrote(bot)
    view = await form(bot, ts)
    assert (await bot.slack.submit("dana", view["id"], {"name": "Zoe Quux"})).ok
    lead = await newest(bot)
    assert (lead.source, lead.contact.name, lead.contact.email) == (
        "slack_shortcut",
        "Zoe Quux",
        "zoe@example.com",
    )
    assert lead.source_url is not None
    assert ts.replace(".", "") in lead.source_url
    assert lead.custom_fields["slack_user"] == bot.slack.user("dana")
    await bot.final_card(lead.lead_id)
    again = await form(bot, ts)
    assert f"is {lead.number} already" in text_of(again)


@there
async def test_two_forms_of_one_message_make_one_lead(bot: Product) -> None:
    ts = await wrote(bot)
    mine = await form(bot, ts)
    theirs = await form(bot, ts, "priya")
    assert (await bot.slack.submit("dana", mine["id"], {})).ok
    lead, count = await newest(bot), await bot.app.store.leads.count()
    await bot.slack.submit("priya", theirs["id"], {})
    assert f"is {lead.number} already" in text_of(bot.slack.views("priya")[-1])
    assert await bot.app.store.leads.count() == count


@there
async def test_a_message_that_was_watched_is_its_lead_already(bot: Product) -> None:
    ts = await wrote(bot, channel="leads")
    while (lead := await bot.app.desk.lead_of("slack_message", f"{bot.slack.desk_channel}:{ts}")) is None:
        pass
    assert f"is {lead.number} already" in text_of(await form(bot, ts, channel="leads"))
    assert f"is {lead.number} already" in await told(
        bot, "dana", bot.slack.react("dana", "leads", ts, "inbox_tray")
    )


@there
async def test_a_card_is_no_message_to_make_a_lead_of(bot: Product) -> None:
    lead_id = await bot.send("Do you sell tyres?")
    card = await bot.final_card(lead_id)
    assert "message of mine" in text_of(await form(bot, card["ts"], channel="leads"))


@there
async def test_an_outsider_gets_no_form(bot: Product) -> None:
    ts = await bot.slack.say("olga", "general", WORDS)
    assert "Only members" in text_of(await form(bot, ts, "olga", "general"))


@there
async def test_a_wrong_address_is_told_beside_its_input(bot: Product) -> None:
    view = await form(bot, await wrote(bot))
    ack = await bot.slack.submit("dana", view["id"], {"email": "zoe at example"})
    assert list(ack.errors) == ["email"]
    await bot.slack.close_view("dana", view["id"])


@there
async def test_the_global_shortcut_opens_the_empty_form(bot: Product) -> None:
    assert (await bot.slack.shortcut("marco", "new_lead")).ok
    (view,) = await bot.slack.until(lambda s: s.views("marco"), timeout=10)
    assert (await bot.slack.submit("marco", view["id"], {"message": "Wants a new windscreen"})).ok
    assert (await newest(bot)).message == "Wants a new windscreen"


@there
async def test_a_reaction_makes_one_lead_of_a_message(bot: Product) -> None:
    ts, before = await wrote(bot, user="olga"), await bot.app.store.leads.count()
    answer = await told(bot, "dana", bot.slack.react("dana", "front-desk", ts, "inbox_tray"))
    lead = await newest(bot)
    assert f"is {lead.number} now" in answer
    assert (lead.source, lead.contact.phone) == ("slack_reaction", "415 555 0177")
    again = await told(bot, "priya", bot.slack.react("priya", "front-desk", ts, "inbox_tray"))
    assert f"is {lead.number} already" in again
    assert await bot.app.store.leads.count() == before + 1


@there
async def test_a_reaction_on_a_reply_makes_a_lead_of_the_reply(bot: Product) -> None:
    root = await wrote(bot, "Any news?")
    ts = await bot.slack.say("dana", "front-desk", "Yes, Bo wants tyres, 415 555 0188", thread_ts=root)
    await told(bot, "dana", bot.slack.react("dana", "front-desk", ts, "inbox_tray"))
    assert (await newest(bot)).message.startswith("Yes, Bo wants tyres")


@there
async def test_other_reactions_outsiders_and_cards_make_no_lead(bot: Product) -> None:
    card = await bot.final_card(await bot.send("Do you sell wheels?"))
    ts, before = await wrote(bot), await bot.app.store.leads.count()
    await bot.slack.react("dana", "front-desk", ts, "tada")
    await bot.slack.react("olga", "general", await bot.slack.say("olga", "general", WORDS), "inbox_tray")
    await bot.slack.react("dana", "leads", card["ts"], "inbox_tray")
    await told(bot, "dana", bot.slack.command("dana", "leads", "/lead", "help"))  # all is through by then
    assert await bot.app.store.leads.count() == before


@there
async def test_a_reaction_that_is_delivered_twice_counts_once(bot: Product) -> None:
    ts, before = await wrote(bot), await bot.app.store.leads.count()
    seen = len(bot.slack.ephemerals("dana"))
    bot.slack.faults.add("events_api", duplicate=True)
    await told(bot, "dana", bot.slack.react("dana", "front-desk", ts, "inbox_tray"))
    await told(bot, "priya", bot.slack.command("priya", "leads", "/lead", "help"))
    assert await bot.app.store.leads.count() == before + 1
    assert len(bot.slack.ephemerals("dana")) == seen + 1
