"""The store keeps what it is given, once, on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Connection

from core.actions import Action, ActionName, decide
from core.crm.reconcile import Link
from core.errors import InvalidLead, NotAllowed, NotFound
from core.lead import Contact, DeskStatus, Draft, Event, Lead, Match, MatchKind, Part, Status, utcnow
from core.ports import CrmRecord
from core.store import Store, open_store
from core.store.posts import card_key
from core.store.submissions import REPEAT_WINDOW, Accepted, Submission
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


def submission(**changes: Any) -> Submission:
    plain = Submission(
        source="web_form",
        event_key="event-1",
        fingerprint="f" * 64,
        content_type="application/json",
        body=b'{"message": "hello"}',
        received_at=NOW,
    )
    return replace(plain, **changes)


def draft(message: str = "Brakes squeal") -> Draft:
    return Draft(
        contact=Contact(first_name="Ana", email="ana@example.com"),
        message=message,
        source="web_form",
        custom_fields={"colour": "red", "deep": [1, {"a": None}]},
        received_at=NOW,
    )


class Enlisted:
    """Stands where the engine enqueues: remembers, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.lead_ids: list[str] = []
        self._error = error

    def __call__(self, _connection: Connection, lead_id: str) -> None:
        if self._error is not None:
            raise self._error
        self.lead_ids.append(lead_id)


async def accept(store: Store, sent: Submission | None = None, enlisted: Enlisted | None = None) -> Accepted:
    return await store.submissions.accept(
        sent or submission(),
        draft(),
        desk="C1",
        business_type="general",
        actor="api",
        enlist=enlisted or Enlisted(),
    )


async def a_lead(store: Store, key: str = "event-1") -> Lead:
    accepted = await accept(store, submission(event_key=key))
    return await store.leads.get(accepted.lead_id)


def claim(lead: Lead, user: str, key: str = "click-1") -> Action:
    return Action(key=key, name=ActionName.CLAIM, lead_id=lead.lead_id, actor=user)


def line(action: Action) -> Event:
    return Event(
        event_id=action.key, lead_id=action.lead_id, at=NOW, actor=action.actor, what="claimed", told=True
    )


async def act(store: Store, action: Action) -> None:
    await store.leads.act(line(action), lambda now: decide(now, action))


async def test_a_lead_comes_back_as_it_was_sent(store: Store) -> None:
    lead = await a_lead(store)
    assert lead.number == "L-1001"
    assert (lead.message, lead.contact) == (draft().message, draft().contact)
    assert lead.custom_fields == draft().custom_fields
    assert (lead.status, lead.desk_status, lead.version) == (Status.RAW, DeskStatus.NEW, 1)
    assert lead.received_at == NOW


async def test_the_same_delivery_ten_times_at_once_is_one_lead(store: Store) -> None:
    enlisted = Enlisted()
    answers = await asyncio.gather(*(accept(store, enlisted=enlisted) for _ in range(10)))
    assert len({answer.lead_id for answer in answers}) == 1
    assert [answer.fresh for answer in answers].count(True) == 1
    assert enlisted.lead_ids == [answers[0].lead_id]


async def test_an_equal_body_without_a_key_is_one_lead_within_the_window(store: Store) -> None:
    keyless = submission(event_key=None)
    answers = await asyncio.gather(*(accept(store, keyless) for _ in range(10)))
    assert len({answer.lead_id for answer in answers}) == 1
    later = replace(keyless, received_at=NOW + REPEAT_WINDOW + timedelta(seconds=1))
    assert (await accept(store, later)).lead_id != answers[0].lead_id


async def test_the_same_key_from_another_source_is_another_lead(store: Store) -> None:
    first = await accept(store)
    second = await accept(store, submission(source="api"))
    assert first.lead_id != second.lead_id
    assert second.number == "L-1002"


async def test_nothing_is_kept_when_the_engine_cannot_enqueue(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await accept(store, enlisted=Enlisted(RuntimeError("the engine is away")))
    assert await store.leads.count() == 0
    assert await store.submissions.latest(limit=5) == []


async def test_what_was_refused_is_listed_with_its_reason_and_may_come_again_mended(store: Store) -> None:
    await store.submissions.refuse(submission(), InvalidLead("message", "is empty", code="MESSAGE_EMPTY"))
    (refused,) = await store.submissions.latest(limit=5, failed_only=True)
    assert (refused.code, refused.field, refused.why) == ("MESSAGE_EMPTY", "message", "is empty")
    assert (await accept(store)).fresh


async def test_fifty_claims_at_once_have_one_winner(store: Store) -> None:
    lead = await a_lead(store)
    clicks = [claim(lead, f"U{n}", f"click-{n}") for n in range(50)]
    outcomes = await asyncio.gather(*(act(store, click) for click in clicks), return_exceptions=True)
    losers = [outcome for outcome in outcomes if isinstance(outcome, NotAllowed)]
    assert len(losers) == 49
    after = await store.leads.get(lead.lead_id)
    assert (after.desk_status, after.version) == (DeskStatus.CLAIMED, lead.version + 1)
    assert {str(loser) for loser in losers} == {f"L-1001 was claimed by <@{after.owner}> before you."}


async def test_the_same_click_run_twice_is_one_change_and_one_line_of_history(store: Store) -> None:
    lead = await a_lead(store)
    await act(store, claim(lead, "U1"))
    await act(store, claim(lead, "U1"))
    assert (await store.leads.get(lead.lead_id)).version == lead.version + 1
    assert [event.what for event in await store.events.of(lead.lead_id)] == ["received", "claimed"]


async def test_a_part_that_waits_is_on_the_lead_until_it_is_done(store: Store) -> None:
    lead = await a_lead(store)
    await store.waiting.put(lead.lead_id, Part.CRM, "Airtable: away", NOW, not_before=timedelta())
    assert (await store.leads.get(lead.lead_id)).missing == {Part.CRM: "Airtable: away"}
    await store.crm.keep(lead, Link(), CrmRecord("rec1", "https://example.com/rec1"))
    after = await store.leads.get(lead.lead_id)
    assert after.missing == {}
    assert (after.crm.record_id, after.status) == ("rec1", Status.SYNCED)


async def test_the_leads_of_the_last_hour_are_redone_before_older_ones(store: Store) -> None:
    lead_ids = []
    for number in range(3):
        accepted = await accept(store, submission(event_key=f"event-{number}"))
        await store.waiting.put(accepted.lead_id, Part.ANALYSIS, "away", NOW, not_before=timedelta())
        lead_ids.append(accepted.lead_id)
        await asyncio.sleep(0.02)
    first, second, third = lead_ids
    numbered = datetime.fromtimestamp((UUID(second).int >> 80) / 1000, UTC)  # before its row
    an_hour_after_the_second = numbered + timedelta(hours=1) - timedelta(milliseconds=8)
    taken = await store.waiting.take(an_hour_after_the_second, parts=set(Part), limit=5)
    assert [each.lead_id for each in taken] == [second, third, first]


async def test_a_waiting_part_is_taken_once_and_later_each_time(store: Store) -> None:
    lead = await a_lead(store)
    await store.waiting.put(lead.lead_id, Part.CARD, "Slack: away", NOW, not_before=timedelta())
    assert await store.waiting.take(NOW, parts=set(Part), limit=5) == []
    soon = NOW + timedelta(seconds=6)
    assert [taken.attempts for taken in await store.waiting.take(soon, parts=set(Part), limit=5)] == [1]
    assert await store.waiting.take(soon, parts=set(Part), limit=5) == []
    later = soon + timedelta(seconds=11)
    assert await store.waiting.take(later, parts={Part.CRM}, limit=5) == []
    assert [taken.attempts for taken in await store.waiting.take(later, parts=set(Part), limit=5)] == [2]


async def test_the_post_s_intent_is_written_once(store: Store) -> None:
    lead = await a_lead(store)
    key = card_key(lead.lead_id)
    first = await store.posts.intend(key, "C1", NOW)
    again = await store.posts.intend(key, "C1", NOW)
    assert (first.fresh, again.fresh, again.ts) == (True, False, None)
    await store.posts.posted(key, "1.1", "digest")
    card = (await store.posts.showing(lead.lead_id)).card
    assert card is not None
    assert (card.ts, card.digest) == ("1.1", "digest")
    await store.posts.forget(key)
    assert (await store.posts.showing(lead.lead_id)).card is None


async def test_history_is_untold_until_its_post_is_there(store: Store) -> None:
    lead = await a_lead(store)
    action = claim(lead, "U1")
    await act(store, action)
    key = f"event:{action.key}"

    async def untold() -> list[str]:
        return [event.what for event in (await store.posts.showing(lead.lead_id)).untold]

    assert await untold() == ["claimed"]
    await store.posts.intend(key, "C1", NOW)
    assert await untold() == ["claimed"]
    await store.posts.posted(key, "1.2", "digest")
    assert await untold() == []


async def test_matches_vectors_and_answers_are_replaced_by_their_keys(store: Store) -> None:
    first, second = await a_lead(store, "a"), await a_lead(store, "b")
    vector = np.linspace(0, 1, 384, dtype=np.float32)
    match = Match(lead_id=first.lead_id, number=first.number, kind=MatchKind.SIMILAR, score=0.9)
    for _ in range(2):
        await store.leads.understood(
            second.lead_id, vector=("model@1", vector), found=[match], analysis=analysis(), final=True
        )
    kept = await store.leads.vectors("model@1", [first.lead_id, second.lead_id])
    assert list(kept) == [second.lead_id]
    assert np.array_equal(kept[second.lead_id], vector)
    assert await store.leads.vectors("model@2", [second.lead_id]) == {}
    (kept_match,) = (await store.leads.get(second.lead_id)).matches
    assert (kept_match.lead_id, kept_match.kind, kept_match.score) == (first.lead_id, match.kind, 0.9)
    assert (kept_match.desk_status, kept_match.received_at) == (DeskStatus.NEW, NOW)  # of the earlier lead
    assert await store.leads.answer(second.lead_id, "0123abcd", "qwen3:4b") == analysis()
    assert await store.leads.answer(second.lead_id, "0123abcd", "rules") is None


@pytest.mark.parametrize("number", ["L-1001", "l-1001", " 1001 ", "#1001"])
async def test_a_lead_is_found_by_its_number_however_people_write_it(store: Store, number: str) -> None:
    lead = await a_lead(store)
    assert (await store.leads.by_number(number)).lead_id == lead.lead_id


@pytest.mark.parametrize("number", ["L-9", "", "L-", "x", "99999999999999", "\u0661\u0660\u0660\u0661"])
async def test_an_unknown_number_is_not_found(store: Store, number: str) -> None:
    await a_lead(store)
    with pytest.raises(NotFound):
        await store.leads.by_number(number)


async def test_opening_again_keeps_everything(database_url: str) -> None:
    store = await open_store(database_url)
    lead = await a_lead(store)
    await store.close()
    again = await open_store(database_url)
    assert (await again.leads.get(lead.lead_id)).message == lead.message
    await again.close()


async def test_every_lead_is_walked_through_in_batches(store: Store) -> None:
    for n in range(5):
        await a_lead(store, str(n))
    batches = [[lead.number for lead in batch] async for batch in store.leads.every(batch=2)]
    assert batches == [["L-1001", "L-1002"], ["L-1003", "L-1004"], ["L-1005"]]


async def test_the_newest_leads_come_first(store: Store) -> None:
    for n in range(3):
        await a_lead(store, str(n))
    assert [lead.number for lead in await store.leads.newest(limit=2)] == ["L-1003", "L-1002"]
