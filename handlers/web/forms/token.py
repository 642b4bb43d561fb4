"""The signed token of one form that was opened: none is sent that was not, nor sooner than a person can."""

import asyncio
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.store.signing_keys import SigningKeys

KEY = "form"
"""Under which the store has the key."""

KEY_BYTES = 32

TOO_FAST_SECONDS = 3.0
"""Nobody fills a form in faster; programs do."""

LASTS_SECONDS = 24 * 3600.0

TOKEN = re.compile(r"(?P<at>\d{10})\.(?P<nonce>[0-9a-f]{32})\.(?P<mac>[0-9a-f]{64})", re.ASCII)


class Opened(Enum):
    """What is wrong with a token."""

    FORGED = "forged"
    JUST_NOW = "just now"
    LONG_AGO = "long ago"


@dataclass(frozen=True)
class Tokens:
    """Makes and checks the tokens of all forms.

    Attributes:
        keys: the first signs; what any of them signed is good.
    """

    keys: tuple[bytes, ...]

    def new(self, desk: str, now: float) -> str:
        """A token of that desk's form, opened now (seconds since 1970)."""
        head = f"{int(now):010d}.{secrets.token_hex(16)}"
        return f"{head}.{_mac(self.keys[0], desk, head)}"

    def check(self, token: str, desk: str, now: float) -> str | Opened:
        """The form's own id, or what is wrong with it."""
        found = TOKEN.fullmatch(token)
        if found is None:
            return Opened.FORGED
        head = f"{found['at']}.{found['nonce']}"
        signed = [hmac.compare_digest(found["mac"], _mac(key, desk, head)) for key in self.keys]
        if not any(signed):
            return Opened.FORGED
        age = now - float(found["at"])
        if age > LASTS_SECONDS:
            return Opened.LONG_AGO
        return Opened.JUST_NOW if age < TOO_FAST_SECONDS else found["nonce"]


def _mac(key: bytes, desk: str, head: str) -> str:
    return hmac.new(key, f"{desk}.{head}".encode(), "sha256").hexdigest()


async def tokens_of(keys: SigningKeys, folder: Path) -> Tokens:
    """The tokens of all processes on this store.

    folder: where a process kept its own key before the store did; what that one signed is still good here.
    """
    own = await asyncio.to_thread(_key_in, folder)
    shared = await keys.get(KEY, otherwise=own or secrets.token_bytes(KEY_BYTES))
    return Tokens((shared,) if own is None or own == shared else (shared, own))


def _key_in(folder: Path) -> bytes | None:
    """The key in that folder; one that was not written to its end is none."""
    file = folder / "form.key"
    key = file.read_bytes() if file.exists() else b""
    return key if len(key) == KEY_BYTES else None
