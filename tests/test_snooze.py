"""A lead is snoozed until a time to come, a year away at most."""

from datetime import UTC, datetime, timedelta

import pytest

from core.snooze import FURTHEST, is_ahead

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("away", "may_be"),
    [
        (timedelta(seconds=1), True),
        (FURTHEST, True),
        (timedelta(0), False),
        (timedelta(days=-1), False),
        (FURTHEST + timedelta(seconds=1), False),
    ],
)
def test_a_lead_sleeps_until_a_time_to_come_a_year_away_at_most(away: timedelta, *, may_be: bool) -> None:
    assert is_ahead(NOW + away, NOW) is may_be
