"""A sender's door at one desk of several."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.server import running as running_slack
from core.ports import Embedder
from tests.product import Product, product
from tests.senders import CASES, SECRETS
from tests.spoilt import request_of
from tests.standing import standing, there


@asynccontextmanager
async def two_desks(embedder: Embedder, folder: Path) -> AsyncIterator[Product]:
    """The product with the desks #leads and #front-desk."""
    desks = folder / "desks"
    desks.mkdir()
    (desks / "front.yaml").write_text('channel: "#front-desk"\nbusiness_type: medspa\n')
    async with (
        running_slack(port=0) as slack,
        product(
            slack,
            folder,
            embedder,
            desks_dir=desks,
            slack_desk_channel="#leads",
            webhook_secrets=SECRETS,
        ) as bot,
    ):
        yield bot


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with standing(two_desks(embedder, tmp_path_factory.mktemp("two"))) as bot:
        yield bot


async def ask(bot: Product, name: str, desk: str) -> tuple[int, dict[str, Any]]:
    request = request_of(CASES[name])
    request = replace(request, path=f"{request.path}{desk}")
    headers = {"Content-Type": request.content_type, **request.headers}
    async with bot.session.post(bot.app.url + request.path, data=request.body, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("name", "path", "channel", "business_type"),
    [("Typeform", "/front-desk", "#front-desk", "medspa"), ("Tally", "/leads", "#leads", "general")],
)
@there
async def test_a_lead_comes_to_the_desk_in_the_address(
    bot: Product, name: str, path: str, channel: str, business_type: str
) -> None:
    _, answer = await ask(bot, name, path)
    lead = await bot.lead(answer["data"]["lead_id"])
    assert (lead.desk, lead.business_type) == (channel, business_type)


@there
async def test_an_address_without_a_desk_is_the_first_desk_s(bot: Product) -> None:
    _, answer = await ask(bot, "Webflow", "")
    assert (await bot.lead(answer["data"]["lead_id"])).desk == "#leads"


@pytest.mark.parametrize("path", ["/nowhere", "/%23leads", "/leads/more", "/Leads"])
@there
async def test_a_desk_that_is_not_there_is_not_found(bot: Product, path: str) -> None:
    assert (await ask(bot, "Typeform", path))[0] == 404


@there
async def test_what_has_to_be_asked_about_is_asked_at_that_desk(bot: Product) -> None:
    await ask(bot, "Gravity Forms", "/front-desk")
    await bot.slack.until(
        lambda slack: "What are these fields" in str(slack.messages("front-desk")), timeout=10
    )
