"""Cursors: what is written is read, and nothing else is; lists in the store on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.api.register import Filters, Listing, Order, Place, Sort, read_cursor, write_cursor
from core.errors import InvalidSearch
from core.lead import Draft, utcnow
from core.store import open_store
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database

TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda naive: naive.replace(tzinfo=UTC).isoformat()
)


@st.composite
def places(draw: st.DrawFn) -> tuple[Listing, Place]:
    listing = Listing(
        filters=Filters(search=draw(st.text(max_size=5)) or None),
        sort=draw(st.sampled_from(Sort)),
        order=draw(st.sampled_from(Order)),
    )
    values: dict[Sort, st.SearchStrategy[str | float | None]] = {
        Sort.CREATED_AT: st.none(),
        Sort.RECEIVED_AT: TIMES,
        Sort.UPDATED_AT: TIMES,
        Sort.QUALITY_SCORE: st.integers(-1, 100).map(float),
        Sort.URGENCY_SCORE: st.floats(-1, 1),
    }
    number = draw(st.integers(0, 2**31 - 1))
    return listing, Place(digest=listing.digest, value=draw(values[listing.sort]), number=number)


@given(places())
def test_a_cursor_says_the_place_that_was_written(made: tuple[Listing, Place]) -> None:
    listing, place = made
    assert read_cursor(write_cursor(place), listing) == place


@given(places(), st.text(max_size=80))
def test_what_is_no_cursor_is_refused_and_breaks_nothing(made: tuple[Listing, Place], text: str) -> None:
    listing, place = made
    for cursor in (text, write_cursor(place)[:-3] + text):
        try:
            read = read_cursor(cursor, listing)
        except InvalidSearch:
            continue
        assert read.digest == listing.digest


@given(places(), places())
def test_a_cursor_is_only_good_for_its_list(one: tuple[Listing, Place], other: tuple[Listing, Place]) -> None:
    if one[0] == other[0]:
        return
    with pytest.raises(InvalidSearch):
        read_cursor(write_cursor(one[1]), other[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("order", Order)
async def test_pages_hold_every_lead_once_and_in_order(
    kind: str, sort: Sort, order: Order, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        store = await open_store(url)
        now = utcnow()
        for number in range(7):
            submission = Submission(
                source="api",
                event_key=str(number),
                fingerprint="",
                content_type="",
                body=b"",
                received_at=now,
            )
            draft = Draft(message=f"50%_{number}", source="api", received_at=now - timedelta(days=number % 3))
            await store.submissions.accept(
                submission, draft, desk="C1", business_type="general", actor="api", enlist=lambda *_: None
            )
        listing = Listing(filters=Filters(search="50%_"), sort=sort, order=order)
        seen = [lead async for page in store.register.pages(listing, batch=2) for lead in page]
        nothing = await store.register.count(Filters(search="50__"))
        figures = await store.register.figures(Filters())
        await store.close()
    assert len({lead.lead_id for lead in seen}) == len(seen) == 7
    if sort in {Sort.RECEIVED_AT, Sort.CREATED_AT}:
        values = [getattr(lead, sort.value) for lead in seen]
        assert values == sorted(values, reverse=order == Order.DESC)
    assert (nothing, figures.total, figures.by_status) == (0, 7, {"raw": 7})
