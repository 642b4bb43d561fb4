"""A pytest plugin: the stand-ins as fixtures, fresh for each test, on the test's own event loop.

In a project's ``conftest.py``::

    pytest_plugins = ["bot.sandbox.fixtures"]

Then a test takes ``slack``, ``airtable`` or ``ollama``. How each is run is what ``slack_options``,
``airtable_options`` and ``ollama_options`` return, the keywords of its ``running()``; a module or a conftest
overrides these to have it otherwise::

    @pytest.fixture
    def slack_options() -> dict[str, Any]:
        return {"timing": Timing(ack=0.5), "strict_rates": True}

Needs pytest and pytest-asyncio, which basecamp itself does not install.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.ollama import OllamaStandIn
from bot.sandbox.ollama import running as running_ollama
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack

Options = dict[str, Any]


@pytest.fixture
def slack_options() -> Options:
    """How the workspace is run; by default as Slack runs, with the app of manifest.yml."""
    return {}


@pytest.fixture
def airtable_options() -> Options:
    """How Airtable is run; by default with its rate, five requests a second."""
    return {}


@pytest.fixture
def ollama_options() -> Options:
    """How Ollama is run; by default it answers with what the rules read."""
    return {}


@pytest_asyncio.fixture
async def slack(slack_options: Options) -> AsyncIterator[SlackSandbox]:
    """A local Slack workspace."""
    async with running_slack(**slack_options) as workspace:
        yield workspace


@pytest_asyncio.fixture
async def airtable(airtable_options: Options) -> AsyncIterator[AirtableStandIn]:
    """A local Airtable with an empty base."""
    async with running_airtable(**airtable_options) as base:
        yield base


@pytest_asyncio.fixture
async def ollama(ollama_options: Options) -> AsyncIterator[OllamaStandIn]:
    """A local Ollama that has one model."""
    async with running_ollama(**ollama_options) as model:
        yield model
