"""What people are told reaches them once, alone or in the thread, until somebody acts."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.deskfile import Level
from core.lead import DeskStatus, Lead, utcnow
from core.noise.notices import Notice, Reason
from core.noise.telling import Told
from core.ports import Embedder
from core.reps import OwnSettings
from handlers import notices
from tests import slack_limits
from tests.lead_examples import lead as a_lead
from tests.product import Product, product, text_of

CALM = "What would an oil change for my 2012 Civic cost?"
BURNING = "URGENT! Brakes failed on the highway, need a tow right now"


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    async with product(slack, tmp_path, embedder) as running:
        yield running


async def carded(bot: Product, message: str = CALM) -> Lead:
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    lead = await bot.synced(await bot.send(message, name=f"Ana {family}", email=f"{family}@example.com"))
    await bot.final_card(lead.lead_id)
    return lead


async def give(bot: Product, lead: Lead, to: str | None = "dana", **changes: Any) -> None:
    said = {"key": secrets.token_hex(8), "reason": Reason.REMINDER, "why": None, **changes}
    user = None if to is None else bot.slack.user(to)
    await bot.app.desk.parts.notices.give(Notice(lead_id=lead.lead_id, desk=lead.desk, to=user, **said))


async def wants(bot: Product, user: str, **own: Any) -> None:
    desk = bot.app.desk.desks.first.channel
    await bot.app.store.reps.set(desk, bot.slack.user(user), OwnSettings(**own))


def thread(bot: Product, lead: Lead) -> list[dict[str, Any]]:
    card = bot.card(lead.lead_id)
    assert card is not None
    return bot.slack.thread("leads", card["ts"])


async def in_thread(bot: Product, lead: Lead, words: str) -> dict[str, Any]:
    def found(_: Any = None) -> list[dict[str, Any]]:
        return [line for line in thread(bot, lead) if words in text_of(line)]

    await bot.slack.until(found, timeout=20)
    return found()[0]


async def claim(bot: Product, lead: Lead, user: str) -> None:
    card = bot.card(lead.lead_id)
    assert card is not None
    assert (await bot.slack.click(user, "leads", card["ts"], "claim")).ok
    await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.CLAIMED)


async def later(bot: Product, seconds: float) -> None:
    """What the clock would do so much later: a tick then."""
    await bot.app.store.notices.take(
        utcnow() + timedelta(seconds=seconds), limit=100, enlist=bot.app.engine.ring
    )


async def settled(bot: Product, so: Callable[[], bool]) -> None:
    await bot.slack.until(lambda _: so(), timeout=20)


async def test_at_the_level_channel_somebody_is_mentioned_in_the_thread(bot: Product) -> None:
    lead = await carded(bot)
    await give(bot, lead)
    line = await in_thread(bot, lead, "Waits for you")
    assert bot.slack.user("dana") in line["text"]
    assert bot.directs("dana") == []


async def test_of_an_urgent_lead_somebody_is_told_alone(bot: Product) -> None:
    lead = await carded(bot, BURNING)
    await give(bot, lead)
    message = await bot.direct("dana", lead.number, "Waits for you")
    assert lead.contact.email not in message["text"]
    assert f"/archives/{bot.slack.desk_channel}/p" in text_of(message)


async def test_the_same_notice_twice_is_told_once(bot: Product) -> None:
    lead = await carded(bot, BURNING)
    for _ in range(2):
        await give(bot, lead, key="the-same")
    await bot.direct("dana", lead.number)
    await give(bot, lead)  # the same reason again, and nobody has acted
    await later(bot, 1)
    assert len(await bot.app.store.notices.pings(utcnow() - timedelta(hours=1))) == 1
    assert len(bot.directs("dana")) == 1


async def test_after_somebody_acted_the_same_reason_is_told_anew(bot: Product) -> None:
    lead = await carded(bot, BURNING)
    await give(bot, lead)
    await bot.direct("dana", lead.number)
    await claim(bot, lead, "dana")
    await give(bot, lead)
    await settled(bot, lambda: len(bot.directs("dana")) == 2)


async def test_what_was_kept_over_quiet_hours_is_one_message(bot: Product) -> None:
    now = utcnow()
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    await wants(bot, "dana", level=Level.DM, quiet=OwnSettings(quiet=quiet).quiet, time_zone="UTC")
    leads = [await carded(bot), await carded(bot), await carded(bot)]
    for lead in leads:
        await give(bot, lead)
    await later(bot, 10)
    assert bot.directs("dana") == []
    await later(bot, 3 * 3_600)
    message = await bot.direct("dana", "3 leads to look at")
    assert all(lead.number in text_of(message) for lead in leads)
    assert len(bot.directs("dana")) == 1


async def test_a_page_is_repeated_and_ends_after_the_third(bot: Product) -> None:
    await wants(bot, "dana", level=Level.PAGE)
    lead = await carded(bot)
    await give(bot, lead)
    for times in (1, 2, 3):
        await settled(bot, lambda times=times: len(bot.directs("dana")) == times)  # type: ignore[misc]  # bound now
        await sent(bot, times)
        await later(bot, 301 * times)
    await later(bot, 3_600)
    assert "3. time" in text_of(bot.directs("dana")[-1])
    assert len(bot.directs("dana")) == 3


async def sent(bot: Product, times: int) -> None:
    async def so() -> bool:
        pings = await bot.app.store.notices.pings(utcnow() - timedelta(hours=1))
        return sum(each.times for each in pings) == times

    while not await so():  # noqa: ASYNC110 - in the store: nothing to wait on
        await asyncio.sleep(0.05)


async def test_a_page_is_not_repeated_once_anybody_acted(bot: Product) -> None:
    await wants(bot, "dana", level=Level.PAGE)
    lead = await carded(bot)
    await give(bot, lead, reason=Reason.ESCALATION)
    await bot.direct("dana", lead.number)
    await sent(bot, 1)
    await claim(bot, lead, "marco")
    await later(bot, 301)
    await later(bot, 602)
    assert len(bot.directs("dana")) == 1


async def test_who_left_the_workspace_is_spoken_of_in_the_thread_once(bot: Product) -> None:
    await wants(bot, "dana", level=Level.PAGE)
    lead = await carded(bot)
    await bot.slack.deactivate("dana")
    await give(bot, lead)
    line = await in_thread(bot, lead, "could not be told in a direct message")
    assert bot.slack.user("dana") not in line["text"]
    await later(bot, 301)
    await later(bot, 602)
    assert [each for each in thread(bot, lead) if "could not" in text_of(each)] == [line]


async def test_a_message_whose_answer_was_lost_is_not_sent_again(bot: Product) -> None:
    await wants(bot, "dana", level=Level.DM)
    lead = await carded(bot)
    bot.slack.faults.add("chat.postMessage", lost_answer=True)
    await give(bot, lead)
    await bot.direct("dana", lead.number)
    await sent(bot, 1)
    assert len(bot.directs("dana")) == 1


async def test_whoever_is_at_the_desk_is_told_in_the_channel_without_a_mention(bot: Product) -> None:
    lead = await carded(bot)
    await give(bot, lead, to=None, reason=Reason.ESCALATION)
    line = await in_thread(bot, lead, "Waits for too long")
    assert (line["subtype"], "<@" in line["text"]) == ("thread_broadcast", False)


async def test_who_is_given_a_lead_is_told_by_whom(bot: Product) -> None:
    lead = await carded(bot)
    card = bot.card(lead.lead_id)
    assert card is not None
    await wants(bot, "marco", level=Level.DM)
    chosen = {"selected_user": bot.slack.user("marco")}
    assert (await bot.slack.click("dana", "leads", card["ts"], "reassign", **chosen)).ok
    message = await bot.direct("marco", lead.number, "Handed over to you: by dana")
    assert "<@" not in message["text"]
    assert bot.slack.user("marco") not in text_of(await in_thread(bot, lead, "Reassigned by dana to marco"))


async def test_nobody_is_told_of_what_they_did_themselves(bot: Product) -> None:
    lead = await carded(bot)
    card = bot.card(lead.lead_id)
    assert card is not None
    mine = {"selected_user": bot.slack.user("dana")}
    assert (await bot.slack.click("dana", "leads", card["ts"], "reassign", **mine)).ok
    await in_thread(bot, lead, "Reassigned by dana to dana")
    await later(bot, 1)
    assert await bot.app.store.notices.pings(utcnow() - timedelta(hours=1)) == []


async def test_the_owner_is_told_that_the_sender_wrote_again(bot: Product) -> None:
    person = {"name": "Zora Quill", "email": "zora.quill@example.com"}
    lead = await bot.synced(await bot.send(CALM, **person))
    await bot.final_card(lead.lead_id)
    await claim(bot, lead, "dana")
    await wants(bot, "dana", level=Level.DM)
    again = await bot.lead(await bot.send(f"{CALM} Thanks!", **person))
    await bot.direct("dana", lead.number, f"Its sender wrote again: {again.number}")


def test_a_message_of_many_leads_keeps_slacks_limits() -> None:
    hostile = a_lead(message="<!channel> *x* " * 200, owner="U1")
    told = [
        Told(
            notice=Notice(
                key=str(at), reason=reason, lead_id=hostile.lead_id, desk="C0", to="U1", why="<!here>" * 90
            ),
            lead=hostile,
            times=2,
        )
        for at in range(10)
        for reason in Reason
    ]
    links = {hostile.lead_id: "https://x.slack.com/archives/C0DESK/p1"}
    message = notices.direct(told, links, hidden=lambda _: frozenset())
    slack_limits.check_message(message.blocks, message.text)


async def test_many_notices_to_one_person_are_one_line(bot: Product) -> None:
    first, *others = [await carded(bot) for _ in range(4)]
    await give(bot, first)
    await in_thread(bot, first, "Waits for you")
    await sent(bot, 1)
    for lead in others:
        await give(bot, lead)
    await later(bot, 61)
    line = await in_thread(bot, others[0], others[2].number)
    assert all(lead.number in text_of(line) for lead in others)
    assert line["text"].count(bot.slack.user("dana")) == 1
