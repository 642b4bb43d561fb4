"""Slack's rate limits, for those who ask for them: how many calls a method takes in a minute."""

import math
import time
from collections import deque
from collections.abc import Callable

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute (SLACK.md, "Rates")."""

METHOD_TIERS = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "users.info": 4,
    "users.lookupByEmail": 3,
    "users.list": 2,
    "conversations.list": 2,
    "conversations.open": 3,
    "conversations.info": 3,
    "conversations.members": 4,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.join": 3,
    "reactions.add": 3,
    "chat.startStream": 2,
    "chat.stopStream": 2,
    "chat.appendStream": 4,
    "usergroups.users.list": 2,
    "agents.sessions.setStatus": 3,
}

BURST = 5
"""How many chat.postMessage a channel takes at once before it takes one a second; Slack gives no figure."""


DISTRIBUTED = {"conversations.history": 1, "conversations.replies": 1}
"""Tiers of an app that is distributed outside the Marketplace; a page of theirs has PAGE_MOST messages."""

PAGE_MOST = 15


class Rates:
    """Counts calls over the last minute (chat.postMessage: a second a channel, with a short burst)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, distributed: bool = False) -> None:
        self._clock = clock
        self._tiers = METHOD_TIERS | (DISTRIBUTED if distributed else {})
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def take(self, method: str, channel: str) -> int:
        """0 if the call may pass, else the whole seconds until one may."""
        if method == "chat.postMessage":
            return self._window((method, channel), BURST, float(BURST))
        tier = self._tiers.get(method)
        return self._window((method, ""), TIERS[tier], 60.0) if tier else 0

    def _window(self, key: tuple[str, str], most: int, seconds: float) -> int:
        now = self._clock()
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - seconds:
            seen.popleft()
        if len(seen) >= most:
            return max(1, math.ceil(seen[0] + seconds - now))
        seen.append(now)
        return 0
