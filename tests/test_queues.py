"""Lists of leads, page by page, and what words find, on SQLite and on PostgreSQL alike."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from core.lead import Also, Contact, DeskStatus, Draft, Urgency, utcnow
from core.listing import Filter, Listed, number_of, terms
from core.store import Store, open_store
from core.store.submissions import Submission
from core.store.tables import leads as table
from tests.databases import KINDS, fresh_database
from tests.lead_examples import analysis

NOW = utcnow()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await open_store(database_url)
    yield store
    await store.close()


async def add(store: Store, message: str = "Brakes squeal", *, desk: str = "C1", **contact: str) -> str:
    key = f"{message}{contact}{await store.leads.count()}"
    submission = Submission(
        source="api", event_key=key, fingerprint=key[:64], content_type="", body=b"", received_at=NOW
    )
    draft = Draft(contact=Contact(**contact), message=message, source="api", received_at=NOW)
    accepted = await store.submissions.accept(
        submission, draft, desk=desk, business_type="general", actor="api", enlist=lambda *_: None
    )
    return accepted.lead_id


async def change(store: Store, lead_id: str, **columns: Any) -> None:
    query = update(table).where(table.c.lead_id == lead_id).values(**columns)
    await store.database.write(lambda connection: connection.execute(query))


async def ids(store: Store, **listed: Any) -> list[str]:
    return [lead.lead_id for lead in (await store.queues.page(Listed(**listed))).leads]


async def found(store: Store, words: str) -> list[str]:
    return await ids(store, filter=Filter.FOUND, terms=terms(words))


async def test_500_leads_are_paged_forth_and_back_while_others_come(store: Store) -> None:
    made = [await add(store, f"Request {number}") for number in range(500)]
    listed, seen, pages = Listed(), list[str](), list[tuple[str, ...]]()
    while True:
        page = await store.queues.page(listed)
        pages.append(tuple(lead.lead_id for lead in page.leads))
        seen += pages[-1]
        await add(store, "One that comes meanwhile")
        if not page.older:
            break
        listed = Listed(before=number_of(page.leads, last=True))
    assert seen == made[::-1]
    assert len(pages) == 50
    for earlier in reversed(pages[:-1]):
        page = await store.queues.page(Listed(after=number_of(page.leads, last=False)))
        assert tuple(lead.lead_id for lead in page.leads) == earlier
        assert page.newer, "there are those that came meanwhile"
        assert page.older


async def test_the_first_page_has_nothing_newer(store: Store) -> None:
    for number in range(12):
        await add(store, f"Request {number}")
    page = await store.queues.page(Listed())
    assert (page.newer, page.older) == (False, True)


async def test_each_list_has_its_leads(store: Store) -> None:
    new, mine, hot, lost, late = [await add(store, word) for word in ("a", "b", "c", "d", "e")]
    await change(store, mine, owner="U1", desk_status=DeskStatus.CLAIMED)
    urgent = analysis(urgency=Urgency.HIGH).model_dump(mode="json")
    await change(store, hot, analysis=urgent, desk_status=DeskStatus.APPROVED, owner="U2")
    await change(store, lost, desk_status=DeskStatus.LOST, owner="U1", analysis=urgent)
    assert await ids(store, filter=Filter.OPEN) == [late, hot, mine, new]
    assert await ids(store, filter=Filter.NEW) == [late, new]
    assert await ids(store, filter=Filter.MINE, owner="U1") == [mine]
    assert await ids(store, filter=Filter.HOT) == [hot]
    assert await ids(store, filter=Filter.UNCLAIMED) == [late, new]
    assert await ids(store, filter=Filter.OVERDUE, overdue=frozenset({late, lost})) == [late]
    assert await ids(store, filter=Filter.OVERDUE) == []


async def test_a_list_is_of_its_desks_only(store: Store) -> None:
    here, _ = await add(store), await add(store, desk="C2")
    assert await ids(store, desks=frozenset({"C1"})) == [here]


async def test_words_are_found_in_all_that_a_lead_says(store: Store) -> None:
    mike = await add(store, "Brakes_squeal", first_name="Mike", last_name="Müller", email="mm@example.com")
    anna = await add(store, "Roof", first_name="Anna", company="Chen & Söhne 100%")
    await change(store, anna, analysis=analysis(wants="Gutter cleaning").model_dump(mode="json"))
    await change(store, anna, also=Also(names=("Änne Öz",)).model_dump(mode="json"))
    everywhere = ["mike", "MÜLLER", "müller squeal", "mm@Example", "brakes_squeal"]
    assert [await found(store, words) for words in everywhere] == [[mike]] * 5
    everywhere = ["gutter", "söhne", "100%", "änne öz", "chen roof"]
    assert [await found(store, words) for words in everywhere] == [[anna]] * 5
    for nothing in ("brakesXsqueal", "mike roof", "%", "_", "", "1000%"):
        assert await found(store, nothing) == []


async def test_a_number_finds_its_lead_whatever_became_of_it(store: Store) -> None:
    lead_id = await add(store)
    await change(store, lead_id, desk_status=DeskStatus.WON)
    assert await found(store, "l-1001") == [lead_id]


@pytest.mark.parametrize("typed", ["(415) 555-0123", "+1 415 555 0123", "4155550123", "555.0123 brakes"])
@pytest.mark.parametrize("kept", ["+1 415-555-0123", "415.555.0123", "(415)5550123"])
async def test_a_phone_is_found_in_any_spelling(store: Store, typed: str, kept: str) -> None:
    lead_id = await add(store, phone=kept)
    await add(store, phone="+1 415 555 0199")
    assert await found(store, typed) == [lead_id]


async def test_a_phone_of_a_merged_lead_is_found_too(store: Store) -> None:
    lead_id = await add(store)
    await change(store, lead_id, also=Also(phones=("+49 (0)171 234-5678",)).model_dump(mode="json"))
    assert await found(store, "0171 2345678") == [lead_id]


@given(st.text(max_size=200))
def test_nothing_that_can_be_typed_breaks_the_words(words: str) -> None:
    assert len(terms(words)) <= 8
