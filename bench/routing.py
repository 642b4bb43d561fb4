"""How fair the turns are, and whether a replay decides the same: `python -m bench.routing`.

Every lead adds 1/n to each of the n reps who were there to take it, or back first while nobody was: that is
what each should have had. Who that was is worked out here from the absences alone, not from what the
routing says.
"""

import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.deskfile import ALWAYS, Days, Routing
from core.lead import Contact, DeskStatus, Lead, Status
from core.reps import Person
from core.routing import Room, Seat
from core.routing.replay import Past, replay

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
AWAY = 0.3
"""Share of days on which a rep is away, in stretches."""


@dataclass(frozen=True)
class Fairness:
    """How far anybody was from their share, in leads: at the end, and at the worst moment."""

    at_end: float
    worst: float
    same_again: bool


def measure(*, reps: int, leads: int, seed: int) -> Fairness:
    """Give that many leads, over a year, to reps of equal weight who are away at random."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret about it
    people = [f"U{number:03}" for number in range(reps)]
    away = {user: _away(chance) for user in people}
    room = Room(routing=Routing(), seats=tuple(Seat(person=_person(user, away[user])) for user in people))
    moments = sorted(chance.uniform(0, DAYS * 86_400) for _ in range(leads))
    past = [_past(number, START + timedelta(seconds=at)) for number, at in enumerate(moments)]
    given = replay(past, {"#desk": room})
    distance: Counter[str] = Counter()
    worst = 0.0
    for each in past:
        back = {user: _back(away[user], each.lead.received_at.date()) for user in people}
        there = [user for user in people if back[user] == min(back.values())]
        owner = given[each.lead.lead_id].owner
        assert owner is not None
        for user in there:
            distance[user] += 1 / len(there)  # type: ignore[assignment]  # counts shares too
        distance[owner] -= 1
        worst = max(worst, *(abs(far) for far in distance.values()))
    at_end = max(abs(far) for far in distance.values())
    again = replay(past, {"#desk": room})
    return Fairness(at_end, worst, again == given)


def _back(away: tuple[Days, ...], day: date) -> date:
    """The first day from this one on at which they are there."""
    while any(days.first <= day <= days.last for days in away):
        day += timedelta(days=1)
    return day


def _away(chance: random.Random) -> tuple[Days, ...]:
    """Absences of one to ten days."""
    found, day = [], 0
    while day < DAYS:
        length = chance.randint(1, 10)
        if chance.random() < AWAY:
            first = START.date() + timedelta(days=day)
            found.append(Days(first=first, last=first + timedelta(days=length - 1)))
        day += length
    return tuple(found)


def _person(user: str, away: tuple[Days, ...]) -> Person:
    return Person(
        user=user, weight=1, capacity=None, hours=ALWAYS, time_zone="UTC", away=away, level=None, quiet=None
    )


def _past(number: int, at: datetime) -> Past:
    lead = Lead(
        lead_id=f"lead-{number}",
        number=f"L-{number}",
        status=Status.SYNCED,
        desk_status=DeskStatus.WON,
        business_type="general",
        desk="#desk",
        source="web_form",
        contact=Contact(),
        message="Hello",
        received_at=at,
        created_at=at,
        updated_at=at,
        version=1,
    )
    return Past(lead=lead, came_to="#desk", given_to=None, closed_at=at + timedelta(hours=1))


def main() -> None:
    """Print a line for each size of team."""
    print("reps  leads  seed  |actual - target| at the end  at the worst moment  replay the same  seconds")
    for reps in (2, 3, 5, 8, 12):
        for seed in (1, 2):
            began = time.perf_counter()
            found = measure(reps=reps, leads=10_000, seed=seed)
            took = time.perf_counter() - began
            print(
                f"{reps:>4}  10000  {seed:>4}  {found.at_end:>28.3f}  {found.worst:>19.3f}"
                f"  {found.same_again!s:>15}  {took:>7.1f}"
            )


if __name__ == "__main__":
    main()
