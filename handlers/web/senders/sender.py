"""What a vendor of forms is to us: how its requests prove themselves, and what they say."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidLead
from core.intake.answered import Answer

WINDOW_SECONDS = 300
"""How old, or how far ahead, a signed request may be: what was caught on the way is no use later."""

MILLISECONDS_FROM = 1e11
"""A larger timestamp counts milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A request as its signature was made over it.

    Attributes:
        url: as its sender called it, with the query.
        headers: names in any case.
        body: as it came, before anybody read it.
        now: seconds since 1970.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    now: float

    def is_timely(self, header: str, *, window: float = WINDOW_SECONDS) -> bool:
        """Whether that header is a time close to now, in seconds or milliseconds."""
        return is_near(self.headers.get(header, ""), self.now, window=window)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One lead in a request, or what will be one.

    Attributes:
        key: the vendor's own id of it; None: an equal body within a while is the same.
        answers: a form that was filled in; else ``fields`` is what came.
        about: a sentence for a form in which nothing was written.
        fields: for core.intake, beside the answers.
        form: which of the source's forms, where the fields' names say nothing.
        nameless: a person has to say which field is which.
        fetch: the vendor keeps the lead, under this id.
    """

    key: str | None
    answers: Sequence[Answer] = ()
    about: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    form: str | None = None
    nameless: bool = False
    fetch: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A vendor.

    Attributes:
        name: as people know it.
        signed: whether the request carries a signature made with this secret.
        carried: the secret that the decoded body carries, where the vendor signs nothing.
        by_header: the secret comes in a header of ours or as ``?secret=``.
        reads: the leads in a decoded body; InvalidLead when the vendor would not send this.
        content_types: others are refused.
        status: what the vendor takes for yes.
    """

    name: str
    reads: Callable[[Any], Sequence[Delivery]]
    signed: Callable[[Incoming, str], bool] | None = None
    carried: Callable[[Any], str] | None = None
    by_header: bool = False
    content_types: frozenset[str] = frozenset({"application/json"})
    status: int = 202


def digest(secret: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 of the parts in a row."""
    return hmac.new(secret, b"".join(parts), hashlib.sha256).digest()


def equal(given: str, expected: bytes) -> bool:
    """Whether a header is this text, in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected)


def in_base64(value: bytes) -> bytes:
    """As most vendors write it in a header."""
    return base64.b64encode(value)


def is_near(timestamp: str, now: float, *, window: float = WINDOW_SECONDS) -> bool:
    """Whether the digits are a time, in seconds or milliseconds, at most so many seconds from now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("1700000000000")):
        return False
    seconds = float(timestamp)
    return abs(now - (seconds / 1000 if seconds > MILLISECONDS_FROM else seconds)) <= window


def part(value: Any, name: str, kind: type, *, otherwise: Any = None) -> Any:
    """The member of that name and type; InvalidLead without it, unless there is another way."""
    found = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(found, kind) and not (kind is int and isinstance(found, bool)):
        return found
    if otherwise is None:
        raise InvalidLead(name, "is not what this sender sends", code="BAD_SHAPE")
    return otherwise


def key_of(*parts: Any) -> str | None:
    """The vendor's id, of texts or figures; None without one."""
    texts = [str(each) for each in parts if isinstance(each, str | int) and not isinstance(each, bool)]
    return ":".join(texts)[:300] or None if len(texts) == len(parts) else None


def objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects in the list of that name; none where it is missing, InvalidLead where it is no list."""
    missing = not isinstance(value, Mapping) or value.get(name) is None
    return [] if missing else [each for each in part(value, name, list) if isinstance(each, Mapping)]


def filled_in(form: str, vendor: str) -> str:
    """What a form says in which nobody wrote anything."""
    return f"Filled in the form “{form}”." if form else f"Filled in a form of {vendor}."


def text(value: Any, name: str) -> str:
    """The text of that name; empty without it."""
    return str(part(value, name, str, otherwise=""))
