"""Several desks: each lead comes to one, and only those who belong to it see it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.actions import Action, ActionName
from core.deskfile import DeskFile, When, read_desk_file
from core.desks import desks
from core.errors import NotAllowed
from core.lead import DeskStatus, Lead
from core.ports import Embedder
from tests.product import Product, product, text_of


def test_the_first_desk_takes_what_no_other_takes() -> None:
    spa = DeskFile(channel="#spa", takes=When(source=("spa_form",), business_type=("medspa",)))
    there = desks([spa], "#leads", time_zone="Europe/Berlin", business_type="general")
    assert there.taking(source="spa_form", business_type="medspa").channel == "#spa"
    assert there.taking(source="spa_form", business_type=None).channel == "#leads"
    assert there.taking(source="web_form", business_type="medspa").channel == "#leads"


def test_a_desk_without_a_file_is_a_plain_one_in_the_time_zone_of_the_settings() -> None:
    there = desks([], "#leads", time_zone="Europe/Berlin", business_type="medspa")
    assert (there.first.channel, there.first.time_zone) == ("#leads", "Europe/Berlin")
    assert (there.first.business_type, there.first.routing.otherwise) == ("medspa", "pool")


def test_a_file_that_names_no_time_zone_has_the_settings() -> None:
    named, unnamed = (
        read_desk_file(text, "x") for text in ("{channel: '#a', time_zone: Asia/Tokyo}", "channel: '#b'")
    )
    there = desks([named, unnamed], "#a", time_zone="Europe/Berlin", business_type="general")
    assert [each.time_zone for each in there.files] == ["Asia/Tokyo", "Europe/Berlin"]


def test_a_desk_whose_file_is_gone_is_still_there_for_its_leads() -> None:
    there = desks([], "#leads", time_zone="UTC", business_type="general")
    assert there.of("#old").channel == "#old"


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """#leads, and a front desk with Dana, Priya and Olga, whose business is a spa."""
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "front.yaml").write_text("""
channel: "#front-desk"
business_type: medspa
takes: {business_type: medspa}
routing: {otherwise: pool}
""")
    async with product(slack, tmp_path, embedder, desks_dir=folder) as running:
        yield running


async def test_a_lead_is_shown_at_the_desk_that_takes_it(bot: Product) -> None:
    lead_id = await bot.send("Lip filler, Friday?", business_type="medspa")
    await bot.slack.until(lambda s: any("Lip filler" in text_of(m) for m in s.messages("front-desk")))
    assert (await bot.lead(lead_id)).desk == "#front-desk"
    assert bot.card(lead_id) is None


async def test_a_message_in_a_desks_channel_is_that_desks_lead(bot: Product) -> None:
    await bot.slack.say("olga", "front-desk", "A lady on the phone wants a facial tomorrow")
    await bot.slack.until(lambda s: any("bot_id" in m for m in s.messages("front-desk")))
    [lead] = await bot.app.store.leads.newest(limit=5)
    assert (lead.desk, lead.business_type) == ("#front-desk", "medspa")


async def test_who_belongs_to_one_desk_sees_nothing_of_the_other(bot: Product) -> None:
    repair = await bot.synced(await bot.send("Brake repair for my Civic"))
    await bot.synced(await bot.send("Lip filler, Friday?", business_type="medspa"))
    assert (await bot.slack.command("olga", "front-desk", "/lead", "list")).ok
    listed = text_of(await bot.ephemeral("olga", "filler"))
    assert "Brake" not in listed
    for asked in (f"show {repair.number}", f"similar {repair.number}"):
        assert (await bot.slack.command("olga", "front-desk", "/lead", asked)).ok
    await bot.slack.until(lambda s: len(refusals(s)) == 2)


def refusals(slack: SlackSandbox) -> list[str]:
    return [text for text in map(text_of, slack.ephemerals("olga")) if "Only members" in text]


async def moved(bot: Product, lead: Lead, to: str, by: str) -> None:
    action = Action(
        key=f"move:{lead.lead_id}:{by}",
        name=ActionName.MOVE,
        lead_id=lead.lead_id,
        actor=bot.slack.user(by),
        target=to,
    )
    await bot.app.desk.act(action)


async def test_a_moved_lead_has_one_card_at_its_new_desk_and_a_line_at_the_old(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Lip filler, or is this the wrong place?"))
    old = await bot.final_card(lead.lead_id)
    await moved(bot, lead, "#front-desk", "dana")
    await bot.slack.until(lambda s: any("Lip filler" in text_of(m) for m in s.messages("front-desk")))
    left = next(m for m in bot.slack.messages("leads") if m["ts"] == old["ts"])
    assert "Moved to" in text_of(left)
    assert not [block for block in left["blocks"] if block["type"] == "actions"]
    [card] = [m for m in bot.slack.messages("front-desk") if "bot_id" in m]
    await bot.slack.until(lambda s: any("Moved by" in m["text"] for m in s.thread("front-desk", card["ts"])))


async def test_a_moved_lead_keeps_an_owner_who_works_there_too_and_no_other(bot: Product) -> None:
    for owner, kept in (("dana", True), ("marco", False)):
        lead = await bot.synced(await bot.send(f"A question for {owner}", email=f"{owner}@example.com"))
        card = await bot.final_card(lead.lead_id)
        assert (await bot.slack.click(owner, "leads", card["ts"], "claim")).ok
        lead = await bot.lead_when(lead.lead_id, lambda lead: lead.owner is not None)
        await moved(bot, lead, "#front-desk", owner)
        now = await bot.lead_when(lead.lead_id, lambda lead: lead.desk == "#front-desk")
        assert (now.owner is not None, now.desk_status == DeskStatus.CLAIMED) == (kept, kept)


async def test_a_lead_is_moved_by_command_and_by_mention(bot: Product) -> None:
    by_command = await bot.synced(await bot.send("Lip filler, or is this the wrong place?"))
    assert (await bot.slack.command("dana", "leads", "/lead", f"move {by_command.number} #front-desk")).ok
    await bot.lead_when(by_command.lead_id, lambda lead: lead.desk == "#front-desk")
    by_mention = await bot.synced(await bot.send("Botox, or is this the wrong place?", name="Bo"))
    card = await bot.final_card(by_mention.lead_id)
    await bot.slack.say("dana", "leads", "@basecamp move to #front-desk", thread_ts=card["ts"])
    await bot.lead_when(by_mention.lead_id, lambda lead: lead.desk == "#front-desk")
    for no_desk in ("#general", "#nowhere"):
        await bot.slack.command("dana", "leads", "/lead", f"move {by_mention.number} {no_desk}")
        await bot.ephemeral("dana", f"There is no desk {no_desk}")


async def test_a_lead_is_moved_to_a_desk_that_there_is(bot: Product) -> None:
    lead = await bot.synced(await bot.send("Nowhere to go"))
    await moved(bot, lead, "#general", "dana")
    await bot.ephemeral("dana", "There is no desk #general")


async def test_a_desk_whose_channel_is_gone_keeps_nobody_from_the_others(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / "desks").mkdir()
    (tmp_path / "desks" / "gone.yaml").write_text('{channel: "#nowhere", takes: {business_type: medspa}}')
    async with product(slack, tmp_path, embedder, desks_dir=tmp_path / "desks") as bot:
        assert await bot.app.desk.reader(slack.user("dana")).desks() == (slack.desk_channel,)
        with pytest.raises(NotAllowed):
            await bot.app.desk.reader(slack.user("olga")).desks()


async def test_a_moved_lead_is_given_to_somebody_of_its_new_desk(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "front.yaml").write_text(f"""
channel: "#front-desk"
reps: {{{slack.user("olga")}: }}
""")
    async with product(slack, tmp_path, embedder, desks_dir=folder) as bot:
        lead = await bot.synced(await bot.send("Lip filler, or is this the wrong place?"))
        await moved(bot, lead, "#front-desk", "dana")
        now = await bot.lead_when(lead.lead_id, lambda lead: lead.owner is not None)
        assert (now.desk, now.owner) == ("#front-desk", slack.user("olga"))
