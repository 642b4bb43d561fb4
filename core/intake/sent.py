"""One lead of a delivery, as a door hands it over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from core.store.submissions import Submission

OWN_DOORS: Final = frozenset({"api", "form", "slash_command"})
"""Sources whose fields have our names: there is nothing to be asked, and no reading of them to be mended."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a door makes of a delivery.

    Attributes:
        submission: with the decoded fields in it.
        actor: of the lead's first line.
        form: which of the source's forms, where its fields have no names.
        nameless: only a person can say which field is which.
        named: its sender goes by our names, and nobody is asked, even if no field is the message.
        fetch: its sender keeps the lead, under this id.
        ip_address: of whoever filled it in, if known.
    """

    submission: Submission
    actor: str
    form: str | None = None
    nameless: bool = False
    named: bool = False
    fetch: str | None = None
    ip_address: str | None = None


BodyReader = Callable[[Submission], Awaitable[Sequence[Sent]]]
"""Reads a kept body as its door does today: its leads; InvalidLead where it cannot be read or has none."""


def actor_of(source: str) -> str:
    """Who makes the lead of a delivery that is read again."""
    return source if source in OWN_DOORS else f"webhook:{source}"
