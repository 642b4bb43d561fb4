"""To whom new leads were given, and why: decided and written in one transaction, each lead once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select

from core.actions import PAST, ActionName
from core.lead import OPEN, SYSTEM, DeskStatus, Event, Lead
from core.routing import Decision
from core.store.credits import change_credits, credits_of
from core.store.database import Database
from core.store.events import add_event
from core.store.lead_rows import change_lead, read_lead
from core.store.tables import assignments, leads

ASSIGNED = "assigned"
"""What happened; the history line's why is ``<owner> <reason>``."""

_TURNS = 7704
"""The class of PostgreSQL's advisory locks under which a desk's leads are given one after the other."""

_KNOWN_MOST = 50
"""Earlier leads of a person whose owners are looked at."""


@dataclass(frozen=True)
class Standing:
    """What a desk's reps have and are owed, by Slack user id."""

    open_leads: Mapping[str, int]
    credits: Mapping[str, int]


@dataclass(frozen=True)
class Situation:
    """What a decision needs to know beside files and people.

    Attributes:
        desks: channel -> how its reps stand.
        known: who owned earlier leads of the same person, latest first.
    """

    desks: Mapping[str, Standing]
    known: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What was decided of a lead, and when; ``given_back_at``: since when it counts for nobody."""

    decision: Decision
    at: datetime
    given_back_at: datetime | None


class Assignments:
    """The table of assignments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def assign(
        self,
        key: str,
        lead_id: str,
        *,
        desks: Collection[str],
        decide: Callable[[Lead, Situation], Decision],
        at: datetime,
    ) -> Decision | None:
        """Let the decision see the lead and the desks as they are now, and carry it out.

        The same key twice gives what was decided the first time. None, and nothing is done, when somebody
        has the lead already, or it is at none of these desks any more.

        Args:
            key: unique to this occasion.
            lead_id: whose owner is decided.
            desks: all at which it may end.
            decide: pure.
            at: the time of the decision, aware.
        """

        def write(connection: Connection) -> Decision | None:
            self._take_turns(connection, desks)
            known = connection.execute(_OF_KEY, {"key": key}).mappings().first()
            if known is not None:
                return _assignment(known).decision
            lead = read_lead(connection, lead_id, for_update=True)
            if lead.owner is not None or lead.desk_status != DeskStatus.NEW or lead.desk not in desks:
                return None
            decision = decide(lead, _situation(connection, lead, desks))
            _keep(connection, key, lead, decision, at)
            return decision

        return await self._database.write(write)

    async def of(self, lead_id: str) -> Assignment | None:
        """The last decision about this lead."""
        row = await self._database.read(
            lambda connection: connection.execute(_OF_LEAD, {"lead_id": lead_id}).mappings().first()
        )
        return None if row is None else _assignment(row)

    async def credits(self, desk: str) -> dict[str, int]:
        """What each is owed at this desk, by Slack user id."""
        return await self._database.read(lambda connection: credits_of(connection, desk))

    def _take_turns(self, connection: Connection, desks: Collection[str]) -> None:
        if not self._database.is_sqlite:
            for desk in sorted(desks):  # in one order: nobody waits for who waits for them
                connection.execute(select(func.pg_advisory_xact_lock(_TURNS, func.hashtext(desk))))


def _situation(connection: Connection, lead: Lead, desks: Collection[str]) -> Situation:
    standing = {
        desk: Standing(
            open_leads={row.owner: row.open for row in connection.execute(_LOAD, {"desk": desk})},
            credits=credits_of(connection, desk),
        )
        for desk in desks
    }
    values = {"person_id": lead.person_id, "lead_id": lead.lead_id}
    owners = connection.execute(_KNOWN_OWNERS, values).scalars() if lead.person_id else ()
    return Situation(standing, tuple(dict.fromkeys(owners)))


def _keep(connection: Connection, key: str, lead: Lead, decision: Decision, at: datetime) -> None:
    row = {
        "key": key,
        "lead_id": lead.lead_id,
        "at": at,
        "came_to": lead.desk,
        "desk": decision.desk,
        "owner": decision.owner,
        "reason": decision.reason,
        "trace": [each.model_dump(mode="json") for each in decision.trace],
        "credits": dict(decision.credits),
    }
    said = []
    if decision.desk != lead.desk:
        said.append((PAST[ActionName.MOVE], decision.desk))
    if decision.owner is not None:
        said.append((ASSIGNED, f"{decision.owner} {decision.reason}"))
    if said:
        changes = {"desk": decision.desk, "owner": decision.owner, "owner_reason": decision.reason}
        change_lead(connection, lead.lead_id, changes)
    connection.execute(insert(assignments), row)
    change_credits(connection, decision.desk, decision.credits)
    for what, why in said:
        line = Event(
            event_id=f"{key}:{what}",
            lead_id=lead.lead_id,
            at=at,
            actor=SYSTEM,
            what=what,
            why=why,
            told=False,  # the card says it, and its owner is told
        )
        add_event(connection, line)


def _assignment(row: RowMapping) -> Assignment:
    decision = Decision(**{name: row[name] for name in Decision.model_fields})
    return Assignment(decision=decision, at=row["at"], given_back_at=row["given_back_at"])


# What is snoozed rests, and leaves room for another lead.
_LOAD = (
    select(leads.c.owner, func.count().label("open"))
    .where(leads.c.desk == bindparam("desk"), leads.c.owner.is_not(None))
    .where(leads.c.desk_status.in_(sorted(OPEN - {DeskStatus.SNOOZED})))
    .group_by(leads.c.owner)
)
_KNOWN_OWNERS = (
    select(leads.c.owner)
    .where(leads.c.person_id == bindparam("person_id"), leads.c.lead_id != bindparam("lead_id"))
    .where(leads.c.owner.is_not(None), leads.c.desk_status.not_in([DeskStatus.SPAM, DeskStatus.REJECTED]))
    .order_by(leads.c.number.desc())
    .limit(_KNOWN_MOST)
)
_OF_KEY = select(assignments).where(assignments.c.key == bindparam("key"))
_OF_LEAD = (
    select(assignments).where(assignments.c.lead_id == bindparam("lead_id")).order_by(assignments.c.at.desc())
)
