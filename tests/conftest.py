"""Fixtures for all tests: snapshots, renewed with ``pytest --update-snapshots``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
