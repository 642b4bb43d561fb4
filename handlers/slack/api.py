"""Slack's Web API as we call it: errors mapped, Retry-After honoured, never a blind repeat of a post."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from core import metrics
from core.errors import Refused, Unavailable

TIMEOUT_SECONDS = 10

WAIT_SECONDS = 5.0
"""A shorter Retry-After is waited for on the spot; a longer one makes the part wait in the store."""

CALM_SECONDS = 60.0
"""After a 429, how long a method keeps to one call a second, in that channel if it is a post."""

LONGEST_TURN = 30.0
"""How long a call waits for its turn by our own pace; with a longer queue its part waits in the store."""

POSTS = 5
"""Posts that a channel takes at once before it takes one a second; Slack speaks of short bursts."""

TIERS = {
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.replies": 50,
    "usergroups.users.list": 20,
    "users.info": 100,
    "views.open": 100,
    "views.update": 100,
}
"""Method -> calls a minute that Slack takes of an app in a workspace (its tiers)."""

SECONDS_A_POST = 1.04
"""What a channel takes for long, with what an answer takes."""

WEATHER = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"}
)

READS = frozenset(
    {"conversations.history", "conversations.list", "conversations.members", "conversations.replies"}
    | {"files.getUploadURLExternal", "usergroups.users.list", "users.info"}
)
"""Methods that take no JSON body, only a query."""

MENDS = {
    "channel_not_found": "the desk's channel does not exist or the bot is not in it: invite the bot",
    "not_in_channel": "the bot is not in the channel: invite it with /invite",
    "is_archived": "the channel is archived: unarchive it or set another desk channel",
    "is_inactive": "the channel is archived: unarchive it or set another desk channel",
    "invalid_auth": "the bot token is not valid: set SLACK_BOT_TOKEN anew",
    "token_revoked": "the bot token was revoked: install the app again",
    "account_inactive": "the app was removed from the workspace: install it again",
    "missing_scope": "the app lacks a scope: install it again with today's manifest.yml",
}


class Slack:
    """The Web API of one workspace."""

    def __init__(self, token: str, base_url: str, *, pace: float = 1.0) -> None:
        """pace: 1: as fast as Slack takes it for long; 2: twice as fast."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        # No retry handlers: the SDK's would repeat a post whose answer was lost; we look before we repeat.
        self.client = AsyncWebClient(
            token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, session=self._session, retry_handlers=[]
        )
        self._pace = pace
        self._paces: dict[tuple[str, str], Pace] = {}

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer of ``chat.postMessage`` and the like; raises Unavailable or Refused."""
        pace = self._pace_of(method, str(params.get("channel", "")))
        for _ in range(3):
            try:
                async with pace.turn():
                    return await _mapped(self._send, method, params)
            except Unavailable as error:
                metrics.failures.labels("Slack").inc()
                if error.retry_after is None:
                    raise
                pace.slow_down(error.retry_after)
                if error.retry_after > WAIT_SECONDS:
                    raise
        raise Unavailable("Slack", "asked us to slow down, again and again", retry_after=WAIT_SECONDS)

    def _pace_of(self, method: str, channel: str) -> "Pace":
        is_post = method == "chat.postMessage"
        key = method, channel if is_post else ""
        if key not in self._paces:
            calls, seconds = (POSTS, float(POSTS)) if is_post else (TIERS.get(method, 100), 60.0)
            self._paces[key] = Pace(calls, seconds / self._pace)
        return self._paces[key]

    async def upload(self, name: str, content: bytes) -> str:
        """Put a file where Slack wants it; its id. Nobody sees it before the upload is completed."""
        asked = await self.call("files.getUploadURLExternal", filename=name, length=len(content))
        try:
            async with self._session.post(str(asked["upload_url"]), data=content) as response:
                if not response.ok:
                    raise Unavailable("Slack", f"did not take a file ({response.status})")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("Slack", f"did not take a file ({type(error).__name__})") from None
        return str(asked["file_id"])

    async def respond(self, response_url: str, text: str) -> bool:
        """Answer a click privately through its response_url; False when it took too long for that."""
        answer = {"text": text, "response_type": "ephemeral", "replace_original": False}
        try:
            async with self._session.post(response_url, json=answer) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _send(self, method: str, params: dict[str, Any]) -> AsyncSlackResponse:
        if method in READS:
            return await self.client.api_call(method, http_verb="GET", params=params)
        return await self.client.api_call(method, json=params)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


class Pace:
    """How fast one method may be called, in one channel if it is a post: so fast that Slack never says 429.

    Other processes of the same app, and Slack's mood, are not known here: when it does say so, we slow down.
    """

    def __init__(self, most: int, seconds: float) -> None:
        """So many calls in any span of so many seconds, wherever in it they arrive."""
        self._seconds = seconds
        self._free = asyncio.Semaphore(most)
        self._not_before = 0.0
        self._calm_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The call is made in here; Unavailable when its turn is too long from now."""
        wait = self._not_before - time.monotonic()
        if wait > WAIT_SECONDS:
            raise Unavailable("Slack", "asked us to slow down", retry_after=wait)
        await asyncio.sleep(wait)
        try:
            async with asyncio.timeout(LONGEST_TURN):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("Slack", "takes no more for now", retry_after=self._seconds) from None
        try:
            if (now := time.monotonic()) < self._calm_until:
                at = max(now, self._not_before)
                self._not_before = at + 1.0
                await asyncio.sleep(at - now)
            yield
        finally:
            # Counted from the answer: by then the call has arrived, however long it was on its way.
            asyncio.get_running_loop().call_later(self._seconds, self._free.release)

    def slow_down(self, retry_after: float) -> None:
        """Slack said 429."""
        self._not_before = time.monotonic() + retry_after
        self._calm_until = self._not_before + CALM_SECONDS


async def _mapped(
    send: Callable[[str, dict[str, Any]], Awaitable[AsyncSlackResponse]], method: str, params: dict[str, Any]
) -> dict[str, Any]:
    """Slack's and the network's errors as ours."""
    try:
        response = await send(method, params)
    except SlackApiError as error:
        raise _meaning(error) from None
    except (aiohttp.ClientError, TimeoutError, SlackClientError) as error:
        raise Unavailable("Slack", f"did not answer ({type(error).__name__})") from None
    return dict(response.data) if isinstance(response.data, dict) else {}


def _meaning(error: SlackApiError) -> Unavailable | Refused:
    response = error.response
    code = str(response.get("error", "")) if isinstance(response.data, dict) else ""
    if code == "ratelimited" or response.status_code == 429:  # noqa: PLR2004 - Too Many Requests
        retry_after = float(response.headers.get("Retry-After", 1))
        return Unavailable("Slack", "asked us to slow down", retry_after=retry_after)
    if not code or code in WEATHER or response.status_code >= 500:  # noqa: PLR2004 - their fault
        return Unavailable("Slack", f"failed ({code or response.status_code})")
    return SlackRefused(code, f"{MENDS.get(code, 'it refused what we sent')} ({code})")


class SlackRefused(Refused):
    """Slack's firm no, with its own word for it, e.g. ``message_not_found``."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__("Slack", why)
        self.code = code
