"""Two leads become one without losing anything, and two again exactly as they were."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.actions import Action, ActionName, decide
from core.errors import NotAllowed, NotFound
from core.identity.phones import tail
from core.lead import OPEN, Also, Contact, DeskStatus, Draft, Event, Lead, utcnow
from core.merge import columns, directed, preview, restored
from core.store import Store, open_store
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database
from tests.lead_examples import lead

OLDER = lead(lead_id="019a7c3e-0000-7000-8000-000000001042", number="L-1042")
NEWER = lead(lead_id="019a7c3e-0000-7000-8000-000000001050", number="L-1050")

NAMES = st.sampled_from(["Ana", "ana", "Silva", "Bo"])
MAILS = st.sampled_from(["ana@example.com", "ANA@example.com", "a.silva@work.example", "bo@example.com"])
PHONES = st.sampled_from(["+1 415 555 0123", "+14155550123", "(415) 555-0123", "415 555 0199"])
COMPANIES = st.sampled_from(["Silva LLC", "Bo & Sons"])

contacts = st.builds(
    Contact,
    first_name=st.none() | NAMES,
    last_name=st.none() | NAMES,
    email=st.none() | MAILS,
    phone=st.none() | PHONES,
    company=st.none() | COMPANIES,
)
fields = st.dictionaries(st.sampled_from(["colour", "budget"]), st.sampled_from(["red", 5, None, [1]]))
states = st.sampled_from(sorted(OPEN))
owners = st.none() | st.sampled_from(["U0ANA", "U0BEN"])


def leads_like(model: Lead) -> st.SearchStrategy[Lead]:
    """Open leads with this one's id, and any contact, state and owner."""
    mails = st.lists(MAILS, max_size=2, unique=True).map(tuple)
    changes = {
        "contact": contacts,
        "also": st.builds(Also, emails=mails),
        "source_url": st.none() | st.just("https://example.com/form"),
        "custom_fields": fields,
        "desk_status": states,
        "owner": owners,
    }
    return st.fixed_dictionaries(changes).map(lambda update: model.model_copy(update=update))


def undone(survivor: Lead, changed: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """The survivor's columns after an undo."""
    return columns(survivor) | restored(changed, columns(survivor))


@given(leads_like(OLDER), leads_like(NEWER))
def test_a_merge_and_its_undo_are_the_identity(kept: Lead, gone: Lead) -> None:
    merge = preview(kept, gone)
    assert undone(merge.survivor, merge.changes[kept.lead_id]) == columns(kept)
    assert merge.changes[gone.lead_id] == {
        "desk_status": (gone.desk_status, "merged"),
        "merged_into": (None, kept.lead_id),
    }


@given(leads_like(OLDER), leads_like(NEWER))
def test_every_mail_and_phone_of_both_is_somewhere_in_the_survivor(kept: Lead, gone: Lead) -> None:
    survivor = preview(kept, gone).survivor
    mails = {mail.lower() for mail in filter(None, (survivor.contact.email, *survivor.also.emails))}
    phones = {tail(phone) for phone in filter(None, (survivor.contact.phone, *survivor.also.phones))}
    for each in (kept, gone):
        said = filter(None, (each.contact.email, *each.also.emails))
        assert {mail.lower() for mail in said} <= mails
        assert each.contact.phone is None or tail(each.contact.phone) in phones


@given(leads_like(OLDER), leads_like(NEWER))
def test_every_word_of_both_names_is_somewhere_in_the_survivor(kept: Lead, gone: Lead) -> None:
    survivor = preview(kept, gone).survivor
    words = " ".join(filter(None, (survivor.contact.name, *survivor.also.names))).lower().split()
    assert {word for each in (kept, gone) for word in (each.contact.name or "").lower().split()} <= set(words)


@given(leads_like(OLDER), leads_like(NEWER))
def test_what_the_kept_lead_says_itself_stays(kept: Lead, gone: Lead) -> None:
    survivor = preview(kept, gone).survivor
    mine, theirs = kept.contact.model_dump(), survivor.contact.model_dump()
    assert {name: theirs[name] for name, value in mine.items() if value} == {
        name: value for name, value in mine.items() if value
    }
    assert kept.custom_fields.items() <= survivor.custom_fields.items()
    assert survivor.owner == (kept.owner or gone.owner)
    assert survivor.analysis == kept.analysis


def test_a_name_is_filled_up_only_by_one_that_agrees() -> None:
    kept = OLDER.model_copy(update={"contact": Contact(first_name="Ana")})
    for last, first, whole, also in [
        ("Silva", "ana", "Ana Silva", ()),
        ("Chen", "Mike", "Ana", ("Mike Chen",)),
    ]:
        gone = NEWER.model_copy(update={"contact": Contact(first_name=first, last_name=last)})
        survivor = preview(kept, gone).survivor
        assert (survivor.contact.name, survivor.also.names) == (whole, also)


def test_the_same_address_written_differently_is_kept_once() -> None:
    gone = NEWER.model_copy(
        update={"contact": Contact(email="MIKE.chen@example.com", phone="+1 (415) 555-0123")}
    )
    assert preview(OLDER, gone).survivor.also == Also()


@pytest.mark.parametrize(
    ("kept", "gone", "then"),
    [
        (DeskStatus.NEW, DeskStatus.APPROVED, DeskStatus.APPROVED),
        (DeskStatus.CLAIMED, DeskStatus.NEW, DeskStatus.CLAIMED),
        (DeskStatus.SNOOZED, DeskStatus.NEW, DeskStatus.SNOOZED),
        (DeskStatus.WON, DeskStatus.CLAIMED, DeskStatus.WON),
        (DeskStatus.REJECTED, DeskStatus.NEW, DeskStatus.REJECTED),
    ],
)
def test_the_survivor_is_as_far_as_the_further_of_both(
    kept: DeskStatus, gone: DeskStatus, then: DeskStatus
) -> None:
    merge = preview(_in(OLDER, kept), _in(NEWER, gone))
    assert merge.survivor.desk_status == then


def _in(of: Lead, status: DeskStatus) -> Lead:
    return of.model_copy(update={"desk_status": status})


def test_the_older_lead_is_kept_unless_the_newer_one_is_further() -> None:
    claimed = _in(NEWER, DeskStatus.CLAIMED)
    won = _in(NEWER, DeskStatus.WON)
    assert directed(NEWER, OLDER) == (OLDER, NEWER)
    assert directed(OLDER, claimed) == (claimed, OLDER)
    assert directed(_in(OLDER, DeskStatus.APPROVED), claimed)[0].number == "L-1042"
    assert directed(_in(OLDER, DeskStatus.APPROVED), won) == (won, _in(OLDER, DeskStatus.APPROVED))


MERGED = _in(NEWER, DeskStatus.MERGED).model_copy(
    update={"merged_into": "019a7c3e-0000-7000-8000-000000001001", "merged_number": "L-1001"}
)


@pytest.mark.parametrize(
    ("kept", "gone", "why"),
    [
        (OLDER, OLDER, "L-1042 cannot be merged with itself."),
        (OLDER, MERGED, "L-1050 is merged into L-1001 already."),
        (MERGED, OLDER, "L-1050 is merged into L-1001 already."),
        (
            OLDER,
            _in(NEWER, DeskStatus.WON),
            "L-1050 is won already: keep it, and merge L-1042 into it.",
        ),
        (
            _in(OLDER, DeskStatus.LOST),
            _in(NEWER, DeskStatus.WON),
            "L-1042 and L-1050 are both over: there is nothing to merge.",
        ),
    ],
)
def test_what_may_not_be_merged_is_refused_in_a_sentence(kept: Lead, gone: Lead, why: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        preview(kept, gone)
    assert str(refused.value) == why


def test_what_a_person_changed_since_survives_the_undo() -> None:
    gone = NEWER.model_copy(update={"owner": "U0ANA", "desk_status": DeskStatus.CLAIMED})
    merge = preview(OLDER.model_copy(update={"contact": Contact()}), gone)
    later = merge.survivor.model_copy(update={"desk_status": DeskStatus.APPROVED})
    back = undone(later, merge.changes[OLDER.lead_id])
    assert (back["desk_status"], back["owner"]) == (DeskStatus.APPROVED, "U0ANA")
    assert (back["email"], back["first_name"]) == (None, None)


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


async def stored(store: Store, contact: Contact | None = None, **more: Any) -> Lead:
    """A new lead in the store."""
    count = await store.leads.count()
    submission = Submission(
        source="web_form",
        event_key=f"event-{count}",
        fingerprint="f" * 64,
        content_type="application/json",
        body=b"{}",
        received_at=NOW,
    )
    draft = Draft(
        contact=contact or Contact(first_name="Ana", email=f"ana{count}@example.com"),
        message="Brakes squeal",
        source="web_form",
        received_at=NOW,
        **more,
    )
    accepted = await store.submissions.accept(
        submission,
        draft,
        desk="C1",
        business_type="general",
        actor="api",
        enlist=lambda _connection, _id: None,
    )
    return await store.leads.get(accepted.lead_id)


async def every(store: Store) -> dict[str, dict[str, Any]]:
    """All leads with all that is said of them, but when they last changed and how often."""
    return {
        each.lead_id: each.model_dump(exclude={"version", "updated_at"})
        async for batch in store.leads.every()
        for each in batch
    }


async def merge(store: Store, gone: Lead, into: Lead, key: str = "", **more: Any) -> str:
    """Merge them; the key."""
    key = key or f"{gone.number}-{into.number}-{await store.leads.count()}"
    await store.merges.merge(key, gone.lead_id, into=into.lead_id, actor=more.pop("actor", "U1"), **more)
    return key


async def act(
    store: Store, lead: Lead, name: ActionName, actor: str = "U1", target: str | None = None
) -> None:
    key = f"{name}-{lead.number}-{actor}"
    action = Action(key=key, name=name, lead_id=lead.lead_id, actor=actor, target=target)
    line = Event(event_id=key, lead_id=lead.lead_id, at=NOW, actor=actor, what=name, told=True)
    await store.leads.act(line, lambda now: decide(now, action))


async def test_the_store_merges_and_undoes_exactly(store: Store) -> None:
    kept = await stored(store, Contact(phone="+1 415 555 0123"))
    gone = await stored(store, source_url="https://example.com/f", custom_fields={"deep": [1, {"a": None}]})
    await act(store, gone, ActionName.CLAIM, "U9")
    before = await every(store)
    await merge(store, gone, kept, "m1", reason="same phone")
    after = await store.leads.get(kept.lead_id)
    away = await store.leads.get(gone.lead_id)
    assert (after.contact.email, after.contact.name) == (gone.contact.email, "Ana")
    assert (after.owner, after.desk_status) == ("U9", DeskStatus.CLAIMED)
    assert (away.desk_status, away.merged_into, away.merged_number) == ("merged", kept.lead_id, kept.number)
    assert (after.version, away.version) == (kept.version + 1, gone.version + 2)
    await store.merges.undo("u1", gone.lead_id, actor="U2")
    assert await every(store) == before


async def test_both_histories_say_what_happened_and_why(store: Store) -> None:
    kept, gone = await stored(store), await stored(store)
    await merge(store, gone, kept, "m1", reason="same phone")
    await store.merges.undo("u1", kept.lead_id, actor="U2")
    lines = [
        (event.what, event.actor, event.why)
        for each in (kept, gone)
        for event in (await store.events.of(each.lead_id))[1:]
    ]
    assert lines == [
        ("merged_in", "U1", f"{gone.number}: same phone"),
        ("unmerged", "U2", gone.number),
        ("merged", "U1", f"{kept.number}: same phone"),
        ("unmerged", "U2", kept.number),
    ]


async def test_the_same_merge_and_undo_run_twice_change_nothing_more(store: Store) -> None:
    kept, gone = await stored(store), await stored(store)
    for _ in range(2):
        await merge(store, gone, kept, "m1")
    assert (await store.leads.get(kept.lead_id)).version == kept.version + 1
    for _ in range(2):
        await store.merges.undo("u1", gone.lead_id, actor="U1")
        await merge(store, gone, kept, "m1")
    assert (await store.leads.get(gone.lead_id)).desk_status == DeskStatus.NEW
    assert len(await store.events.of(gone.lead_id)) == 3


async def test_what_was_merged_before_follows_into_the_new_one_and_comes_back(store: Store) -> None:
    top, middle, low = [await stored(store) for _ in range(3)]
    start = await every(store)
    await merge(store, low, middle, "m1")
    between = await every(store)
    await merge(store, middle, top, "m2")
    assert [each.number for each in await store.leads.merged_into(top.lead_id)] == [middle.number, low.number]
    assert await store.merges.touched("m2") == [top.lead_id, middle.lead_id, low.lead_id]
    survivor = await store.leads.get(top.lead_id)
    assert set(survivor.also.emails) == {middle.contact.email, low.contact.email}
    with pytest.raises(NotAllowed, match=f"{middle.number} was merged later: undo that first"):
        await store.merges.undo("u0", low.lead_id, actor="U1")
    await store.merges.undo("u2", middle.lead_id, actor="U1")
    assert await every(store) == between
    await store.merges.undo("u1", low.lead_id, actor="U1")
    assert await every(store) == start


async def test_two_people_who_merge_in_opposite_directions_at_once_have_one_winner(store: Store) -> None:
    one, other = await stored(store), await stored(store)
    outcomes = await asyncio.gather(
        merge(store, one, other, "a"), merge(store, other, one, "b"), return_exceptions=True
    )
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, NotAllowed)]
    found = await store.leads.get_many([one.lead_id, other.lead_id])
    (gone,) = [each for each in found if each.desk_status == DeskStatus.MERGED]
    assert str(refusal) == f"{gone.number} is merged into {gone.merged_number} already."


async def test_an_undo_keeps_what_people_did_since(store: Store) -> None:
    kept, gone = await stored(store, Contact(email="a@example.com")), await stored(store)
    await merge(store, gone, kept)
    await act(store, kept, ActionName.APPROVE, "U5")
    await store.merges.undo("u1", gone.lead_id, actor="U1")
    after = await store.leads.get(kept.lead_id)
    assert (after.owner, after.desk_status, after.contact.name) == ("U5", DeskStatus.APPROVED, None)


async def test_a_lead_that_is_not_merged_has_nothing_to_undo(store: Store) -> None:
    with pytest.raises(NotAllowed, match="L-1001 is not merged with any lead"):
        await store.merges.undo("u1", (await stored(store)).lead_id, actor="U1")


async def test_a_merge_with_an_unknown_lead_is_not_found(store: Store) -> None:
    only = await stored(store)
    with pytest.raises(NotFound):
        await store.merges.merge("m1", only.lead_id, into="nobody", actor="U1")


async def test_nothing_is_merged_when_what_follows_cannot_be_enqueued(store: Store) -> None:
    kept, gone = await stored(store), await stored(store)
    before = await every(store)

    def fail(_connection: Any) -> None:
        raise RuntimeError("the engine is away")

    with pytest.raises(RuntimeError):
        await merge(store, gone, kept, follow=fail)
    assert await every(store) == before


async def test_lists_leave_merged_leads_out_unless_asked(store: Store) -> None:
    kept, gone = await stored(store), await stored(store)
    await merge(store, gone, kept)
    assert [each.number for each in await store.leads.newest(limit=5)] == [kept.number]
    assert len(await store.leads.newest(limit=5, merged=True)) == 2


async def test_the_kept_lead_stands_where_the_gone_one_was_found(store: Store) -> None:
    kept, gone, other = [await stored(store) for _ in range(3)]
    await merge(store, gone, kept)
    found = {kept.lead_id: 0.5, gone.lead_id: 0.9, other.lead_id: 0.7, "erased": 1.0}
    assert list((await store.leads.standing(found)).items()) == [(kept.lead_id, 0.9), (other.lead_id, 0.7)]


Said = tuple[Contact, dict[str, Any], bool]
"""A lead's contact, its custom fields, and whether somebody has claimed it."""


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(contacts, fields, st.booleans()), min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5),
)
@pytest.mark.parametrize("kind", KINDS)
def test_any_chain_of_merges_undone_in_turn_is_the_identity(
    kind: str, tmp_path_factory: pytest.TempPathFactory, said: Sequence[Said], pairs: list[tuple[int, int]]
) -> None:
    async def run(url: str) -> None:
        store = await open_store(url)
        made = [await stored(store, contact, custom_fields=custom) for contact, custom, _ in said]
        for n in (n for n, (_, _, is_claimed) in enumerate(said) if is_claimed):
            await act(store, made[n], ActionName.CLAIM, f"U{n}")
        states, done = [await every(store)], []
        for n, (gone, kept) in enumerate(pairs):
            try:
                await merge(store, made[gone], made[kept], f"m{n}")
            except NotAllowed:
                continue
            done.append(made[gone])
            states.append(await every(store))
        for n, each in reversed(list(enumerate(done))):
            assert await every(store) == states[n + 1]
            await store.merges.undo(f"u{n}", each.lead_id, actor="U1")
        assert await every(store) == states[0]
        await store.close()

    with fresh_database(kind, tmp_path_factory.mktemp("chain")) as url:
        asyncio.run(run(url))
