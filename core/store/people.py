"""Who stands behind the leads: profiles and their keys, sure links, and what people answered about them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.dedupe import Answer, Candidate
from core.identity import Profile, clusters
from core.lead import Event
from core.store.candidates import (
    ANY,
    CANDIDATES_MOST,
    candidates_of,
    hits_under,
    persons_of,
    profiles_of,
    ranked,
    shared_by,
)
from core.store.database import Database
from core.store.events import add_event, is_known
from core.store.tables import leads, links, match_answers, person_keys, profiles

T = TypeVar("T")

_TURNS = 7702
"""PostgreSQL's advisory lock under which leads are compared one after the other, as on SQLite anyway."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the store knows around a lead that is new, or may yet be sent.

    Attributes:
        candidates: leads compared before that are worth a closer look, with all leads of their persons.
        shared: key -> how many different persons are found under it.
        person_id: whose lead it is, as far as it is known; its own id before that; None if it is no lead.
        said: lead id -> what somebody said of that lead and this one.
    """

    candidates: tuple[Candidate, ...]
    shared: Mapping[str, int]
    person_id: str | None
    said: Mapping[str, Answer]


Worth = Callable[[Profile], bool]
"""Whether a profile may be the same person's: the others are not loaded whole."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Two leads and what a person said of them."""

    lead_id: str
    other_id: str
    answer: Answer
    actor: str
    at: datetime


class People:
    """The persons behind leads. A person is its leads; its id is that of its oldest one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def in_turn(self, work: Callable[["Turn"], T]) -> T:
        """Do the work in one transaction while no other leads are compared.

        Of any two leads exactly one finds the other, whatever order they came in.
        """
        return await self._database.write(lambda connection: work(self.turn(connection)))

    def turn(self, connection: Connection) -> "Turn":
        """The same inside the caller's transaction, until it ends."""
        self._take_turn(connection)
        return Turn(connection, is_sqlite=self._database.is_sqlite)

    async def answer(self, labelled: Labelled, event: Event) -> None:
        """Keep what somebody said of two leads with its history line, and join or part their persons by it.

        A history line that is known already changes nothing: the engine may run a step twice.
        """
        document = {
            "lead_id": labelled.lead_id,
            "other_id": labelled.other_id,
            "answer": labelled.answer,
            "actor": labelled.actor,
            "at": labelled.at,
        }

        def write(turn: Turn) -> None:
            connection = turn.connection
            if is_known(connection, event):
                return
            add_event(connection, event)
            turn.upsert(match_answers, document)
            pair = {labelled.lead_id, labelled.other_id}
            connection.execute(delete(links).where(links.c.lead_id.in_(pair), links.c.other_id.in_(pair)))
            if labelled.answer != Answer.DIFFERENT:
                link = {"lead_id": labelled.lead_id, "other_id": labelled.other_id, "weight": SAID}
                turn.upsert(links, link)
            turn.regroup(pair)

        await self.in_turn(write)

    async def answers(self) -> list[Labelled]:
        """All that people said of pairs of leads, oldest first."""
        query = select(match_answers).order_by(match_answers.c.at)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Labelled(**{**row, "answer": Answer(row["answer"])}) for row in rows]

    async def profiles(self, lead_ids: Collection[str]) -> dict[str, Profile]:
        """What those of these leads that were compared say about their persons, by lead id."""
        return await self._database.read(lambda connection: profiles_of(connection, lead_ids, before=ANY))

    async def leads_of(self, person_id: str) -> list[str]:
        """The ids of a person's leads, oldest first."""
        query = select(leads.c.lead_id).where(leads.c.person_id == person_id).order_by(leads.c.lead_id)
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def candidates(self, lead_ids: Sequence[str]) -> list[Candidate]:
        """These leads, and all others of their persons, as candidates."""
        return await self._database.read(lambda connection: candidates_of(connection, lead_ids, before=None))

    def _take_turn(self, connection: Connection) -> None:
        if not self._database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_TURNS)))


class Turn:
    """A transaction in which leads are compared one after the other."""

    def __init__(self, connection: Connection, *, is_sqlite: bool) -> None:
        self.connection = connection
        self._insert = sqlite.insert if is_sqlite else postgresql.insert
        self._introducing = _introducing(self._insert)

    def meet(
        self,
        lead_id: str,
        profile: Profile,
        keys: Collection[str],
        *,
        near: Collection[str] = (),
        worth: Worth,
    ) -> Surroundings:
        """Make the lead known under its keys, and give back what was known before it.

        A second call for the same lead finds what the first one found.

        Args:
            lead_id: the new lead's.
            profile: the new lead's.
            keys: the new lead's (core.identity.keys).
            near: leads whose messages are alike, which may share no key.
            worth: which of them are looked at closely.
        """
        seq = self._introduce(lead_id, profile, keys)
        person_id = str(self.connection.execute(_KNOWN_PERSON, {"this": lead_id}).scalar_one())
        said = _said(self.connection, lead_id)
        found = around(self.connection, keys, near=near, worth=worth, lead_id=lead_id, before=seq, said=said)
        return replace(found, person_id=person_id)

    def renew(self, lead_id: str, profile: Profile, keys: Collection[str]) -> None:
        """The lead's contact was corrected: it is found under these keys from now on, and no others."""
        self.connection.execute(delete(person_keys).where(person_keys.c.lead_id == lead_id))
        self._introduce(lead_id, profile, keys)

    def link(self, lead_id: str, weights: Mapping[str, float]) -> None:
        """The lead is surely by the same person as these (lead id -> log2 weight)."""
        self.connection.execute(delete(links).where(links.c.lead_id == lead_id, links.c.weight < SAID))
        rows = [
            {"lead_id": lead_id, "other_id": other, "weight": weight} for other, weight in weights.items()
        ]
        if rows:
            adding = self._insert(links).on_conflict_do_nothing(index_elements=["lead_id", "other_id"])
            self.connection.execute(adding, rows)
        self.regroup({lead_id, *weights})

    def regroup(self, touched: Iterable[str]) -> None:
        """Group the leads of all persons that are touched anew, by their links and by what people said."""
        connection = self.connection
        persons = persons_of(connection, touched)
        rows = connection.execute(_MEMBERS, {"persons": list(persons)})
        members = {row.lead_id: row.person_id for row in rows}
        among = {"members": list(members)}
        edges = {(row.lead_id, row.other_id): row.weight for row in connection.execute(_LINKS, among)}
        apart = [(row.lead_id, row.other_id) for row in connection.execute(_APART, among)]
        moved = [
            {"this": lead_id, "person": person}
            for group in clusters(list(members), edges, apart)
            for person in [min(group)]
            for lead_id in group
            if members[lead_id] != person
        ]
        if moved:
            connection.execute(_MOVE, moved)

    def upsert(self, table: Any, values: Mapping[str, Any]) -> None:
        """Write the row of a pair of leads, in place of the one there."""
        changing = {name: value for name, value in values.items() if name not in _PAIR}
        adding = self._insert(table).values(**values)
        self.connection.execute(adding.on_conflict_do_update(index_elements=_PAIR, set_=changing))

    def _introduce(self, lead_id: str, profile: Profile, keys: Collection[str]) -> int:
        into_profiles, into_keys = self._introducing
        values = {"lead_id": lead_id, "profile": profile.model_dump(mode="json")}
        seq = int(self.connection.execute(into_profiles, values).scalar_one())
        if keys:
            self.connection.execute(into_keys, [{"key": key, "lead_id": lead_id} for key in sorted(keys)])
        return seq


def around(
    connection: Connection,
    keys: Collection[str],
    *,
    near: Collection[str],
    worth: Worth,
    lead_id: str = "",
    before: int = ANY,
    said: Mapping[str, Answer] | None = None,
) -> Surroundings:
    """What is known around somebody with these keys, who need not be known; nothing is written.

    Args:
        connection: of the caller's transaction.
        keys: of core.identity.keys.
        near: leads whose messages are alike, which may share no key.
        worth: which of them are looked at closely.
        lead_id: of the lead itself, if it is one.
        before: only leads that were compared before this turn.
        said: lead id -> what somebody said of that lead and this one.
    """
    hits = hits_under(connection, sorted(keys), lead_id)
    closest = ranked(hits)[:CANDIDATES_MOST]
    earlier = profiles_of(connection, [*closest, *near], before=before)
    telling = [each for each, other in earlier.items() if worth(other)]
    return Surroundings(
        candidates=tuple(candidates_of(connection, [*telling, *(said or ())], before=before)),
        shared=shared_by(connection, hits) if telling else {},
        person_id=None,
        said=said or {},
    )


SAID = 20.0
"""log2 weight of a link that a person confirmed: more than any evidence."""

_PAIR = ["lead_id", "other_id"]

# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_KNOWN_PERSON = (
    update(leads)
    .where(leads.c.lead_id == bindparam("this"))
    .values(person_id=func.coalesce(leads.c.person_id, leads.c.lead_id))
    .returning(leads.c.person_id)
)
_MEMBERS = select(leads.c.lead_id, leads.c.person_id).where(
    leads.c.person_id.in_(bindparam("persons", expanding=True))
)
_LINKS = select(links).where(
    links.c.lead_id.in_(bindparam("members", expanding=True)),
    links.c.other_id.in_(bindparam("members", expanding=True)),
)
_APART = select(match_answers.c.lead_id, match_answers.c.other_id).where(
    match_answers.c.answer == Answer.DIFFERENT,
    match_answers.c.lead_id.in_(bindparam("members", expanding=True)),
    match_answers.c.other_id.in_(bindparam("members", expanding=True)),
)
_MOVE = update(leads).where(leads.c.lead_id == bindparam("this")).values(person_id=bindparam("person"))
_SAID = select(match_answers).where(
    or_(match_answers.c.lead_id == bindparam("this"), match_answers.c.other_id == bindparam("this"))
)


@lru_cache
def _introducing(insert: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What makes a lead known: its profile (gives its turn), its keys."""
    row = insert(profiles)
    same = {"profile": row.excluded.profile}
    return (
        row.on_conflict_do_update(index_elements=["lead_id"], set_=same).returning(profiles.c.seq),
        insert(person_keys).on_conflict_do_nothing(index_elements=["key", "lead_id"]),
    )


def _said(connection: Connection, lead_id: str) -> dict[str, Answer]:
    """What people said of this lead and others, by the other's id."""
    rows = connection.execute(_SAID, {"this": lead_id}).all()
    return {row.other_id if row.lead_id == lead_id else row.lead_id: Answer(row.answer) for row in rows}
