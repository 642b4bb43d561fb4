"""The Home tab when something is wrong: Slack in a hurry, clicks that come twice, a bot that was removed."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from handlers import home
from tests.product import Product, eventually, product, text_of


async def opened(bot: Product, user: str) -> str:
    """The words of their Home, once it is another than before."""
    before = (bot.slack.home(user) or {}).get("hash")
    await bot.slack.open_home(user)
    return text_of(await eventually(bot.slack, lambda: _homes(bot.slack, user, before)))


async def home_when(bot: Product, so: Callable[[str], bool]) -> str:
    """The words of Dana's Home, opened again and again until this is so."""
    for _ in range(40):
        words = await opened(bot, "dana")
        if so(words):
            return words
        await asyncio.sleep(0.2)
    raise AssertionError(words)


def _homes(slack: SlackSandbox, user: str, before: Any) -> list[dict[str, Any]]:
    view = slack.home(user)
    return [view] if view is not None and view["hash"] != before else []


async def test_a_home_that_slack_has_no_time_for_is_published_a_moment_later(bot: Product) -> None:
    bot.slack.faults.add("views.publish", error="ratelimited", retry_after=1)
    assert "Your leads" in await opened(bot, "dana")


async def test_a_home_that_cannot_be_published_is_there_when_it_is_opened_again(bot: Product) -> None:
    bot.slack.faults.add("views.publish", status=503)
    await bot.slack.open_home("dana")
    await bot.slack.until(lambda s: s.count("views.publish") == 1)
    assert bot.slack.home("dana") is None
    assert "Your leads" in await opened(bot, "dana")


async def test_a_claim_in_home_that_comes_twice_is_one(bot: Product) -> None:
    lead = await bot.synced(await bot.send("My brakes are grinding badly", name="Ana Lee"))
    await opened(bot, "dana")
    view = bot.slack.home("dana")
    assert view is not None
    bot.slack.faults.add("interactive", duplicate=True)
    await bot.slack.click_view("dana", view["id"], f"home:claim:unclaimed:{lead.lead_id}")
    await bot.slack.until(lambda s: "is yours" in text_of(s.home("dana") or {}), timeout=20)
    history = await bot.app.store.events.of(lead.lead_id)
    assert [event.what for event in history].count("claimed") == 1


async def test_whoever_claimed_meanwhile_is_named_in_home_and_nobody_is_written_to(bot: Product) -> None:
    lead = await bot.synced(await bot.send("My brakes are grinding badly", name="Ana Lee"))
    await bot.final_card(lead.lead_id)
    await opened(bot, "dana")
    view, card = bot.slack.home("dana"), bot.card(lead.lead_id)
    assert view is not None
    assert card is not None
    await bot.slack.click("marco", "leads", card["ts"], "claim")
    await bot.lead_when(lead.lead_id, lambda now: now.owner is not None)
    await bot.slack.click_view("dana", view["id"], f"home:claim:unclaimed:{lead.lead_id}")
    marco = bot.slack.user("marco")
    told = f"{lead.number} was claimed by <@{marco}> before you."
    await bot.slack.until(lambda s: told in text_of(s.home("dana") or {}), timeout=20)
    assert not bot.slack.ephemerals("dana")


async def test_an_admin_is_told_that_the_bot_was_removed_from_the_desk_s_channel(bot: Product) -> None:
    bot.slack.promote("dana")
    await bot.slack.leave("basecamp", "leads")
    words = await opened(bot, "dana")
    assert "to mend" in words
    assert "the bot is not in" in words


async def test_a_home_waits_for_no_service_longer_than_it_takes_to_look(bot: Product) -> None:
    await opened(bot, "dana")
    bot.slack.promote("priya")
    bot.slack.faults.add("auth.test", delay=20, times=None)
    assert "did not answer within 2 s" in await opened(bot, "priya")


async def test_while_slack_does_not_say_who_belongs_to_the_desk_home_asks_to_come_back(bot: Product) -> None:
    bot.slack.faults.add("conversations.members", status=503, times=None)
    assert home.AWAY in await opened(bot, "dana")
    bot.slack.faults.clear()
    assert "Your leads" in await opened(bot, "dana")


async def test_what_nobody_answered_in_time_is_overdue_in_home_until_somebody_does(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / "desks").mkdir()
    (tmp_path / "desks" / "leads.yaml").write_text(f"""
channel: {slack.desk_channel}
routing: {{otherwise: pool}}
sla: {{within: {{low: 1s, medium: 1s, high: 1s, urgent: 1s}}, ladder: [{{at: 1000%, do: escalate}}]}}
""")
    async with product(slack, tmp_path, embedder, desks_dir=tmp_path / "desks") as bot:
        lead = await bot.synced(await bot.send("My brakes are grinding badly", name="Ana Lee"))
        words = await home_when(bot, lambda words: "Overdue" in words)
        assert "was due" in words
        view = bot.slack.home("dana")
        assert view is not None
        await bot.slack.click_view("dana", view["id"], f"home:claim:overdue:{lead.lead_id}")
        await bot.slack.until(lambda s: "is yours" in text_of(s.home("dana") or {}), timeout=20)
        await home_when(bot, lambda words: "Overdue" not in words)
