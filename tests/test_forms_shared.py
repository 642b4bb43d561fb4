"""Two processes behind a balancer: a form that one of them showed is taken by the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from core.store import opened
from handlers.web.app import web_app
from handlers.web.forms.routes import Forms, routes
from handlers.web.forms.token import KEY_BYTES, TOO_FAST_SECONDS, Opened, Tokens, tokens_of
from handlers.web.guards import finish
from handlers.web.guesses import Guesses
from handlers.web.limits import Limits, Rates
from tests.databases import KINDS, fresh_database
from tests.product import Product, product
from tests.test_forms import ANA, FILE, FORM

JSON = {"Accept": "application/json"}


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that both share."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


@asynccontextmanager
async def another(bot: Product, url: str, folder: Path) -> AsyncIterator[str]:
    """The forms of a second process, which has the database in common and no folder; their address."""
    async with opened(url) as store:
        tokens = await tokens_of(store.signing_keys, folder)
        limits = Limits(Rates(), None)
        forms = Forms(
            desk=bot.app.desk, tokens=tokens, public_url=None, limits=limits, guesses=Guesses(limits)
        )
        runner = web.AppRunner(web_app(routes(forms), guards=[], finish=finish(())), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


async def shown(session: ClientSession, address: str) -> str:
    """The token of a form that is opened there."""
    async with session.get(address + FORM, headers=JSON) as response:
        return str((await response.json())["data"]["token"])


async def sent(session: ClientSession, address: str, token: str, message: str) -> int:
    """The status that answers a form with that token there."""
    filled = {**ANA, "token": token, "message": message}
    async with session.post(address + FORM, json=filled, headers=JSON) as response:
        return response.status


async def test_two_processes_take_each_other_s_forms(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, url: str
) -> None:
    desks = tmp_path / "own_desks"
    desks.mkdir()
    (desks / "leads.yaml").write_text(FILE)
    with_form: dict[str, Any] = {"desks_dir": desks, "slack_desk_channel": "#leads", "database_url": url}
    async with (
        product(slack, tmp_path / "one", embedder, **with_form) as bot,
        another(bot, url, tmp_path / "other") as other,
    ):
        one = bot.app.url
        from_one, from_other = await shown(bot.session, one), await shown(bot.session, other)
        await asyncio.sleep(TOO_FAST_SECONDS)  # else it was a program that filled them in
        assert await sent(bot.session, other, from_one, "Shown by the one, sent to the other") == 202
        assert await sent(bot.session, one, from_other, "Shown by the other, sent to the one") == 202


async def test_processes_that_start_at_once_agree_on_a_key(tmp_path: Path, url: str) -> None:
    async with opened(url) as one, opened(url) as other:
        found = await asyncio.gather(*(tokens_of(each.signing_keys, tmp_path) for each in (one, other) * 5))
    assert len({tokens.keys for tokens in found}) == 1


async def test_forms_that_were_open_when_the_key_moved_into_the_store_are_still_good(
    tmp_path: Path, url: str
) -> None:
    """Each of two processes had a key in its own folder; the first one's becomes that of both."""
    now = time.time()
    folders = [tmp_path / "one", tmp_path / "other"]
    before = [Tokens((bytes([number]) * KEY_BYTES,)) for number in range(2)]
    async with opened(url) as store:
        for folder, tokens in zip(folders, before, strict=True):
            folder.mkdir()
            (folder / "form.key").write_bytes(tokens.keys[0])
        after = [await tokens_of(store.signing_keys, folder) for folder in folders]
    for old, new in zip(before, after, strict=True):
        assert not isinstance(new.check(old.new("leads", now - 60), "leads", now), Opened)
    assert [tokens.keys[0] for tokens in after] == [before[0].keys[0]] * 2


async def test_a_key_that_was_not_written_to_its_end_signs_nothing(tmp_path: Path, url: str) -> None:
    (tmp_path / "form.key").write_bytes(b"")
    async with opened(url) as store:
        tokens = await tokens_of(store.signing_keys, tmp_path)
    assert [len(key) for key in tokens.keys] == [KEY_BYTES]
