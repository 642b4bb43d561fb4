"""A desk's queues: who has what, oldest first, a page at a time, on SQLite and on PostgreSQL alike."""

import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from core.deskfile import DeskFile
from core.home import Pile, Place, read
from core.lead import DeskStatus, utcnow
from core.rights import Role
from core.store import Store, open_store
from core.store.tables import clocks, leads
from core.store.workload import Load, Queue
from handlers.home import view
from tests.databases import KINDS, fresh_database
from tests.slack_limits import check_view

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


async def keep(store: Store, *rows: tuple[DeskStatus, str | None], desk: str = "C1") -> None:
    """Leads of these states and owners, in this order."""
    at = {"received_at": NOW, "created_at": NOW, "updated_at": NOW}
    made: list[dict[str, Any]] = [
        {
            "lead_id": f"{desk}-{place}",
            "status": "enriched",
            "desk_status": status,
            "business_type": "general",
            "desk": desk,
            "source": "api",
            "message": "Brakes",
            "custom_fields": {},
            "owner": owner,
            "crm_status": "pending",
            "version": 1,
            **at,
        }
        for place, (status, owner) in enumerate(rows)
    ]

    def write(connection: Connection) -> None:
        connection.execute(insert(leads), made)

    await store.database.write(write)


async def numbers(store: Store, owner: str | None, *, after: int = 0, limit: int = 10) -> list[int]:
    found = await store.workload.page(
        Queue("C1", frozenset({owner}), NOW, late=False), after=after, limit=limit
    )
    return [int(lead.number.removeprefix("L-")) for lead in found]


async def test_a_queue_is_one_person_s_oldest_first_without_what_sleeps_or_is_done(store: Store) -> None:
    await keep(
        store,
        (DeskStatus.CLAIMED, "U1"),
        (DeskStatus.SNOOZED, "U1"),
        (DeskStatus.NEW, "U1"),
        (DeskStatus.WON, "U1"),
        (DeskStatus.CLAIMED, "U2"),
        (DeskStatus.NEW, None),
        (DeskStatus.APPROVED, "U1"),
    )
    assert await numbers(store, "U1") == [1001, 1003, 1007]
    assert await numbers(store, None) == [1006]


async def test_another_desk_s_leads_are_in_no_queue_of_this_one(store: Store) -> None:
    await keep(store, (DeskStatus.NEW, None), desk="C2")
    assert await numbers(store, None) == []
    assert await store.workload.loads("C1") == {}


async def test_paging_forth_and_back_meets_every_lead_once(store: Store) -> None:
    await keep(store, *[(DeskStatus.NEW, None)] * 8)
    seen, after, starts = [], 0, []
    while page := await numbers(store, None, after=after, limit=3):
        seen += page
        starts.append(after)
        after = page[-1]
    assert seen == list(range(1001, 1009))
    before = [
        await store.workload.page_before(
            Queue("C1", frozenset({None}), NOW, late=False), after=start, limit=3
        )
        for start in starts
    ]
    assert before == [0, 0, 1003]


async def test_loads_count_what_waits_and_what_sleeps_for_everybody(store: Store) -> None:
    await keep(
        store,
        (DeskStatus.CLAIMED, "U1"),
        (DeskStatus.NEW, "U1"),
        (DeskStatus.SNOOZED, "U1"),
        (DeskStatus.LOST, "U1"),
        (DeskStatus.NEW, None),
        (DeskStatus.APPROVED, "U2"),
    )
    assert await store.workload.loads("C1") == {"U1": Load(2, 1), None: Load(1), "U2": Load(1)}


async def test_ten_thousand_open_leads_make_a_home_within_slack_s_limits(store: Store) -> None:
    states = [(DeskStatus.CLAIMED, "U0ANA"), (DeskStatus.NEW, None), (DeskStatus.SNOOZED, "U0ANA")]
    people = [(DeskStatus.CLAIMED, f"U{place}") for place in range(200)]
    await keep(store, *(states * 3_300), *people)
    desk = DeskFile(channel="C1")
    place = Place(after={Pile.MINE: 2_000})
    home = await read(store, desk, "U0ANA", Role.ADMIN, place=place, now=NOW)
    assert {pile: page.total for pile, page in home.lists.items()} == {
        Pile.OVERDUE: 0,
        Pile.MINE: 3_300,
        Pile.UNCLAIMED: 3_300,
    }
    assert (home.snoozed, len(home.team), home.place.after) == (3_300, 201, {Pile.MINE: 2_000})
    check_view(view(home, now=NOW))


async def test_a_page_whose_leads_are_all_done_is_the_first_one(store: Store) -> None:
    await keep(store, *[(DeskStatus.NEW, None)] * 3)
    place = Place(after={Pile.UNCLAIMED: 1_003})
    home = await read(store, DeskFile(channel="C1"), "U0ANA", Role.REP, place=place, now=NOW)
    assert [lead.number for lead in home.lists[Pile.UNCLAIMED].leads] == ["L-1001", "L-1002", "L-1003"]
    assert home.place.after == {}


async def clocked(store: Store, lead_id: str, due_at: datetime, stopped_at: datetime | None = None) -> None:
    """A clock of this lead."""
    row = {"lead_id": lead_id, "started_at": NOW, "due_at": due_at, "rung": 0, "stopped_at": stopped_at}
    await store.database.write(lambda connection: connection.execute(insert(clocks).values(**row)))


@pytest.mark.parametrize(
    ("role", "late"), [(Role.REP, ["L-1001", "L-1002"]), (Role.MANAGER, ["L-1001", "L-1002", "L-1003"])]
)
async def test_what_is_late_concerns_its_owner_whoever_can_claim_it_and_managers(
    store: Store, role: Role, late: list[str]
) -> None:
    before, later = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)
    given, free, others = (DeskStatus.NEW, "U0ANA"), (DeskStatus.NEW, None), (DeskStatus.NEW, "U0BEN")
    await keep(store, given, free, others, given, given)
    for place in range(3):
        await clocked(store, f"C1-{place}", before)
    await clocked(store, "C1-3", before, stopped_at=NOW)
    await clocked(store, "C1-4", later)
    home = await read(store, DeskFile(channel="C1"), "U0ANA", role, place=Place(), now=NOW)
    overdue = home.lists[Pile.OVERDUE]
    assert [lead.number for lead in overdue.leads] == late
    assert overdue.total == len(late)
    assert home.due["C1-4"] == later
    assert "C1-3" not in home.due
    assert [lead.number for lead in home.lists[Pile.MINE].leads] == ["L-1004", "L-1005"]
    assert home.lists[Pile.UNCLAIMED].total == 0
    check_view(view(home, now=NOW))


async def test_ten_thousand_open_leads_among_thirty_thousand_do_not_slow_a_queue_down(store: Store) -> None:
    done = [(DeskStatus.WON, f"U{place % 50}") for place in range(20_000)]
    waiting = [(DeskStatus.CLAIMED, f"U{place % 50}") for place in range(10_000)]
    await keep(store, *done, *waiting)
    started = time.perf_counter()
    assert len(await numbers(store, "U7", after=25_000)) == 10
    await store.workload.loads("C1")
    assert time.perf_counter() - started < 2  # 0.05 s here: a bound for busy machines
