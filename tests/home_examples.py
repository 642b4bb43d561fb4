"""Homes for tests: an everyday one, and one with everything in it."""

from dataclasses import replace
from typing import Any

from core.deskfile import read_desk_file
from core.home import DELIVERIES, ROWS, Colleague, Home, Page, Pile, Undone, team
from core.lead import DeskStatus
from core.reps import person
from core.rights import Role
from core.store.kept import WHY, Waits
from core.store.submissions import Delivery
from core.store.workload import Load
from tests.lead_examples import NOW, RECEIVED, lead

DESK = read_desk_file(
    """
channel: C0DESK
time_zone: Europe/Berlin
hours: {mon-fri: 08:00-17:00}
reps:
  U0ANA: {capacity: 5}
  U0BEN: {away: 2026-11-09..2026-11-13}
noise: {level: dm, quiet: 20:00-07:00}
""",
    "leads.yaml",
)


def made(**changes: Any) -> Home:
    """Ana's Home on an everyday Thursday."""
    mine = lead(desk_status=DeskStatus.CLAIMED, owner="U0ANA")
    free = lead(lead_id="019a7c3e-0000-7000-8000-000000001050", number="L-1050")
    everyday = Home(
        desk=DESK,
        desks=("C0DESK",),
        role=Role.REP,
        person=person(DESK, "U0ANA"),
        lists={Pile.MINE: Page(leads=(mine,), total=1), Pile.UNCLAIMED: Page(leads=(free,), total=1)},
        team=team(DESK, {}, {"U0ANA": Load(1, 2), None: Load(1)}, NOW),
    )
    return replace(everyday, **changes)


def delivery(**changes: Any) -> Delivery:
    """One that was refused."""
    refused = Delivery(
        submission_id="019a7c3e-0000-7000-8000-000000000001",
        source="typeform",
        desk="C0DESK",
        received_at=RECEIVED,
        number=None,
        code="BAD_SHAPE",
        field="form_response",
        why="is not what this sender sends",
        readable=True,
        read_key=None,
    )
    return replace(refused, **changes)


UNDONE = Undone(
    deliveries=(
        delivery(),
        delivery(
            submission_id="019a7c3e-0000-7000-8000-000000000000",
            source="own_code",
            desk=None,
            code=Waits.SHAPE,
            field=None,
            why=WHY[Waits.SHAPE],
        ),
    ),
    total=12,
    after="019a7c3e-0000-7000-8000-000000000002",
    more=True,
)
"""A page of those that are no leads, in the middle."""


def numbered(page: Page) -> Page:
    """The page with leads that are not all the same."""
    ids = [f"019a7c3e-0000-7000-8000-{at:012}" for at in range(len(page.leads))]
    return replace(
        page,
        leads=tuple(
            each.model_copy(update={"lead_id": lead_id, "number": f"L-{1021 + at}"})
            for at, (each, lead_id) in enumerate(zip(page.leads, ids, strict=True))
        ),
    )


def full() -> Home:
    """A Home with as much in it as there may be, on a desk among many."""
    page = numbered(Page(leads=(lead(),) * ROWS, total=10_000, after=10**6, more=True))
    return made(
        desk=DESK.model_copy(update={"channel": "#" + "x" * 80}),
        desks=tuple(f"#{at}{'x' * 77}" for at in range(150)),
        role=Role.ADMIN,
        lists=dict.fromkeys(Pile, page),
        undone=replace(UNDONE, deliveries=tuple(delivery(submission_id=str(at)) for at in range(DELIVERIES))),
        team=tuple(Colleague(user=f"U{at}", load=Load(10_000 + at, at), capacity=at) for at in range(300)),
    )
