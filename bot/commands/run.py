"""`basecamp run`: the bot in the foreground, until SIGTERM or Ctrl-C."""

import asyncio
import gc
import signal

import structlog

from bot import observe
from bot.app import running
from bot.settings import Settings

log = structlog.get_logger()

YOUNG, OLD = 20_000, 50
"""Objects made, and rounds among the younger ones, before the collector looks for cycles among the older."""


async def run(settings: Settings) -> None:
    """Run until told to stop; what is under way is brought to its end first."""
    observe.configure(settings.log_level, settings.log_format)
    stop = stop_signal()
    async with running(settings) as app:
        log.info("ready", url=app.url, desks=app.desk.desks.channels)
        app.warming.add_done_callback(lambda _: keep_what_is_loaded())
        await stop.wait()
        log.info("stopping")


def keep_what_is_loaded() -> None:
    """Spare the collector what stays as long as the process: libraries, models, statements.

    It looked through all of that, a million objects, again and again, while every lead waited for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLD, OLD)


def stop_signal() -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
