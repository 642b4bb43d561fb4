"""When many leads in a short time are shown as one message: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.deskfile import Burst

LONGEST = timedelta(hours=1)
"""How long one summary is added to; whoever looks an hour later looks for another."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The desk's last summary: its key, its first and its last lead's time."""

    key: str
    began_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a new card goes.

    Attributes:
        summary: the key of the summary under which it is posted; None: in the channel by itself.
        at_once: whether the channel takes it now; else it is posted in its turn.
    """

    summary: str | None
    at_once: bool


def summary_of(
    rule: Burst, earlier: Sequence[datetime], last: Summary | None, *, now: datetime, new: str
) -> str | None:
    """The summary of the burst that a new lead belongs to; None where there is no burst.

    Args:
        rule: the desk's.
        earlier: when the cards of other new leads of the desk were placed, at least those within the rule.
        last: the desk's last summary, if there was one.
        now: aware.
        new: the key of a summary that begins with this lead.
    """
    recent = sum(at > now - rule.within for at in earlier)
    if recent + 1 < rule.leads:
        return None
    if last is not None and last.last_at > now - rule.within and now - last.began_at < LONGEST:
        return last.key
    return new
