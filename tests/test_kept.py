"""Deliveries that are no leads yet are kept once, and become one lead each, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidLead, NotFound
from core.intake.shapes import flat, new_shape
from core.lead import utcnow
from core.privacy import REFUSED_FOR
from core.store import Store
from core.store.kept import FETCH_FOR, Waits
from core.store.submissions import Accepted
from tests.test_store import NOW, Enlisted, accept, database_url, draft, store, submission

__all__ = ["database_url", "store"]  # fixtures

DAY = timedelta(days=1)

AGES = {
    "refused": REFUSED_FOR - DAY,
    "refused, too old": REFUSED_FOR + DAY,
    "waits": 300 * DAY,
    "a lead": 400 * DAY,
}

SENT = submission(source="zapier", fields={"q": "Brakes squeal"})


async def keep(store: Store, followed: Enlisted, **changes: object) -> str:
    shape = new_shape("zapier", None, flat({"q": "Brakes squeal"}), desk="#leads", region="US")
    sent = replace(SENT, **changes)  # type: ignore[arg-type]  # a test names what it changes
    submission_id, _ = await store.kept.keep(sent, Waits.SHAPE, shape=shape, follow=followed)
    return submission_id


@pytest.mark.parametrize("event_key", ["event-1", None])
async def test_the_same_delivery_is_kept_once(store: Store, event_key: str | None) -> None:
    followed = Enlisted()
    ids = await asyncio.gather(*(keep(store, followed, event_key=event_key) for _ in range(10)))
    assert followed.lead_ids == [ids[0]]
    assert set(ids) == {ids[0]}


async def test_nothing_is_kept_when_its_reading_cannot_be_enqueued(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await keep(store, Enlisted(RuntimeError()))
    assert await store.submissions.latest(limit=5) == []


async def test_what_was_kept_becomes_one_lead_however_often_it_is_read(store: Store) -> None:
    submission_id = await keep(store, Enlisted())
    enlisted = Enlisted()

    async def read() -> str:
        accepted = await store.submissions.accept(
            SENT,
            draft(),
            desk="#leads",
            business_type="general",
            actor="webhook:zapier",
            enlist=enlisted,
            kept=submission_id,
        )
        return accepted.lead_id

    ids = await asyncio.gather(*(read() for _ in range(5)))
    assert (enlisted.lead_ids, set(ids)) == ([ids[0]], {ids[0]})
    (delivery,) = await store.submissions.latest(limit=5)
    assert (delivery.number, delivery.code) == ("L-1001", None)


async def test_a_delivery_that_waits_becomes_the_lead_of_the_same_delivery_that_comes_again(
    store: Store,
) -> None:
    submission_id = await keep(store, Enlisted())
    accepted = await accept(store, SENT)
    assert accepted.fresh
    assert (await store.kept.get(submission_id)).number == accepted.number


async def test_a_delivery_that_can_be_no_lead_may_come_again_mended(store: Store) -> None:
    submission_id = await keep(store, Enlisted())
    await store.kept.refuse(submission_id, InvalidLead("contact.email", "is not an e-mail address"))
    assert (await accept(store, SENT)).fresh
    (failed,) = await store.submissions.latest(limit=5, failed_only=True)
    assert (failed.submission_id, failed.field) == (submission_id, "contact.email")


async def test_a_lead_that_was_not_fetched_in_a_week_is_not_asked_for_any_more(store: Store) -> None:
    for key, age in (("a", FETCH_FOR / 2), ("b", FETCH_FOR + timedelta(minutes=1))):
        sent = replace(SENT, event_key=key, received_at=NOW - age)
        await store.kept.keep(sent, Waits.FETCH, fetch="1", follow=Enlisted())
    assert [at for _, at in await store.kept.fetching(NOW, limit=9)] == [NOW - FETCH_FOR / 2]


REFUSAL = InvalidLead("form_response", "is not what this sender sends", code="BAD_SHAPE")


async def refused(store: Store, **changes: Any) -> str:
    """The id of a delivery that a door refused."""
    await store.submissions.refuse(replace(SENT, **changes), REFUSAL)
    (last,) = await store.submissions.latest(limit=1)
    return last.submission_id


async def read_again(store: Store, submission_id: str) -> Accepted:
    """Make the delivery a lead, with the key that its body says."""
    return await store.submissions.accept(
        SENT,
        draft(),
        desk="#leads",
        business_type="general",
        actor="webhook:zapier",
        enlist=Enlisted(),
        kept=submission_id,
    )


async def test_what_was_refused_has_its_key_again_once_it_is_a_lead(store: Store) -> None:
    lead = await read_again(store, await refused(store))
    assert await accept(store, SENT) == replace(lead, fresh=False)


async def test_what_was_refused_and_came_again_as_a_lead_is_that_lead(store: Store) -> None:
    submission_id = await refused(store)
    lead = await accept(store, SENT)
    assert await read_again(store, submission_id) == replace(lead, fresh=False)
    assert (await store.kept.get(submission_id)).number == lead.number


async def test_what_was_refused_and_came_again_and_waits_is_one_lead(store: Store) -> None:
    submission_id = await refused(store)
    waiting = await keep(store, Enlisted())
    lead = await read_again(store, submission_id)
    numbers = {(await store.kept.get(each)).number for each in (submission_id, waiting)}
    assert (lead.fresh, numbers) == (True, {lead.number})


@pytest.mark.parametrize("is_lead", [True, False])
async def test_what_is_to_wait_and_came_again_is_kept_once(store: Store, is_lead: bool) -> None:  # noqa: FBT001 - pytest's way
    submission_id = await refused(store)
    if is_lead:
        await accept(store, SENT)
    else:
        await keep(store, Enlisted())
    (other,) = [
        each for each in await store.submissions.latest(limit=2) if each.submission_id != submission_id
    ]
    kept_id, lead = await store.kept.keep(SENT, Waits.FETCH, fetch="1", follow=Enlisted(), kept=submission_id)
    assert (kept_id, lead is not None) == (other.submission_id, is_lead)
    assert len(await store.submissions.latest(limit=9)) == (2 if is_lead else 1)
    assert await store.kept.no_leads("#leads", but=frozenset(), before=None, limit=9) == (
        [] if is_lead else [other]
    )


async def test_what_is_to_wait_waits_under_the_id_that_it_has(store: Store) -> None:
    submission_id, followed = await refused(store), Enlisted()
    kept_id, _ = await store.kept.keep(SENT, Waits.FETCH, fetch="1", follow=followed, kept=submission_id)
    found = await store.kept.delivery(submission_id)
    assert (kept_id, followed.lead_ids) == (submission_id, [submission_id])
    assert (found.code, found.field, found.readable) == (Waits.FETCH, None, True)


async def test_deliveries_are_listed_at_the_desk_they_came_to_and_the_rest_at_the_first(store: Store) -> None:
    places = ("#leads", "#spa", None, "#a-desk-that-was")
    ids = {place: await refused(store, desk=place, received_at=utcnow()) for place in places}
    await accept(store, replace(SENT, event_key="a lead", desk="#spa"))
    await refused(store, source="slash_command", desk="#spa")

    async def listed(desk: str, but: frozenset[str] | None, before: str | None = None) -> list[str]:
        found = await store.kept.no_leads(desk, but=but, before=before, limit=9)
        assert before is not None or await store.kept.count_no_leads(desk, but=but) == len(found)
        return [each.submission_id for each in found]

    assert await listed("#spa", None) == [ids["#spa"]]
    first = [ids["#a-desk-that-was"], ids[None], ids["#leads"]]
    assert await listed("#leads", frozenset({"#spa"})) == first
    assert await listed("#leads", frozenset({"#spa"}), first[0]) == first[1:]


async def test_what_was_refused_goes_in_its_time_and_what_was_taken_never_does(store: Store) -> None:
    at = {name: replace(SENT, event_key=name, received_at=NOW - age) for name, age in AGES.items()}
    for name, sent in at.items():
        if "refused" in name:
            await store.submissions.refuse(sent, REFUSAL)
        elif "waits" in name:
            await store.kept.keep(sent, Waits.FETCH, fetch="1", follow=Enlisted())
        else:
            await accept(store, sent)
    gone = await store.kept.let_go(refused_before=NOW - REFUSED_FOR)
    left = await store.submissions.latest(limit=9)
    kept = {name for name, sent in at.items() if sent.received_at in {each.received_at for each in left}}
    assert (gone, kept) == (1, {name for name in AGES if "too old" not in name})


async def test_confirming_a_shape_follows_what_waits_for_it_only(store: Store) -> None:
    first = await keep(store, Enlisted())
    await accept(store, SENT)
    second = await keep(store, Enlisted(), event_key="event-2")
    followed = Enlisted()
    (shape,) = await store.shapes.of("zapier")
    await store.shapes.confirm(shape, by="U0MIA", follow=followed)
    assert (followed.lead_ids, first != second) == ([second], True)
    confirmed = await store.shapes.get(shape.shape_id)
    assert (confirmed.confirmed_by, [column.sample for column in confirmed.columns]) == ("U0MIA", [""])
    assert await store.shapes.waiting(shape.shape_id) == 1


async def test_what_is_not_there_is_told(store: Store) -> None:
    for missing in (store.kept.get("nothing"), store.shapes.get("nothing")):
        with pytest.raises(NotFound):
            await missing
