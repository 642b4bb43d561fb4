"""What every command begins and ends with: the settings, and its work done to the end."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.settings import Settings


def settings(*, to_run: bool = False) -> "Settings":
    """The settings, or the list of what is wrong with them and how to mend it."""
    from bot.settings import BadSettings, load  # noqa: PLC0415 - heavy

    try:
        return load(to_run=to_run)
    except BadSettings as error:
        sys.exit("basecamp cannot start:\n" + "\n".join(f"  - {mistake}" for mistake in error.mistakes))


def perform(command: Coroutine[Any, Any, None]) -> None:
    """Do the command's work, to its end."""
    asyncio.run(command)
