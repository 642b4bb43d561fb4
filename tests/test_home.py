"""The Home tab shows whatever there is within Slack's limits, and no contact data."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deskfile import Days, DeskFile, Level, Rep
from core.findings import Finding
from core.home import ROWS, Home, Page, Pile, Place, away_until, on_duty, team
from core.lead import Contact, DeskStatus, Lead
from core.reps import OwnSettings, person
from core.rights import Role
from core.store.workload import Load
from handlers import home as shown
from tests.conftest import Snapshot
from tests.home_examples import DESK, UNDONE, full, made, numbered
from tests.lead_examples import NOW, RECEIVED, lead, leads
from tests.product import text_of
from tests.slack_limits import check_view, visible

LINKS = {lead().lead_id: "https://example.slack.com/archives/C0DESK/p1700000000000100"}


def seen(home: Home, **more: Any) -> str:
    return visible(shown.view(home, now=NOW, **more)["blocks"])


def test_an_everyday_home_looks_as_it_did(snapshot: Snapshot) -> None:
    snapshot("home_rep", shown.view(made(), now=NOW, links=LINKS))


def test_an_admin_s_home_looks_as_it_did(snapshot: Snapshot) -> None:
    late = lead(desk_status=DeskStatus.CLAIMED, owner="U0BEN")
    home = made(
        role=Role.ADMIN,
        desks=("C0DESK", "#spa"),
        lists={
            Pile.OVERDUE: Page(leads=(late,), total=1),
            Pile.UNCLAIMED: Page(leads=(lead(),) * ROWS, total=40, after=1020, more=True),
        },
        due={late.lead_id: RECEIVED},
        undone=UNDONE,
    )
    home = replace(home, lists={**home.lists, Pile.UNCLAIMED: numbered(home.lists[Pile.UNCLAIMED])})
    looked_at = (Finding("CRM", fine=True, says="it answers"), Finding("Model", fine=False, says="is away"))
    notice = "L-1042 was claimed by <@U0BEN> before you."
    snapshot("home_admin", shown.view(home, now=NOW, links=LINKS, findings=looked_at, notice=notice))


_pages = st.builds(
    Page,
    leads=st.lists(leads, max_size=ROWS, unique_by=lambda each: each.lead_id).map(tuple),
    total=st.integers(0, 10**7),
    after=st.integers(0, 10**7),
    more=st.booleans(),
).filter(lambda page: page.leads or not page.more)


@settings(max_examples=25)  # each has up to eighteen leads
@given(st.dictionaries(st.sampled_from(Pile), _pages), st.sampled_from(Role))
def test_any_leads_are_shown_within_slack_s_limits(lists: dict[Pile, Page], role: Role) -> None:
    check_view(shown.view(made(lists=lists, role=role), now=NOW))


def test_a_crowded_desk_stays_within_slack_s_limits() -> None:
    looked_at = [Finding("n" * 90, fine=at < 15, says="<!channel> & " * 90) for at in range(30)]
    view = shown.view(full(), now=NOW, findings=looked_at)
    check_view(view)
    assert len(view["blocks"]) <= 70


@given(st.lists(st.dates(date(2026, 11, 1), date(2029, 1, 1)), max_size=40))
def test_any_settings_of_one_s_own_are_shown_within_slack_s_limits(days: list[date]) -> None:
    own = OwnSettings(away=tuple(Days(first=day, last=day) for day in days), level=Level.PAGE)
    check_view(shown.view(made(own=own, person=person(DESK, "U0ANA", own)), now=NOW))


@given(leads)
def test_no_home_shows_how_to_reach_anybody(of: Lead) -> None:
    reached = of.model_copy(
        update={"contact": Contact(first_name="Ann", email="ann@example.com", phone="+14155550123")}
    )
    words = text_of(shown.view(made(lists=dict.fromkeys(Pile, Page(leads=(reached,), total=1))), now=NOW))
    assert "ann@example.com" not in words
    assert "4155550123" not in words


def test_only_leads_of_nobody_can_be_claimed() -> None:
    assert seen(made()).count("Claim\n") == 1


def test_a_viewer_is_offered_no_claim() -> None:
    assert "home:claim" not in str(shown.view(made(role=Role.VIEWER), now=NOW))


def test_a_lead_s_number_leads_to_its_card() -> None:
    assert f"<{LINKS[lead().lead_id]}|L-1042>" in str(shown.view(made(), now=NOW, links=LINKS))


def test_a_clock_that_runs_says_when_it_ends_and_one_that_ran_out_since_when() -> None:
    soon = {lead().lead_id: NOW + timedelta(minutes=5)}
    assert "due 25 minutes ago" in seen(made(due=soon))
    assert "was due 25 minutes ago" in seen(made(due={lead().lead_id: RECEIVED}))


def test_nothing_is_said_of_what_is_late_when_nothing_is() -> None:
    assert "Overdue" not in seen(made())


def test_an_empty_desk_says_so() -> None:
    words = seen(made(lists={}))
    assert "Nothing waits for you." in words
    assert "Every lead has somebody." in words


def test_a_rep_sees_how_much_everybody_has_and_a_manager_why() -> None:
    assert "@Some Body  1 open\n" in seen(made())
    managed = seen(made(role=Role.MANAGER))
    assert "1 of 5 open, 2 snoozed, at work" in managed
    assert "away until 13 Nov" in managed


def test_what_is_to_mend_in_the_set_up_comes_before_what_is_right() -> None:
    findings = [Finding("CRM", fine=True, says="it answers"), Finding("Model", fine=False, says="is away")]
    words = seen(made(), findings=findings)
    assert words.index("1 to mend") < words.index("Model  is away") < words.index("CRM: it answers")


def test_where_somebody_is_travels_with_the_view() -> None:
    there = made(lists={Pile.UNCLAIMED: Page(leads=(lead(),), total=9, after=1020)})
    place = Place.model_validate_json(shown.view(there, now=NOW)["private_metadata"])
    assert place == Place(desk="C0DESK", after={Pile.UNCLAIMED: 1020})


@pytest.mark.parametrize("text", [shown.STRANGER, shown.AWAY])
def test_a_home_that_only_says_something_is_within_slack_s_limits(text: str) -> None:
    check_view(shown.told(text))


def test_somebody_is_at_work_within_their_hours_unless_away() -> None:
    ana, ben = person(DESK, "U0ANA"), person(DESK, "U0BEN")
    assert on_duty(DESK, ana, NOW)
    assert not on_duty(DESK, ben, NOW)
    assert not on_duty(DESK, ana, NOW + timedelta(hours=4))
    assert (away_until(ana, NOW), away_until(ben, NOW)) == (None, date(2026, 11, 13))


def test_the_team_is_the_reps_and_whoever_else_has_leads_the_busiest_first() -> None:
    found = team(DESK, {}, {"U0BEN": Load(3), "U0OLD": Load(7), None: Load(9)}, NOW)
    assert [(each.user, each.load.waiting) for each in found] == [("U0OLD", 7), ("U0BEN", 3), ("U0ANA", 0)]


def test_a_desk_without_a_file_has_a_home_too() -> None:
    plain = DeskFile(channel="#leads")
    check_view(shown.view(made(desk=plain, person=person(plain, "U0ANA"), team=()), now=NOW))


def test_a_rep_s_own_time_zone_decides_whether_they_are_at_work() -> None:
    far = DESK.model_copy(update={"reps": {"U0ANA": Rep(time_zone="Pacific/Auckland")}})
    assert not on_duty(far, person(far, "U0ANA"), NOW)
