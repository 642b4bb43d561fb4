"""The sketch admits exactly the leads that are meant, and its candidates hold the nearest of them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lead import DeskStatus
from core.similar.sketch import Row, Sketch
from core.similar.wanted import NOBODY, Wanted
from tests.lead_examples import lead
from tests.vectors import between, vector

START = datetime(2026, 1, 1, tzinfo=UTC)
TYPES, OWNERS = ("automotive", "medspa"), (None, "U0ANA", "U0BEN")


def row(number: int, **changes: object) -> Row:
    plain: dict[str, object] = {
        "number": number,
        "business_type": "general",
        "desk_status": DeskStatus.NEW,
        "owner": None,
        "received_at": START + timedelta(days=number % 365),
        "vector": vector(number % 1_000),
    }
    return Row(**{**plain, **changes})  # type: ignore[arg-type]  # a test's own keywords


rows = st.builds(
    row,
    st.integers(1001, 1100),
    business_type=st.sampled_from(TYPES),
    desk_status=st.sampled_from(DeskStatus),
    owner=st.sampled_from(OWNERS),
    received_at=st.integers(0, 5).map(lambda days: START + timedelta(days=days)),
)
moments = st.none() | st.integers(0, 6).map(lambda days: START + timedelta(days=days))
wishes = st.builds(
    Wanted,
    business_type=st.none() | st.sampled_from((*TYPES, "florist")),
    owner=st.none() | st.sampled_from(("U0ANA", NOBODY, "U0GONE")),
    outcomes=st.frozensets(st.sampled_from(DeskStatus), max_size=2),
    received_from=moments,
    received_before=moments,
)


@given(st.lists(rows, max_size=30), wishes)
def test_it_admits_what_the_filter_admits_of_the_leads_as_they_were_put_last(
    put: list[Row], wanted: Wanted
) -> None:
    sketch = Sketch()
    for each in put:
        sketch.put([each])
    last = {each.number: each for each in put}
    meant = {
        number
        for number, each in last.items()
        if wanted.admits(
            lead(
                business_type=each.business_type,
                desk_status=each.desk_status,
                owner=each.owner,
                received_at=each.received_at,
            )
        )
    }
    assert set(sketch.candidates(vector(0), wanted, most=100)) == meant


def test_the_candidates_hold_the_nearest() -> None:
    sketch = Sketch()
    near = [row(5_000 + i, vector=between(vector(1), vector(7_000 + i), 0.3)) for i in range(10)]
    sketch.put([*(row(1_001 + i, vector=vector(2_000 + i)) for i in range(2_000)), *near])
    found = sketch.candidates(vector(1), Wanted(), most=50)
    assert len(found) == 50
    assert {each.number for each in near} <= set(found)


@pytest.mark.parametrize("first", [1_001, 900_000])
def test_a_lead_takes_less_than_700_bytes(first: int) -> None:
    sketch = Sketch()
    sketch.put([row(first + i) for i in range(10_000)])
    assert sketch.nbytes < 700 * 10_000


def test_an_empty_sketch_has_no_candidates() -> None:
    assert Sketch().candidates(np.ones(384, np.float32), Wanted(), most=10) == []
