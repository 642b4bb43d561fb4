"""Slack's Socket Mode connection, which comes back by itself whenever it is cut."""

import asyncio

import structlog
from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError

log = structlog.get_logger()

RECONNECT_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class Socket:
    """The connection. Slack being away at the start is no reason not to start: leads come over HTTP too."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        self._handler = AsyncSocketModeHandler(bolt, app_token, ping_interval=5)
        self._connecting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._connecting = asyncio.create_task(self._connect(), name="socket-mode")

    async def stop(self) -> None:
        """Disconnect: Slack delivers again what was not acknowledged."""
        if self._connecting is not None:
            self._connecting.cancel()
        await self._handler.client.close()  # type: ignore[no-untyped-call]  # slack_sdk's has no types

    async def _connect(self) -> None:
        pause = RECONNECT_SECONDS
        while True:
            try:
                await self._handler.client.connect()  # type: ignore[no-untyped-call]  # as above
            except (SlackClientError, ClientError, TimeoutError) as error:
                log.warning("slack_socket_failed", why=type(error).__name__, retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_SECONDS)
            else:
                log.info("slack_socket_connected")
                return
