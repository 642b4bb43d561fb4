"""How loud a month is: ``python -m bench.noise``.

5,000 made-up leads of 30 days, with bursts, at a desk of eight reps, under a simulated clock and the
product's own decisions. Three ways: each lead a post that mentions everybody; each notice at once, by itself;
and as the product does it (bench.burst sends a burst through the product itself).
"""

import heapq
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from core.deskfile import DeskFile, Level, read_desk_file
from core.lead import Analysis, Contact, DeskStatus, Intent, Lead, Status, Urgency
from core.noise.bursts import Summary, summary_of
from core.noise.loudness import again_at, is_direct, is_moot, plan
from core.noise.notices import Notice, Reason
from core.reps import OwnSettings, person

DAYS, LEADS, BURSTS = 30, 5_000, 25
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
URGENT, ASKED_AGAIN = 0.12, 0.06
"""Shares of leads that are urgent, and whose sender writes again."""

REMIND, ESCALATE = timedelta(minutes=15), timedelta(minutes=30)
TICK = timedelta(seconds=1)

DESK = read_desk_file(
    """
channel: "#leads"
managers: UMANAGER
reps:
  {UREP1: {}, UREP2: {}, UREP3: {level: dm}, UREP4: {}, UREP5: {}, UREP6: {level: digest},
   UREP7: {}, UREP8: {level: dm}}
noise: {level: channel, urgent: dm, quiet: 19:00-07:30, digest: "08:30"}
""",
    "bench",
)
MANAGER = "UMANAGER"


@dataclass
class Loudness:
    """What a way of telling comes to."""

    pings: int = 0
    posts: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    urgent_waits: list[float] = field(default_factory=list)

    def said(self, leads: int) -> str:
        """Its figures."""
        return f"{self.pings / leads:5.2f} pings a lead, {self.posts / leads:5.2f} posts a lead"


@dataclass(frozen=True)
class Story:
    """A lead, and what happens around it.

    Attributes:
        acts_at: when its owner does something with it.
        again_at: when its sender writes again, if ever.
    """

    lead: Lead
    acts_at: datetime
    again_at: datetime | None


def month(seed: int = 0, count: int = LEADS) -> list[Story]:
    """The leads by the time they came: two thirds over the days, one third in bursts of two minutes."""
    draw = random.Random(seed)  # noqa: S311 - the same month at every run
    bursts = [_at_work(draw) for _ in range(BURSTS)]
    times = [
        _at_work(draw) if draw.random() < 0.67 else draw.choice(bursts) + draw.random() * timedelta(minutes=2)
        for _ in range(count)
    ]
    reps = list(DESK.reps)
    return [_story(draw, number, at, reps[number % len(reps)]) for number, at in enumerate(sorted(times))]


def naive(stories: Sequence[Story]) -> Loudness:
    """Each lead a post that mentions every rep."""
    return Loudness(pings=len(stories) * len(DESK.reps), posts=len(stories))


def one_by_one(stories: Sequence[Story]) -> Loudness:
    """Each lead a card, and each notice at once, by itself, to whom it concerns."""
    found = Loudness(posts=len(stories))
    for story in stories:
        for at, notice in _notices(story):
            if at < story.acts_at or notice.reason == Reason.ASKED_AGAIN:
                found.pings += 1
                found.reasons[notice.reason] += 1
    return found


def controlled(stories: Sequence[Story], desk: DeskFile = DESK) -> Loudness:
    """As the product does it: by levels and quiet hours, until somebody acts, bursts as one message."""
    found = Loudness(posts=_posts(stories, desk))
    people_here = {user: person(desk, user, OwnSettings()) for user in (*desk.reps, MANAGER)}
    told: dict[tuple[str, str, Reason], datetime] = {}
    last: dict[str, datetime] = {}
    due: list[Due] = []
    given = deque(sorted(_given(stories), key=lambda each: each[0]))
    while given or due:
        if given and (not due or given[0][0] <= due[0].at):
            at, notice, story = given.popleft()
            before = told.get(_same(notice))
            is_done = at >= story.acts_at and notice.reason != Reason.ASKED_AGAIN
            is_said = before is not None and not before < story.acts_at <= at
            if is_done or is_said:  # as the ladder and the store have it
                continue
            told[_same(notice)] = at
            planned = plan(story.lead, people_here[notice.to or ""], desk, at)
            said_at = planned.after(last.get(notice.to or ""))
            if said_at is not None:
                heapq.heappush(due, Due(said_at, len(told), 0, story, notice, planned.level))
        else:
            _ring(due, found, last)
    return found


def _ring(due: list["Due"], found: Loudness, last: dict[str, datetime]) -> None:
    """Say what is due; what is due to one person within a tick of the clock is one message."""
    now = due[0].at + TICK
    messages: set[tuple[str, bool]] = set()
    while due and due[0].at <= now:
        each = heapq.heappop(due)
        to = each.notice.to or ""
        acted = each.story.acts_at <= now and each.notice.reason != Reason.ASKED_AGAIN
        if is_moot(each.notice, each.story.lead, acted=acted):
            continue
        messages.add((to, is_direct(each.level)))
        last[to] = now
        found.reasons[each.notice.reason] += 1
        if _is_urgent(each.story.lead) and each.notice.reason == Reason.ASSIGNED and not each.sent:
            found.urgent_waits.append((now - each.story.lead.received_at).total_seconds())
        again = again_at(each.level, each.sent + 1, now)
        if again is not None:
            heapq.heappush(due, each._replace(at=again, sent=each.sent + 1))
    found.pings += len(messages)


class Due(NamedTuple):
    """Something to say at some time; ``number`` tells equal times apart."""

    at: datetime
    number: int
    sent: int
    story: Story
    notice: Notice
    level: Level


def _given(stories: Sequence[Story]) -> Iterator[tuple[datetime, Notice, Story]]:
    for story in stories:
        for at, notice in _notices(story):
            yield at, notice, story


def _is_urgent(lead: Lead) -> bool:
    return lead.analysis is not None and lead.analysis.urgency == Urgency.URGENT


def _posts(stories: Sequence[Story], desk: DeskFile) -> int:
    """Messages in the channel: cards that stand by themselves, and summaries."""
    posts, last = 0, None
    placed: list[datetime] = []
    for story in stories:
        now = story.lead.received_at
        recent = [at for at in placed[-200:] if at > now - desk.noise.burst.within]
        key = summary_of(desk.noise.burst, recent, last, now=now, new=f"burst {now}")
        placed.append(now)
        if key is None or _is_urgent(story.lead):
            posts += 1
        elif last is None or last.key != key:
            posts += 1
            last = Summary(key=key, began_at=now, last_at=now)
        else:
            last = Summary(key=key, began_at=last.began_at, last_at=now)
    return posts


def _notices(story: Story) -> Iterator[tuple[datetime, Notice]]:
    """What there is to tell of a lead, if nobody acted before."""
    lead, at = story.lead, story.lead.received_at
    owner = lead.owner or ""
    yield at, _notice(Reason.ASSIGNED, lead, owner)
    yield at + REMIND, _notice(Reason.REMINDER, lead, owner)
    yield at + ESCALATE, _notice(Reason.ESCALATION, lead, MANAGER)
    if story.again_at is not None:
        yield story.again_at, _notice(Reason.ASKED_AGAIN, lead, owner)


def _notice(reason: Reason, lead: Lead, to: str) -> Notice:
    return Notice(key=f"{reason}:{lead.lead_id}", reason=reason, lead_id=lead.lead_id, desk=lead.desk, to=to)


def _same(notice: Notice) -> tuple[str, str, Reason]:
    return notice.lead_id, notice.to or "", notice.reason


def _at_work(draw: random.Random) -> datetime:
    """A moment of the month, most of them by day."""
    hour = min(23.9, max(0.0, draw.gauss(13, 4)))
    return BEGIN + timedelta(days=draw.randrange(DAYS), hours=hour)


def _story(draw: random.Random, number: int, at: datetime, owner: str) -> Story:
    urgent = draw.random() < URGENT
    opens = at.replace(hour=8, minute=0) + timedelta(days=1 if at.hour >= 18 else 0)
    from_then = at if 8 <= at.hour < 18 else opens
    waits = timedelta(minutes=draw.expovariate(1 / (5 if urgent else 25)))
    return Story(
        lead=_LEAD.model_copy(
            update={
                "lead_id": f"{number:08x}-0000-7000-8000-000000000000",
                "owner": owner,
                "received_at": at,
                "analysis": _URGENT if urgent else _CALM,
            }
        ),
        acts_at=from_then + waits,
        again_at=at + draw.random() * timedelta(days=1) if draw.random() < ASKED_AGAIN else None,
    )


def _reading(urgency: Urgency) -> Analysis:
    return Analysis(
        wants="Brake repair",
        intent=Intent.INQUIRY,
        intent_confidence=1,
        urgency=urgency,
        urgency_score=0.5,
        urgency_confidence=1,
        urgency_reason="",
        quality_score=50,
        summary="",
        model_used="rules",
        prompt_digest="",
        processing_time=0,
        analyzed_at=BEGIN,
    )


_URGENT, _CALM = _reading(Urgency.URGENT), _reading(Urgency.MEDIUM)
_LEAD = Lead(
    lead_id="",
    number="L-1",
    status=Status.SYNCED,
    desk_status=DeskStatus.NEW,
    business_type="general",
    desk="#leads",
    source="web_form",
    contact=Contact(),
    message="Brakes",
    received_at=BEGIN,
    created_at=BEGIN,
    updated_at=BEGIN,
    version=1,
)


def main() -> None:
    """Print the month three ways."""
    stories = month()
    for name, way in (("all mentioned", naive), ("one by one", one_by_one), ("controlled", controlled)):
        print(f"{name:14} {way(stories).said(len(stories))}")
    waits = sorted(controlled(stories).urgent_waits)
    print(f"urgent leads   half are told within {waits[len(waits) // 2]:.0f} s")


if __name__ == "__main__":
    main()
