"""What the product did wrong until the sandbox, which is as strict and as odd as Slack, showed it."""

from collections.abc import Iterator

import pytest

from core.lead import Part, Status
from core.ports import Embedder
from tests.product import Product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("found")) as bot:
        yield bot


@there
async def test_what_is_typed_after_lead_is_not_shown_escaped_twice(bot: Product) -> None:
    await bot.slack.command("dana", "leads", "/lead", "purple <carpets> & such")
    answer = await bot.ephemeral("dana", "purple")
    assert "&lt;carpets&gt; &amp; such" in answer["text"] + text_of(answer["blocks"])
    assert "&amp;amp;" not in text_of(answer)


@there
async def test_a_lead_typed_after_lead_new_stands_in_the_form_as_it_was_typed(bot: Product) -> None:
    await bot.slack.command("priya", "leads", "/lead", "new Brakes & tyres <today>")
    await bot.slack.until(lambda s: bool(s.views("priya")), timeout=10)
    (form,) = bot.slack.views("priya")
    typed = next(block["element"] for block in form["blocks"] if block["block_id"] == "message")
    assert typed["initial_value"] == "Brakes & tyres <today>"


@pytest.mark.parametrize("target", ["olga", "basecamp"])
@there
async def test_a_lead_is_not_handed_to_somebody_who_cannot_work_it(bot: Product, target: str) -> None:
    lead_id = await bot.send(f"{BRAKES} I was told to ask for {target}.")
    card = await bot.final_card(lead_id)
    stranger = bot.slack.user(target)
    await bot.slack.click("marco", "leads", card["ts"], "reassign", selected_user=stranger)
    await bot.ephemeral("marco", f"not handed over: <@{stranger}> is no person of this desk")
    assert (await bot.lead(lead_id)).owner is None


@there
async def test_a_message_with_a_picture_becomes_a_lead(bot: Product) -> None:
    before = len(bot.cards())
    await bot.slack.say("dana", "leads", "Walk-in: this bumper, a quote please", files=["bumper.jpg"])
    await bot.slack.until(lambda _: len(bot.cards()) > before, timeout=20)


@there
async def test_cards_come_soon_after_the_bot_was_invited_again(bot: Product) -> None:
    app = bot.slack.team.bot_user
    await bot.slack.leave(app, "leads")
    lead_id = await bot.send("A lead for a desk that threw the bot out")
    await bot.lead_when(lead_id, lambda lead: lead.status == Status.SYNCED and Part.CARD in lead.missing)
    await bot.slack.join(app, "leads")
    await bot.final_card(lead_id)


@there
async def test_cards_come_soon_after_an_archived_channel_is_back(bot: Product) -> None:
    await bot.slack.archive("dana", "leads")
    lead_id = await bot.send("A lead for a desk whose channel somebody archived")
    waits = await bot.lead_when(
        lead_id, lambda lead: lead.status == Status.SYNCED and Part.CARD in lead.missing
    )
    assert "unarchive it" in waits.missing[Part.CARD]
    await bot.slack.archive("dana", "leads", archived=False)
    await bot.final_card(lead_id)
