"""Leads that their sender keeps: fetched, however the sender answers, and across a restart of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.sandbox.slack.server import SlackSandbox
from core.adapters import facebook
from core.adapters.facebook import FacebookLeads
from core.adapters.hubspot import HubSpotContacts
from core.adapters.vendor_answers import VENDOR_ERRORS
from core.errors import Refused, Unavailable
from core.ports import Embedder, FormVendor
from tests.form_vendors import TOKEN, form_vendors
from tests.product import product
from tests.senders import CASES, SECRETS, golden
from tests.sending import Senders
from tests.spoilt import request_of


@asynccontextmanager
async def answering(status: int, body: str = "{}", **headers: str) -> AsyncIterator[str]:
    """The address of a server that answers so."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("kind", [FacebookLeads, HubSpotContacts])
@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (401, "{}", Refused, "set"),
        (403, "{}", Refused, "set"),
        (400, "{}", Refused, "refused (400)"),
        (302, "", Refused, "refused (302)"),
        (404, "{}", Refused, "does not know that lead"),
        (429, "{}", Unavailable, "slow down"),
        (500, "oh", Unavailable, "failed (500)"),
        (200, "<html>", Unavailable, "not JSON"),
        (200, "[]", Unavailable, "no lead"),
    ],
)
async def test_an_answer_that_is_no_lead_is_told_in_a_sentence(
    kind: Any, status: int, body: str, error: type[Refused] | type[Unavailable], says: str
) -> None:
    async with answering(status, body) as url:
        vendor: FormVendor = kind(TOKEN, url)
        with pytest.raises(error, match=says.replace("(", r"\(").replace(")", r"\)")) as told:
            await vendor.filled_in("1")
        await vendor.close()
    assert TOKEN not in str(told.value)


async def test_a_vendor_that_is_not_there_is_away() -> None:
    vendor = FacebookLeads(TOKEN, "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="does not answer"):
        await vendor.filled_in("1")
    await vendor.close()


def test_every_error_of_the_client_is_one_of_ours() -> None:
    raised = [each for each in vars(httpx).values() if isinstance(each, type) and issubclass(each, Exception)]
    mine = [each for each in raised if issubclass(each, VENDOR_ERRORS)]
    assert set(raised) - set(mine) == {httpx.CookieConflict}  # which only reading a cookie raises


def test_what_facebook_s_testing_tool_makes_up_is_a_test_lead() -> None:
    dummy = "<test lead: dummy data for email>"
    lead = golden("facebook_lead") | {"field_data": [{"name": "email", "values": [dummy]}]}
    read = facebook.read(lead)
    assert read.fields["is_test"] is True
    assert [answer.field for answer in read.answers] == [None]


@pytest.mark.parametrize("lead", [{}, {"field_data": None}, {"field_data": [1, {"name": 2, "values": "x"}]}])
def test_an_answer_of_facebook_s_without_a_form_in_it_breaks_nothing(lead: dict[str, Any]) -> None:
    assert all(answer.text == "" for answer in facebook.read(lead).answers)


async def test_a_lead_that_facebook_would_not_give_before_a_restart_is_fetched_after_it(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with form_vendors() as vendors:
        settings: dict[str, Any] = {
            "webhook_secrets": SECRETS,
            "facebook_token": TOKEN,
            "facebook_api_url": vendors.url,
        }
        vendors.failing = 1
        async with product(slack, tmp_path, embedder, **settings) as bot:
            await Senders(bot, vendors).ask(request_of(CASES["Facebook"]))
        async with product(slack, tmp_path, embedder, **settings) as bot:
            lead = await Senders(bot, vendors).lead_of(CASES["Facebook"])
    assert lead.contact.name == "Fatima Boucher"
    assert len(vendors.asked) >= 2
