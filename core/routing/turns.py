"""Fair turns: smooth weighted round robin by credit.

Each lead adds to everybody who could take it their share of it, and charges whoever takes it one whole lead.
The highest credit takes the next one. So a credit is what somebody should have had by now, less what they
had. Who is absent or full earns nothing and keeps what they had.

With the same people of equal weight there all the time nobody is ever a whole lead away from their share, of
unequal weight never two (tests/test_turns.py). With any absences no rule that cannot see the future can
promise that (Ajtai et al., Fairness in Scheduling, 1995); measured over random ones it stays within 1 lead
at the end and 1.5 at any moment (bench/routing.py).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from core.routing.values import Seat

LEAD: Final = 1_000_000_000
"""A whole lead in credits: whole numbers, so that what was taken is given back to the last digit."""

OWED_MOST: Final = 3 * LEAD
"""More is forgotten when it comes to turns: who gave back a day's leads does not get the next day's."""


def take(seats: Sequence[Seat]) -> tuple[str, Mapping[str, int]]:
    """Whose turn it is, and by how much each credit changes: only of the seats given, none that stays.

    Args:
        seats: everybody who could take the lead, at least one; the first of equals goes first.
    """
    due = {
        seat.user: _bounded(seat.credit) + share
        for seat, share in zip(seats, _shares([seat.person.weight for seat in seats]), strict=True)
    }
    taker = max(due, key=due.__getitem__)
    due[taker] -= LEAD
    changes = {seat.user: due[seat.user] - seat.credit for seat in seats}
    return taker, {user: change for user, change in changes.items() if change}


def _bounded(credit: int) -> int:
    return max(-OWED_MOST, min(OWED_MOST, credit))


def _shares(weights: Sequence[float]) -> list[int]:
    """One lead divided by weight, to the last digit; what does not divide goes to the first."""
    exact = [Fraction(weight) for weight in weights]
    shares = [int(LEAD * weight / sum(exact)) for weight in exact]
    return [share + (at < LEAD - sum(shares)) for at, share in enumerate(shares)]
