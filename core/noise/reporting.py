"""A desk's morning digest and weekly report, each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from core.deskfile import DeskFile
from core.desks import Desks
from core.hours import desk_calendar
from core.lead import Value, utcnow
from core.noise.digest import Digest, last_digest, report_time
from core.noise.weekly import Week, days_of, week
from core.parts import Step
from core.sla import State
from core.store import Store


class Report(Value):
    """A report that is due: the same for whoever finds that it is, so that it is sent once.

    Attributes:
        kind: ``digest`` or ``weekly``.
        desk: its channel, as in Lead.
        day: on which it is due, in the desk's time zone.
    """

    kind: str
    desk: str
    day: date

    @property
    def key(self) -> str:
        """Unique to the report."""
        return f"{self.kind}:{self.desk}:{self.day.isoformat()}"


class Reporter(Protocol):
    """Posts reports. Raises Unavailable and Refused; the same key twice is one message."""

    async def digest(self, key: str, desk: str, digest: Digest) -> None:
        """The morning digest, to the desk's channel."""

    async def weekly(self, key: str, desk: str, week: Week) -> None:
        """The weekly report with its picture, to the desk's channel."""


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """The step that sends a report."""

    store: Store
    desks: Desks
    reporter: Reporter

    async def send(self, report: Report) -> None:
        """Say how the leads stand that were there when it was due; a digest without any is none.

        One that is late leaves what came since to the next, and says nothing where a desk has just begun.
        """
        desk = self.desks.of(report.desk)
        if report.kind == DIGEST:
            now = utcnow()
            since, until = last_digest(desk, report.day), min(now, report_time(desk, report.day))
            overdue = await self.store.clocks.overdue(now)
            digest = await self.store.reports.digest(desk.channel, since, until, overdue=overdue)
            if not digest.is_empty:
                await self.reporter.digest(report.key, desk.channel, digest)
            return
        since, until = days_of(report.day, desk.zone)
        timed = await self.store.clocks.started(since, until, desks=[desk.channel])
        states = {each.lead_id: each.clock.state(until) for each in timed}
        in_time = {lead_id: state == State.MET for lead_id, state in states.items() if state != State.RUNNING}
        came = await self.store.reports.came(desk.channel, since, until, in_time=in_time)
        earlier = await self.store.reports.came(desk.channel, since - (until - since), since)
        if not came and not earlier:  # a desk that has just begun, or rests
            return
        figures = week(came, report.day, desk.zone, before=len(earlier))
        await self.reporter.weekly(report.key, desk.channel, figures)


DIGEST, WEEKLY = "digest", "weekly"


def due_reports(desk: DeskFile, now: datetime) -> list[Report]:
    """What is due now, or was due earlier today: it is late rather than never."""
    today = now.astimezone(desk.zone).date()

    def is_past(at: time) -> bool:
        return datetime.combine(today, at, desk.zone).astimezone(UTC) <= now

    due = []
    if desk.noise.digest is not None and is_past(desk.noise.digest) and desk_calendar(desk).works_on(today):
        due.append(Report(kind=DIGEST, desk=desk.channel, day=today))
    weekly = desk.noise.weekly_at()
    if weekly is not None and weekly[0] == today.weekday() and is_past(weekly[1]):
        due.append(Report(kind=WEEKLY, desk=desk.channel, day=today))
    return due


async def report_pipeline(step: Step, reporting: Reporting, report: Mapping[str, Any]) -> None:
    """A report is due."""
    await step("send", reporting.send, Report.model_validate(report))
