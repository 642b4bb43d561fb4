"""Fixtures for all tests: the product and its sandbox, and snapshots (``pytest --update-snapshots``)."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import load_embedder
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from bot.settings import Settings
from core.ports import Embedder
from tests.product import Product, product

Snapshot = Callable[[str, Any], None]
"""snapshot(name, JSON value)"""

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
    """The real embedding, loaded once."""
    loaded = load_embedder(Settings(_env_file=None))
    yield loaded
    loaded.close()


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """A local Slack workspace."""
    async with running_slack(port=0) as workspace:
        yield workspace


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """The product, running against the local workspace."""
    async with product(slack, tmp_path, embedder) as running:
        yield running
