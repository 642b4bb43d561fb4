"""Leads and records come together whatever happens: both sides' changes, questions, faults, two processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from core.crm.reconcile import Link
from core.crm.sync import Outcome
from core.errors import NotAllowed, Refused, Unavailable
from core.hooks.calls import HookEvent
from core.lead import DeskStatus, SyncStatus, utcnow
from tests.crm_side import CrmSide, crm_side, tried


@pytest.fixture
async def side(tmp_path: Path) -> AsyncIterator[CrmSide]:
    async with crm_side(tmp_path) as opened:
        yield opened


async def test_a_lead_is_one_record_and_then_costs_no_request(side: CrmSide) -> None:
    lead_id = await side.lead()
    assert await side.sync.sync(lead_id) == Outcome.WRITTEN
    before = len(side.airtable.requests)
    assert await side.sync.sync(lead_id) == Outcome.SAME
    assert len(side.airtable.requests) == before
    lead = await side.store.leads.get(lead_id)
    assert (lead.crm.status, side.row(lead_id)["Status"]) == (SyncStatus.SUCCESS, "New")


async def test_what_both_agreed_on_is_kept_together_with_its_being_told_or_not_at_all(side: CrmSide) -> None:
    lead_id = await side.lead(email="ana@example.com")
    told: list[tuple[HookEvent, str]] = []

    def cut_short(*_: object) -> None:
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await replace(side.sync, announce=cut_short).sync(lead_id)
    assert await side.link(lead_id) == Link()
    telling = replace(side.sync, announce=lambda _, event, lead_id, _key: told.append((event, lead_id)))
    for _ in range(2):
        await telling.sync(lead_id)
    assert told == [(HookEvent.SYNCED, lead_id)]
    assert side.row(lead_id)


async def test_only_what_changed_is_written(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Notes="theirs", Status="Contacted")
    await side.change(lead_id, phone="+1 415 555 0199")
    await side.sync.sync(lead_id)
    row = side.row(lead_id)
    assert (row["Phone"], row["Notes"], row["Status"]) == ("+1 415 555 0199", "theirs", "Contacted")


async def test_what_people_change_there_becomes_the_leads(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Name="Ana Ruiz", Email="ana@example.com", Phone=None)
    assert await side.sync.pull(utcnow()) == [lead_id]
    contact = (await side.store.leads.get(lead_id)).contact
    assert (contact.first_name, contact.last_name) == ("Ana", "Ruiz")
    assert (contact.email, contact.phone) == ("ana@example.com", None)
    (line,) = [event for event in await side.store.events.of(lead_id) if event.what == "changed_in_crm"]
    assert (line.why, line.told) == ("Email, Name, Phone", True)


async def test_a_status_moved_there_moves_the_lead_and_stays_as_it_was_moved(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Status="Contacted")
    await side.sync.pull(utcnow())
    await side.settle()
    assert (await side.store.leads.get(lead_id)).desk_status == DeskStatus.CLAIMED
    assert side.row(lead_id)["Status"] == "Contacted"
    await side.change(lead_id, desk_status=DeskStatus.WON)
    await side.sync.sync(lead_id)
    assert side.row(lead_id)["Status"] == "Closed"


async def test_what_is_ours_is_set_back(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Message="something else")
    await side.sync.pull(utcnow())
    assert side.row(lead_id)["Message"] == "My brakes grind."


async def test_an_address_that_is_none_is_left_alone_on_both_sides(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Email="ask her")
    await side.sync.pull(utcnow())
    assert (await side.store.leads.get(lead_id)).contact.email is None
    assert side.row(lead_id)["Email"] == "ask her"


@pytest.mark.parametrize(("ours", "phone"), [(True, "1"), (False, "2")])
async def test_what_both_changed_is_asked_about_once_and_then_is_what_was_kept(
    side: CrmSide, *, ours: bool, phone: str
) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    await side.change(lead_id, phone="1")
    side.airtable.table.edit(lead_id, Phone="2")
    assert await side.sync.sync(lead_id) == Outcome.ASKED
    assert await side.sync.sync(lead_id) != Outcome.ASKED
    assert await side.sync.pull(utcnow()) == []
    assert side.row(lead_id)["Phone"] == "2"
    await side.answer_all(keep_ours=ours)
    await side.sync.sync(lead_id)
    assert (await side.store.leads.get(lead_id)).contact.phone == phone
    assert side.row(lead_id)["Phone"] == phone


async def test_an_answer_to_a_question_that_is_settled_is_refused(side: CrmSide) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    await side.change(lead_id, phone="1")
    side.airtable.table.edit(lead_id, Phone="2")
    await side.sync.sync(lead_id)
    side.airtable.table.edit(lead_id, Phone="1")
    await side.sync.sync(lead_id)
    assert (await side.link(lead_id)).question is None
    (line,) = [event for event in await side.store.events.of(lead_id) if event.what == "crm_conflict"]
    with pytest.raises(NotAllowed, match="answered already"):
        await side.sync.answer(line.model_copy(update={"event_id": "late"}), "x", keep_ours=True)


@pytest.mark.parametrize(("anew", "records"), [(True, 1), (False, 0)])
async def test_a_record_deleted_there_is_asked_about_before_it_is_made_anew(
    side: CrmSide, *, anew: bool, records: int
) -> None:
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    side.airtable.table.remove(lead_id)
    await side.change(lead_id, phone="1")
    assert await side.sync.sync(lead_id) == Outcome.ASKED
    assert await side.sync.sync(lead_id) == Outcome.SAME
    assert side.airtable.rows == []
    await side.answer_all(keep_ours=anew)
    await side.sync.sync(lead_id)
    assert len(side.airtable.rows) == records


async def test_a_field_renamed_there_costs_only_that_field_and_is_told_once(side: CrmSide) -> None:
    first, second = await side.lead(), await side.lead()
    await side.sync.sync(first)
    await side.sync.drift(("#leads",))
    side.airtable.table.field("Quality Score").name = "Score"
    side.airtable.table.field("Phone").name = "Telephone"
    await side.sync.sync(second)
    assert (side.row(second)["Name"], "Phone" in side.row(second)) == ("Ana", False)
    told = await side.sync.drift(("#leads",))
    assert [sentence.split(":")[0] for sentence in told] == ["Phone", "Quality Score"]
    assert await side.sync.drift(("#leads",)) == []


async def test_a_field_that_cannot_be_looked_up_is_left_out_when_it_is_refused(side: CrmSide) -> None:
    side.airtable.scopes -= {"schema.bases:read"}
    side.airtable.table.field("Phone").name = "Telephone"
    lead_id = await side.lead()
    await side.sync.sync(lead_id)
    assert side.row(lead_id)["Name"] == "Ana"


async def test_two_processes_at_once_make_one_record(side: CrmSide) -> None:
    lead_id = await side.lead()
    await asyncio.gather(*(sync.sync(lead_id) for sync in side.syncs))
    await asyncio.gather(side.change(lead_id, phone="1"), *(sync.sync(lead_id) for sync in side.syncs))
    await side.settle()
    assert side.row(lead_id)["Phone"] == "1"


@pytest.mark.parametrize("error", [401, 403, 404, 500, 503])
async def test_an_error_reaches_the_caller_in_our_words(side: CrmSide, error: int) -> None:
    lead_id = await side.lead()
    await side.sync.table.schema()
    side.airtable.faults.status(error)
    with pytest.raises((Refused, Unavailable)):
        await side.sync.sync(lead_id)


STEPS = st.sampled_from(
    [
        *("sync", "sync", "sync elsewhere", "both sync", "pull"),
        *("ours: phone", "ours: status", "ours: name", "ours: none"),
        *("theirs: phone", "theirs: status", "theirs: name", "theirs: message", "deleted"),
        *("429", "500", "503", "422", "401", "lost", "slow"),
    ]
)


async def test_after_any_faults_the_table_is_what_the_store_says_one_record_a_lead(tmp_path: Path) -> None:
    """200 random sequences of changes on both sides, and of faults; every question is answered."""
    loop = asyncio.get_running_loop()
    async with crm_side(tmp_path) as side:

        @hypothesis.settings(max_examples=200)
        @hypothesis.given(steps=st.lists(STEPS, max_size=14), keep_ours=st.booleans())
        def converges(*, steps: list[str], keep_ours: bool) -> None:
            run = asyncio.run_coroutine_threadsafe(_converges(side, steps, keep_ours=keep_ours), loop)
            run.result(timeout=60)

        await asyncio.to_thread(converges)


async def _converges(side: CrmSide, steps: list[str], *, keep_ours: bool) -> None:
    side.lead_ids = []
    lead_id = await side.lead()
    for number, step in enumerate(steps):
        await _take(side, lead_id, step, str(number))
    side.airtable.faults.clear()
    await asyncio.sleep(0.002)
    await side.settle()
    await side.answer_all(keep_ours=keep_ours)
    await side.settle()
    lead, link = await side.store.crm.lead(lead_id)
    assert link.question is None
    if link.left_out:
        assert not [row for row in side.airtable.rows if row["Lead ID"] == lead_id]
    else:
        assert await side.differing(lead) == {}
        assert await side.sync.differences(lead, (await side.sync.table.rows([lead_id]))[lead_id]) == {}


async def _take(side: CrmSide, lead_id: str, step: str, value: str) -> None:
    who, _, what = step.partition(": ")
    there = any(row["Lead ID"] == lead_id for row in side.airtable.rows)
    if who == "ours":
        await side.change(lead_id, **_ours(what, int(value)))
    elif who == "theirs" and there:
        side.airtable.table.edit(lead_id, **_theirs(what, int(value)))
    elif step == "deleted" and there:
        side.airtable.table.remove(lead_id)
    elif step == "pull":
        with suppress(Unavailable, Refused):
            await side.sync.pull(utcnow())
    elif step.endswith("sync") or step == "sync elsewhere":
        syncs = {"sync": side.syncs[:1], "sync elsewhere": side.syncs[1:], "both sync": side.syncs}[step]
        await asyncio.gather(*(tried(sync, lead_id) for sync in syncs))
    elif step.isdigit():
        side.airtable.faults.status(int(step))
    elif step == "lost":
        side.airtable.faults.lose_answer()
    elif step == "slow":
        side.airtable.faults.delay(0.01)


def _ours(what: str, value: int) -> dict[str, Any]:
    statuses = (DeskStatus.APPROVED, DeskStatus.WON, DeskStatus.CLAIMED)
    changes: dict[str, dict[str, Any]] = {
        "phone": {"phone": str(value)},
        "status": {"desk_status": statuses[value % 3]},
        "name": {"first_name": f"Ours {value}", "last_name": None},
        "none": {"phone": None, "email": None},
    }
    return changes[what]


def _theirs(what: str, value: int) -> dict[str, Any]:
    cells = {
        "phone": {"Phone": f"their {value}"},
        "status": {"Status": ("New", "Contacted", "Qualified", "Closed")[value % 4]},
        "name": {"Name": f"Theirs {value}"},
        "message": {"Message": str(value)},
    }
    return cells[what]
