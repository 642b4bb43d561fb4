"""Fixtures for all tests: the product, its sandbox, a browser, snapshots (``pytest --update-snapshots``)."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.making import load_embedder
from bot.sandbox.slack.server import SlackSandbox
from bot.settings import Settings
from core.ports import Embedder
from tests.databases import REQUIRED
from tests.fakes import Remembering
from tests.product import Product, product

pytest_plugins = ["bot.sandbox.fixtures"]

# Machines are shared and noisy: how long an example takes says nothing about the product.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

Snapshot = Callable[[str, Any], None]
"""snapshot(name, JSON value)"""

CHROMIUM = shutil.which("chromium")
"""Debian's; REQUIRE_SERVICES makes its absence a failure."""

SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option of ours."""
    parser.addoption(
        "--update-snapshots", action="store_true", help="write what the tests see to tests/snapshots"
    )


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """Compares a value with tests/snapshots/<name>.json, and says how to renew it."""
    update = bool(request.config.getoption("--update-snapshots"))

    def same(name: str, value: Any) -> None:
        path = SNAPSHOTS / f"{name}.json"
        seen = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        if update:
            path.write_text(seen, encoding="utf-8")
        assert path.exists(), f"no snapshot {name}: look at the value and run pytest --update-snapshots"
        assert seen == path.read_text(encoding="utf-8"), (
            f"{name} changed; if that is right: --update-snapshots"
        )

    return same


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    """The real embedding, loaded once, that does not embed the same text twice."""
    loaded = load_embedder(Settings(_env_file=None))
    yield Remembering(loaded)
    loaded.close()


@pytest.fixture
def airtable_options() -> dict[str, Any]:
    """The product's own tests do not wait for Airtable's rate."""
    return {"rate": None}


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """The product, running against the local workspace."""
    async with product(slack, tmp_path, embedder) as running:
        yield running


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A headless Chromium that calls nobody, started once; the address at which it is driven."""
    if CHROMIUM is None and not REQUIRED:
        pytest.skip("there is no chromium on this machine")
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    profile = f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"
    driven = ("--headless=new", "--remote-debugging-port=0", "--disable-component-update", "--disable-sync")
    command = [CHROMIUM or "chromium", *quiet.split(), *driven, profile]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = (re.search(r"listening on (ws://\S+)", line) for line in process.stderr)
        yield next(match[1] for match in said if match)
        process.terminate()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The session's Chromium, as seen from this test's event loop."""
    async with async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(chromium)


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An empty page; an error in one of its scripts fails the test."""
    errors: list[str] = []
    opened = await browser.new_page(viewport={"width": 1280, "height": 800})
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    await opened.close()
    assert errors == []
