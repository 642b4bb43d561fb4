"""/lead: what it answers, to whom, and what it leaves in the audit trail."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder, Neighbour, Point, Vector
from tests.product import Product, product, text_of

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


async def ask(bot: Product, text: str, user: str = "dana") -> str:
    """What this user is told, privately."""
    before = len(bot.slack.ephemerals(user))
    ack = await bot.slack.command(user, "leads", "/lead", text)
    assert ack.ok
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before, timeout=5)
    return text_of(bot.slack.ephemerals(user)[-1])


async def test_help_lists_the_commands(bot: Product) -> None:
    answer = await ask(bot, "help")
    assert all(word in answer for word in ("show", "similar", "list", "new"))


async def test_show_tells_everything_and_the_reading_is_audited(bot: Product) -> None:
    lead_id = await bot.send(BRAKES, name="Ana Silva", email="ana@example.com")
    await bot.final_card(lead_id)
    answer = await ask(bot, "show L-1001")
    assert "Ana Silva" in answer
    assert "grinding badly" in answer
    readings = [event for event in await bot.app.store.events.of(lead_id) if event.what == "contact_read"]
    assert [event.actor for event in readings] == [bot.slack.user("dana")]


async def test_a_number_alone_shows_the_lead(bot: Product) -> None:
    await bot.final_card(await bot.send(BRAKES, name="Ana Silva"))
    assert "Ana Silva" in await ask(bot, "L-1001")


async def test_similar_finds_by_words_and_by_number(bot: Product) -> None:
    first = await bot.send(BRAKES, name="Ana Silva")
    second = await bot.send(BRAKES.replace("badly", "loudly"), name="Ben Stone")
    await bot.final_card(first)
    await bot.final_card(second)
    assert "L-1001" in await ask(bot, "similar grinding brakes on a Civic")
    assert "L-1002" in await ask(bot, "similar L-1001")
    assert "L-1001" in await ask(bot, "grinding brakes")


async def test_list_shows_open_leads_without_contact_data(bot: Product) -> None:
    await bot.final_card(await bot.send(BRAKES, name="Ana Silva", email="ana@example.com"))
    answer = await ask(bot, "list")
    assert "L-1001" in answer
    assert "ana@example.com" not in answer


async def test_a_slip_of_the_pen_is_told_the_nearest_command(bot: Product) -> None:
    assert "/lead similar" in await ask(bot, "similer")


async def test_an_unknown_number_is_not_found(bot: Product) -> None:
    assert "L-77" in await ask(bot, "show L-77")


async def test_somebody_outside_the_desk_learns_nothing(bot: Product) -> None:
    await bot.final_card(await bot.send(BRAKES, name="Ana Silva"))
    ack = await bot.slack.command("olga", "general", "/lead", "show L-1001")
    assert ack.ok
    await bot.slack.until(lambda s: bool(s.ephemerals("olga")), timeout=5)
    answer = text_of(bot.slack.ephemerals("olga")[-1])
    assert "Only members of the desk" in answer
    assert "Ana" not in answer


async def test_new_opens_a_form_tells_a_wrong_field_and_makes_one_lead(bot: Product) -> None:
    assert (await bot.slack.command("dana", "leads", "/lead", "new")).ok
    (view,) = await bot.slack.until(lambda s: s.views("dana"), timeout=5)
    typed = {"name": "Ana Silva", "email": "not an address", "message": BRAKES}
    refused = await bot.slack.submit("dana", view["id"], typed)
    assert "email" in refused.errors
    accepted = await bot.slack.submit("dana", view["id"], typed | {"email": "ana@example.com"})
    assert accepted.ok
    (lead,) = await bot.app.store.leads.newest(limit=5)
    assert (lead.source, lead.contact.name) == ("slash_command", "Ana Silva")


class HangingIndex:
    """An index that never answers."""

    async def upsert(self, points: Sequence[Point]) -> None:
        del points

    async def nearest(
        self, vector: Vector, *, limit: int, business_type: str | None = None
    ) -> list[Neighbour]:
        del vector, limit, business_type
        await asyncio.sleep(3600)
        return []

    async def forget(self, lead_ids: Sequence[str]) -> None:
        del lead_ids

    async def count(self) -> int:
        return 0


async def test_an_answer_comes_even_when_the_index_hangs(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    options: dict[str, Any] = {"index": HangingIndex()}
    async with product(slack, tmp_path, embedder, **options) as bot:
        answer = await ask(bot, "similar brakes")
        assert "does not answer right now" in answer
