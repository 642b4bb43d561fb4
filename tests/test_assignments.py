"""A new lead is given to somebody once, in one transaction, and what it cost is given back exactly."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actions import Action, ActionName, decide
from core.deskfile import DeskFile
from core.desks import Desks
from core.errors import NotAllowed, Unavailable
from core.identity.profile import Profile
from core.lead import Contact, DeskStatus, Draft, Event, Lead, utcnow
from core.routing import Decision
from core.routing.assigning import Router
from core.routing.revisions import Revision, digest
from core.routing.turns import LEAD
from core.store import Store, open_store
from core.store.assignments import Situation
from core.store.people import Turn
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database

REPS = ("U0ANA", "U0BEN", "U0CAT")
FLEET = DeskFile(channel="#fleet")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await open_store(database_url)
    yield store
    await store.close()


class Accounts:
    """Who left, and whether Slack says so."""

    def __init__(self, *left: str, away: bool = False) -> None:
        self.left = left
        self.away = away

    async def has_left(self, user: str) -> bool:
        if self.away:
            raise Unavailable("Slack", "does not answer")
        return user in self.left


def router(store: Store, *files: DeskFile, accounts: Accounts | None = None) -> Router:
    return Router(store=store, desks=Desks(files or (desk(),)), accounts=accounts or Accounts())


def desk(channel: str = "#leads", **more: Any) -> DeskFile:
    return DeskFile.model_validate({"channel": channel, "reps": {user: {} for user in REPS}, **more})


async def a_lead(store: Store, key: str = "1", *, channel: str = "#leads") -> Lead:
    submission = Submission(
        source="web_form",
        event_key=key,
        fingerprint="f",
        content_type="application/json",
        body=b"{}",
        received_at=utcnow(),
    )
    draft = Draft(
        contact=Contact(first_name=f"Person {key}"), message="Hello", source="web_form", received_at=utcnow()
    )
    accepted = await store.submissions.accept(
        submission, draft, desk=channel, business_type="general", actor="api", enlist=lambda *_: None
    )
    return await store.leads.get(accepted.lead_id)


async def act(store: Store, lead: Lead, name: ActionName, actor: str, target: str | None = None) -> None:
    action = Action(key=f"{name}:{lead.lead_id}", name=name, lead_id=lead.lead_id, actor=actor, target=target)
    line = Event(
        event_id=action.key, lead_id=lead.lead_id, at=utcnow(), actor=actor, what=name.value, told=True
    )
    await store.leads.act(line, lambda now: decide(now, action))


async def test_a_new_lead_gets_an_owner_and_a_line_in_its_history(store: Store) -> None:
    lead = await a_lead(store)
    decision = await router(store).assign(lead.lead_id)
    assert decision is not None
    given = await store.leads.get(lead.lead_id)
    assert (given.owner, given.owner_reason, given.desk_status) == ("U0ANA", "in turn", DeskStatus.NEW)
    assert [(event.what, event.why) for event in await store.events.of(lead.lead_id)] == [
        ("received", "web_form"),
        ("assigned", "U0ANA in turn"),
    ]
    kept = await store.assignments.of(lead.lead_id)
    assert kept is not None
    assert kept.decision == decision


async def test_a_lead_is_given_once_when_the_step_runs_twice(store: Store) -> None:
    lead = await a_lead(store)
    there = router(store)
    decisions = await asyncio.gather(*(there.assign(lead.lead_id) for _ in range(5)))
    assert all(decision == decisions[0] for decision in decisions)
    assert sum(await credits_of(store)) == 0
    assert (await store.leads.get(lead.lead_id)).version == lead.version + 1


async def test_twenty_leads_at_once_keep_the_turns_fair(store: Store) -> None:
    leads = [await a_lead(store, str(n)) for n in range(20)]
    there = router(store)
    decisions = await asyncio.gather(*(there.assign(lead.lead_id) for lead in leads))
    taken = [sum(d is not None and d.owner == user for d in decisions) for user in REPS]
    assert sorted(taken) == [6, 7, 7]
    owed = await store.assignments.credits("#leads")
    assert sum(owed.values()) == 0
    for user, count in zip(REPS, taken, strict=True):
        assert abs(owed[user] / LEAD - (20 / 3 - count)) < 1e-6


async def test_somebody_who_claimed_before_keeps_the_lead(store: Store) -> None:
    lead = await a_lead(store)
    await act(store, lead, ActionName.CLAIM, "U0DAN")
    assert await router(store).assign(lead.lead_id) is None
    assert (await store.leads.get(lead.lead_id)).owner == "U0DAN"


async def test_a_given_lead_is_claimed_by_its_owner_only(store: Store) -> None:
    lead = await a_lead(store)
    await router(store).assign(lead.lead_id)
    with pytest.raises(NotAllowed, match="is <@U0ANA>'s to claim"):
        await act(store, lead, ActionName.CLAIM, "U0BEN")
    await act(store, lead, ActionName.CLAIM, "U0ANA")
    assert (await store.leads.get(lead.lead_id)).desk_status == DeskStatus.CLAIMED
    assert sum(abs(credit) for credit in await credits_of(store)) > 0  # a claim costs nothing more


@pytest.mark.parametrize("name", [ActionName.REJECT, ActionName.SPAM, ActionName.REASSIGN])
async def test_what_a_lead_cost_is_given_back_exactly_and_once(store: Store, name: ActionName) -> None:
    there = router(store)
    first, second = await a_lead(store, "1"), await a_lead(store, "2")
    await there.assign(first.lead_id)
    before = await store.assignments.credits("#leads")
    given = await there.assign(second.lead_id)
    assert given is not None
    await act(store, second, name, given.owner or "", target="U0CAT")
    assert await there.store.assignments.credits("#leads") == before
    if name == ActionName.REASSIGN:
        await act(store, second, ActionName.REJECT, "U0CAT")
    assert await store.assignments.credits("#leads") == before
    kept = await store.assignments.of(second.lead_id)
    assert kept is not None
    assert kept.given_back_at is not None


async def test_a_lead_that_was_left_lying_costs_its_owner_until_it_proves_to_be_none(store: Store) -> None:
    lead = await a_lead(store)
    await router(store).assign(lead.lead_id)
    charged = await store.assignments.credits("#leads")
    returned = Event(
        event_id="r", lead_id=lead.lead_id, at=utcnow(), actor="system", what="returned", told=True
    )
    await store.leads.act(returned, lambda _: {"owner": None, "desk_status": DeskStatus.NEW})
    await act(store, lead, ActionName.CLAIM, "U0BEN")
    assert await store.assignments.credits("#leads") == charged
    await act(store, lead, ActionName.SPAM, "U0BEN")
    assert set((await store.assignments.credits("#leads")).values()) == {0}


async def test_a_lead_that_is_merged_away_costs_nobody_anything(store: Store) -> None:
    there = router(store)
    first, second = await a_lead(store, "1"), await a_lead(store, "2")
    for lead in (first, second):
        await there.assign(lead.lead_id)
    await store.merges.merge("m", second.lead_id, into=first.lead_id, actor="U0ANA")
    owed = await store.assignments.credits("#leads")
    assert sum(owed.values()) == 0
    assert owed["U0BEN"] == LEAD // 3


async def test_whoever_is_full_is_passed_over_until_a_lead_is_done(store: Store) -> None:
    there = router(store, desk(reps={"U0ANA": {"capacity": 1}}))
    first = await a_lead(store, "1")
    await there.assign(first.lead_id)
    full = await there.assign((await a_lead(store, "2")).lead_id)
    assert full is not None
    assert (full.owner, full.reason) == (None, "everybody is full")
    await act(store, first, ActionName.CLAIM, "U0ANA")
    await act(store, first, ActionName.WON, "U0ANA")
    again = await there.assign((await a_lead(store, "3")).lead_id)
    assert again is not None
    assert again.owner == "U0ANA"


async def test_who_left_the_workspace_gets_nothing(store: Store) -> None:
    there = router(store, accounts=Accounts("U0ANA", "U0BEN"))
    decision = await there.assign((await a_lead(store)).lead_id)
    assert decision is not None
    assert decision.owner == "U0CAT"


async def test_leads_are_given_while_slack_is_away(store: Store) -> None:
    decision = await router(store, accounts=Accounts(away=True)).assign((await a_lead(store)).lead_id)
    assert decision is not None
    assert decision.owner == "U0ANA"


async def test_a_rule_moves_a_lead_to_another_desk(store: Store) -> None:
    rule = {"name": "Forms", "when": {"source": "web_form"}, "desk": "#fleet"}
    there = router(store, desk(routing={"rules": [rule]}), desk("#fleet", reps={"U0FLO": {}}))
    lead = await a_lead(store)
    await there.assign(lead.lead_id)
    moved = await store.leads.get(lead.lead_id)
    assert (moved.desk, moved.owner) == ("#fleet", "U0FLO")
    assert [event.what for event in await store.events.of(lead.lead_id)] == ["received", "moved", "assigned"]


async def test_leads_of_desks_that_send_each_other_leads_do_not_wait_for_each_other(store: Store) -> None:
    there = router(
        store,
        desk("#a", routing={"rules": [{"name": "B", "when": {}, "desk": "#b"}]}),
        desk("#b", routing={"rules": [{"name": "A", "when": {}, "desk": "#a"}]}),
    )
    leads = [await a_lead(store, str(n), channel=("#a", "#b")[n % 2]) for n in range(10)]
    decisions = await asyncio.gather(*(there.assign(lead.lead_id) for lead in leads))
    assert {d.desk for d in decisions if isinstance(d, Decision)} == {"#a", "#b"}


async def test_a_desk_without_reps_and_rules_decides_nothing(store: Store) -> None:
    lead = await a_lead(store)
    assert await router(store, DeskFile(channel="#leads")).assign(lead.lead_id) is None
    assert await store.assignments.of(lead.lead_id) is None


async def test_a_customer_s_owners_are_known_by_the_person_latest_first(store: Store) -> None:
    seen = []
    leads = [await a_lead(store, str(n)) for n in range(3)]
    for lead, owner in zip(leads, ("U0BEN", "U0CAT"), strict=False):
        await link(store, lead.lead_id, leads[0].lead_id)
        await act(store, lead, ActionName.CLAIM, owner)
    await link(store, leads[2].lead_id, leads[0].lead_id)

    def look(_lead: Lead, situation: Situation) -> Decision:
        seen.append(situation.known)
        return Decision(desk="#leads", owner=None, reason="-")

    await store.assignments.assign("k", leads[2].lead_id, desks=["#leads"], decide=look, at=utcnow())
    assert seen == [("U0CAT", "U0BEN")]


async def test_rules_that_an_admin_set_count_until_the_file_changes(store: Store) -> None:
    file = desk()
    rules = {"rules": [{"name": "All", "when": {}, "to": "U0CAT"}]}
    await store.routings.save("#leads", revision(1, file, rules), at=utcnow())
    given = await router(store, file).assign((await a_lead(store, "1")).lead_id)
    assert given is not None
    assert given.owner == "U0CAT"
    changed = desk(routing={"rules": [{"name": "All", "when": {}, "to": "U0BEN"}]})
    given = await router(store, changed).assign((await a_lead(store, "2")).lead_id)
    assert given is not None
    assert given.owner == "U0BEN"


async def test_of_two_admins_who_change_the_same_rules_one_is_told(store: Store) -> None:
    saves = (store.routings.save("#leads", revision(1, desk(), {}), at=utcnow()) for _ in range(5))
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(outcome, NotAllowed) for outcome in outcomes) == 4
    newest = await store.routings.newest("#leads")
    assert newest is not None
    assert newest.revision == 1


def revision(number: int, file: DeskFile, routing: dict[str, Any]) -> Revision:
    return Revision(revision=number, by="U0ANA", based_on=digest(file.routing), routing=routing)


async def credits_of(store: Store) -> list[int]:
    return list((await store.assignments.credits("#leads")).values())


async def link(store: Store, lead_id: str, first: str) -> None:
    """The lead is surely the first one's person's."""

    def write(turn: Turn) -> None:
        turn.meet(lead_id, Profile(), [], worth=lambda _: False)
        if lead_id != first:
            turn.link(lead_id, {first: 9.0})

    await store.people.in_turn(write)
