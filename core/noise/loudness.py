"""How loudly and when somebody is told about a lead: pure, over the desk's file and what the person set."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from core.deskfile import DeskFile, Level, Noise, Span
from core.hours import desk_calendar
from core.lead import OPEN, Lead, Urgency
from core.noise.notices import Notice, Reason
from core.reps import Person

PAGE_AGAIN = timedelta(minutes=5)
PAGES = 3
"""How often at most somebody is paged about one thing, and after how long again."""

GATHER = timedelta(minutes=1)
"""After a message what else there is to say is gathered for so long, and then said at once."""

DIGEST_AT = time(9)
"""When people get what they want in the morning only, at a desk that has no digest of its own."""

_DIRECT = frozenset({Level.PAGE, Level.DM, Level.DIGEST})
_OF_OWNERS = frozenset({Reason.ASSIGNED, Reason.HANDED_OVER, Reason.REMINDER, Reason.WOKEN})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done about a notice.

    Attributes:
        due_at: when it is said first; None: never.
        hurries: whether it does not wait for what else there may be to say.
    """

    level: Level
    due_at: datetime | None
    hurries: bool = False

    def after(self, last: datetime | None) -> datetime | None:
        """When it is said to somebody to whom we last said something then."""
        if self.due_at is None or last is None or self.hurries:
            return self.due_at
        return max(self.due_at, last + GATHER)


def plan(lead: Lead, who: Person | None, desk: DeskFile, now: datetime) -> Plan:
    """How loudly and when somebody is told about this lead.

    Args:
        lead: as it is now; an urgent one has a level of its own, unless the person set theirs.
        who: None: whoever is at the desk, of whom nobody is pinged.
        desk: the file of the lead's desk.
        now: aware.
    """
    if who is None:
        return Plan(level=Level.CHANNEL, due_at=now, hurries=True)
    level = who.level or (desk.noise.urgent if is_urgent(lead) else desk.noise.level)
    if level == Level.SILENT:
        return Plan(level=level, due_at=None)
    if level == Level.PAGE:
        return Plan(level=level, due_at=now, hurries=True)
    if level == Level.DIGEST:
        return Plan(level=level, due_at=next_digest(desk, now))
    quiet = (who.quiet, ZoneInfo(who.time_zone)) if who.quiet else (desk.noise.quiet, desk.zone)
    return Plan(level=level, due_at=quiet_until(*quiet, now) or now, hurries=is_urgent(lead))


def is_direct(level: Level) -> bool:
    """Whether it comes as a direct message; else it is a mention in a thread."""
    return level in _DIRECT


def is_urgent(lead: Lead) -> bool:
    """Whether this is what a desk's file calls urgent."""
    return lead.analysis is not None and lead.analysis.urgency == Urgency.URGENT


def is_moot(notice: Notice, lead: Lead, *, acted: bool) -> bool:
    """Whether there is nothing to say any more: somebody acted, it is over, or it is another's by now."""
    if acted or lead.desk_status not in OPEN:
        return True
    return notice.reason in _OF_OWNERS and lead.owner not in {None, notice.to}


def again_at(level: Level, sent: int, now: datetime) -> datetime | None:
    """When somebody who was told ``sent`` times is told again, if nobody acts; None: not again."""
    return now + PAGE_AGAIN if level == Level.PAGE and sent < PAGES else None


def quiet_until(quiet: Span | None, zone: tzinfo, now: datetime) -> datetime | None:
    """When the quiet hours end that last now, in UTC; None outside of them."""
    if quiet is None:
        return None
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        past = quiet.past_midnight or quiet.until is None
        last = day + timedelta(days=1) if past else day
        begins = datetime.combine(day, quiet.since, zone).astimezone(UTC)
        ends = datetime.combine(last, quiet.until or time(0), zone).astimezone(UTC)
        if begins <= now < ends:
            return ends
    return None


def next_digest(desk: DeskFile, now: datetime) -> datetime:
    """The next time of the morning digest after now, on a business day of the desk, in UTC."""
    at = digest_time(desk.noise)
    day = now.astimezone(desk.zone).date()
    for ahead in range(366):
        found = datetime.combine(day + timedelta(days=ahead), at, desk.zone).astimezone(UTC)
        if found > now and desk_calendar(desk).works_on(day + timedelta(days=ahead)):
            return found
    return now + timedelta(days=1)  # a desk without any business day in a year


def digest_time(noise: Noise) -> time:
    """At which time people get what they want in the morning only."""
    return noise.digest or DIGEST_AT
