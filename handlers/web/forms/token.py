"""The signed token of one form that was opened: none is sent that was not, nor sooner than a person can."""

import hmac
import os
import re
import secrets
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

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
    """Makes and checks the tokens of all forms."""

    key: bytes

    def new(self, desk: str, now: float) -> str:
        """A token of that desk's form, opened now (seconds since 1970)."""
        head = f"{int(now):010d}.{secrets.token_hex(16)}"
        return f"{head}.{self._mac(desk, head)}"

    def check(self, token: str, desk: str, now: float) -> str | Opened:
        """The form's own id, or what is wrong with it."""
        found = TOKEN.fullmatch(token)
        if found is None:
            return Opened.FORGED
        head = f"{found['at']}.{found['nonce']}"
        if not hmac.compare_digest(found["mac"], self._mac(desk, head)):
            return Opened.FORGED
        age = now - float(found["at"])
        if age > LASTS_SECONDS:
            return Opened.LONG_AGO
        return Opened.JUST_NOW if age < TOO_FAST_SECONDS else found["nonce"]

    def _mac(self, desk: str, head: str) -> str:
        return hmac.new(self.key, f"{desk}.{head}".encode(), "sha256").hexdigest()


def key_in(folder: Path) -> bytes:
    """The key kept in this folder, made the first time; only the bot's own user may read it. Blocks."""
    file = folder / "form.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(written, "wb") as opened:
        opened.write(key := secrets.token_bytes(KEY_BYTES))
    return key
