"""What a desk's morning digest says: pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.deskfile import DeskFile
from core.hours import desk_calendar
from core.lead import DeskStatus, Lead
from core.noise.loudness import digest_time


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What came in since the last one, and what waits.

    Attributes:
        since: from when on leads are new.
        new: how many came in.
        urgent: how many of those are urgent.
        closed: how many of those are won, lost, rejected or spam by now.
        waiting: the leads of nobody, the oldest first.
        overdue: those on which somebody should have acted by now, the oldest first.
    """

    since: datetime
    new: int
    urgent: int
    closed: int
    waiting: Sequence[Lead]
    overdue: Sequence[Lead]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.new or self.waiting or self.overdue)


def last_digest(desk: DeskFile, day: date) -> datetime:
    """When the digest before that day's was due: on the business day before, in UTC."""
    before = day - timedelta(days=1)
    for _ in range(31):
        if desk_calendar(desk).works_on(before):
            break
        before -= timedelta(days=1)
    return report_time(desk, before)


def report_time(desk: DeskFile, day: date) -> datetime:
    """When that day's digest is due, in UTC."""
    return datetime.combine(day, digest_time(desk.noise), desk.zone).astimezone(UTC)


def waits(lead: Lead) -> bool:
    """Whether it is nobody's, and not put off."""
    return lead.owner is None and lead.desk_status == DeskStatus.NEW


def overdue_of(leads: Sequence[Lead], overdue: Collection[str]) -> list[Lead]:
    """Those of the leads that are overdue, by their ids."""
    return [lead for lead in leads if lead.lead_id in overdue]
