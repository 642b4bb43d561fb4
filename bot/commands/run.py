"""`basecamp run`: the bot in the foreground, until SIGTERM or Ctrl-C."""

import asyncio
import signal

import structlog

from bot import observe
from bot.app import running
from bot.settings import Settings

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Run until told to stop; what is under way is brought to its end first."""
    observe.configure(settings.log_level, settings.log_format)
    stop = stop_signal()
    async with running(settings) as app:
        log.info("ready", url=app.url, desks=app.desk.desks.channels)
        await stop.wait()
        log.info("stopping")


def stop_signal() -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
