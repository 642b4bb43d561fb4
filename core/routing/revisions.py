"""Which rules count at a desk: its file's, or those an admin set since the file was written."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from core.deskfile import Routing
from core.lead import Value

MEANWHILE: Final = "Somebody else changed the rules meanwhile: look at them again, then change them."


class Revision(Value):
    """Rules that an admin set.

    Attributes:
        revision: 1 for a desk's first.
        by: Slack user id.
        based_on: digest of the file's rules at that time: once the file changes, the file counts again.
        routing: as JSON, since it may have been written by an earlier version of this program.
    """

    revision: int
    by: str
    based_on: str
    routing: Mapping[str, Any]


def digest(routing: Routing) -> str:
    """The same for the same rules, however the file writes them."""
    return hashlib.sha256(routing.model_dump_json().encode()).hexdigest()


def counts(file: Routing, newest: Revision | None) -> Routing:
    """The rules that count."""
    if newest is None or is_over(file, newest):
        return file
    return Routing.model_validate(newest.routing)


def is_over(file: Routing, newest: Revision) -> bool:
    """Whether the file was changed since, so that what was set counts no more."""
    return newest.based_on != digest(file)
