"""Many leads at once: one message in the channel, every card in its thread, urgent ones by themselves."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from core.deskfile import Burst
from core.noise.bursts import LONGEST, Summary, summary_of
from core.ports import Embedder
from tests import slack_limits
from tests.product import Product, product, text_of

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
RULE = Burst(leads=3, within=timedelta(minutes=1))


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


def summary(earlier: list[datetime], last: Summary | None = None) -> str | None:
    return summary_of(RULE, earlier, last, now=NOW, new="new")


def test_few_leads_stand_each_by_itself() -> None:
    assert summary(ago(1)) is None


def test_from_so_many_leads_on_they_are_gathered() -> None:
    assert summary(ago(1, 2)) == "new"


def test_leads_of_before_do_not_count() -> None:
    assert summary(ago(1, 60, 3_600)) is None


def test_a_burst_that_goes_on_has_one_summary() -> None:
    begun, added = ago(120, 30)
    assert summary(ago(1, 2), Summary(key="old", began_at=begun, last_at=added)) == "old"


def test_a_burst_after_a_pause_has_a_summary_of_its_own() -> None:
    begun, added = ago(120, 60)
    assert summary(ago(1, 2), Summary(key="old", began_at=begun, last_at=added)) == "new"


def test_a_summary_does_not_grow_for_ever() -> None:
    last = Summary(key="old", began_at=NOW - LONGEST, last_at=NOW)
    assert summary(ago(1, 2), last) == "new"


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with running_slack(strict_rates=True, speed=20) as running:
        yield running


def desk_of_three(folder: Path, channel: str) -> Path:
    made = folder / "desks"
    made.mkdir(exist_ok=True)
    text = f'{{channel: "{channel}", routing: {{otherwise: pool}}, noise: {{burst: {{leads: 3}}}}}}'
    (made / "leads.yaml").write_text(text)
    return made


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    folder = desk_of_three(tmp_path, slack.desk_channel)
    async with product(slack, tmp_path, embedder, desks_dir=folder, slack_pace=20) as running:
        yield running


def somebody() -> dict[str, Any]:
    given, family = ("".join(secrets.choice(ascii_lowercase) for _ in range(12)) for _ in range(2))
    return {"name": f"{given} {family}", "email": f"{family}@example.com"}


async def send(
    bot: Product, count: int, message: str = "What is an oil change for my {} Civic?"
) -> list[str]:
    return await asyncio.gather(
        *(bot.send(message.format(1990 + at % 30), **somebody()) for at in range(count))
    )


def keys(messages: list[dict[str, Any]]) -> list[str]:
    return [m["metadata"]["event_payload"]["key"] for m in messages if "metadata" in m]


def summaries(slack: SlackSandbox) -> list[dict[str, Any]]:
    return [m for m in slack.messages("leads") if keys([m])[:1] and keys([m])[0].startswith("burst:")]


def cards_under(slack: SlackSandbox) -> list[str]:
    lines = [key for each in summaries(slack) for key in keys(slack.thread("leads", each["ts"]))]
    return [key.removeprefix("card:") for key in lines if key.startswith("card:")]


def cards_alone(slack: SlackSandbox) -> list[str]:
    return [key.removeprefix("card:") for key in keys(slack.messages("leads")) if key.startswith("card:")]


async def test_many_leads_at_once_are_one_message_and_each_has_its_card(bot: Product) -> None:
    leads = await send(bot, 12)
    await bot.slack.until(lambda s: len(cards_under(s)) + len(cards_alone(s)) == 12, timeout=30)
    assert len(cards_alone(bot.slack)) == 2
    assert sorted([*cards_under(bot.slack), *cards_alone(bot.slack)]) == sorted(leads)
    await bot.slack.until(lambda s: "10 more new leads" in text_of(summaries(s)), timeout=20)
    [message] = summaries(bot.slack)
    slack_limits.check_message(message["blocks"], message["text"])
    assert "and 5 more" in text_of(message)


async def test_an_urgent_lead_in_a_burst_has_a_card_of_its_own(bot: Product) -> None:
    await send(bot, 6)
    urgent = await bot.send("URGENT! Brakes failed on the highway, need a tow right now", **somebody())
    await bot.slack.until(lambda s: urgent in cards_alone(s), timeout=20)
    await bot.slack.until(lambda s: "1 urgent, with a card of its own" in text_of(summaries(s)), timeout=20)


async def test_a_lead_under_a_summary_is_worked_like_any_other(bot: Product) -> None:
    await send(bot, 5)
    await bot.slack.until(lambda s: len(cards_under(s)) == 3, timeout=20)
    [message] = summaries(bot.slack)
    card = bot.slack.thread("leads", message["ts"])[0]
    lead = await bot.lead(keys([card])[0].removeprefix("card:"))
    assert (await bot.slack.click("dana", "leads", card["ts"], "claim")).ok
    await bot.slack.until(
        lambda s: f"{lead.number}: Claimed by dana" in text_of(s.thread("leads", message["ts"])), timeout=20
    )
    shown = next(m for m in bot.slack.thread("leads", message["ts"]) if m["ts"] == card["ts"])
    assert "Claimed by" in text_of(shown)


async def test_the_summary_shows_whoever_clicks_the_leads_page_by_page(bot: Product) -> None:
    await send(bot, 16)
    await bot.slack.until(lambda s: "14 more new leads" in text_of(summaries(s)), timeout=30)
    [message] = summaries(bot.slack)
    assert (await bot.slack.click("dana", "leads", message["ts"], "burst_show")).ok
    first = await bot.ephemeral("dana", "Leads 1 to 12 of 14")
    assert (await bot.slack.click("dana", "leads", first["ts"], "burst_show")).ok
    await bot.ephemeral("dana", "Leads 13 to 14 of 14")


async def test_a_restart_in_the_middle_of_a_burst_loses_no_card(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    folder = desk_of_three(tmp_path, slack.desk_channel)
    async with product(slack, tmp_path, embedder, desks_dir=folder, slack_pace=5) as bot:
        leads = await send(bot, 15)
        await slack.until(lambda s: len(cards_under(s)) >= 1, timeout=20)
    async with product(slack, tmp_path, embedder, desks_dir=folder, slack_pace=20):
        await slack.until(lambda s: len(cards_under(s)) + len(cards_alone(s)) == 15, timeout=30)
    assert sorted([*cards_under(slack), *cards_alone(slack)]) == sorted(leads)


async def test_a_burst_never_makes_slack_say_that_it_is_too_much(bot: Product) -> None:
    await send(bot, 100)
    await bot.slack.until(lambda s: len(cards_under(s)) + len(cards_alone(s)) == 100, timeout=60)
    assert [call.method for call in bot.slack.calls if call.error == "ratelimited"] == []
    assert len(bot.slack.messages("leads")) < 10


async def test_the_list_links_to_cards_in_the_thread(bot: Product) -> None:
    await send(bot, 5)
    await bot.slack.until(lambda s: len(cards_under(s)) == 3, timeout=20)
    while len(await bot.app.store.posts.cards(cards_under(bot.slack))) < 3:  # noqa: ASYNC110 - in the store: nothing to wait on
        await asyncio.sleep(0.05)
    [message] = summaries(bot.slack)
    assert (await bot.slack.click("dana", "leads", message["ts"], "burst_show")).ok
    shown = await bot.ephemeral("dana", "Leads 1 to 3 of 3")
    assert text_of(shown).count(f"?thread_ts={message['ts']}&amp;cid={bot.slack.desk_channel}|L-") == 3
