"""Keys of programs: what each may do, and how one is made and recognised."""

import hashlib
import re
import secrets
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from core.actions import API
from core.lead import Value

KEY_BYTES = 32
"""Of randomness: so many that a plain sha256 of the key tells nobody the key."""

PREFIX: Final = "bck_"
"""Begins every key, so that it is recognised where it should not be."""

SHOWN = len(PREFIX) + 6
"""Characters of a key by which people know it."""

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}", re.ASCII)


class Scope(StrEnum):
    """What a key opens."""

    READ = "read"  # see leads, with their contact data
    WRITE = "write"  # change, merge and erase them
    INTAKE = "intake"  # send new ones


class Caller(Value):
    """Who calls: a key's name and rights.

    Attributes:
        actor: as the history of a lead names it: ``api`` or ``api:<name>``.
        bucket: by what its calls are counted.
    """

    actor: str
    scopes: frozenset[Scope]
    bucket: str


class ApiKey(Value):
    """A key as it is kept: not the key."""

    key_id: str
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None = None

    @property
    def caller(self) -> Caller:
        """Whoever comes with it."""
        return Caller(actor=f"{API}:{self.name}", scopes=self.scopes, bucket=f"key:{self.key_id}")


def new_key() -> str:
    """A key that nobody has."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def digest(key: str) -> str:
    """Under what a key is kept and found; what it was sent as may be no text."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
