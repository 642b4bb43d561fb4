"""What people write in the Messages tab, answered through the real product."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.ports import Embedder
from tests.product import Product, text_of
from tests.standing import desk, there

PADS = "Do you fit ceramic brakes on a 2019 Honda Civic? They grind badly."


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("agent")) as bot:
        yield bot


def direct(bot: Product, user: str) -> str:
    return bot.slack.team.direct(bot.slack.user(user)).id


async def write(bot: Product, text: str, user: str = "dana", *, thread_ts: str | None = None) -> str:
    """Write in the Messages tab; the ts."""
    return await bot.slack.say(user, direct(bot, user), text, thread_ts=thread_ts)


async def answer_to(bot: Product, ts: str, user: str = "dana") -> dict[str, Any]:
    """The last answer in the message's thread, once it is whole."""

    def whole(_: Any) -> Any:
        said = [m for m in bot.slack.thread(direct(bot, user), ts) if "bot_id" in m]
        return said and said[-1].get("streaming_state") != "in_progress" and said

    found = await bot.slack.until(whole, timeout=20)
    return dict(found[-1])


async def ask(bot: Product, text: str, user: str = "dana") -> str:
    return text_of(await answer_to(bot, await write(bot, text, user), user))


@there
async def test_a_question_is_answered_from_the_leads_with_links_to_their_cards(bot: Product) -> None:
    lead = await bot.synced(await bot.send(PADS, name="Cora Lane", email="cora@example.com"))
    await bot.final_card(lead.lead_id)
    said = await ask(bot, "who else asked about ceramic brakes this month, and what happened?")
    print(said)
    card = bot.card(lead.lead_id)
    assert card is not None
    assert "Leads about “ceramic brakes” since 1 " in said
    assert f"p{card['ts'].replace('.', '')}|{lead.number}" in said
    assert "1 unclaimed" in said
