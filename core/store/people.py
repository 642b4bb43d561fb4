"""Who stands behind the leads: profiles and their keys, sure links, and what people answered about them."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.dedupe import Answer, Candidate, Request
from core.identity import Profile, clusters
from core.lead import Contact, Event
from core.store.database import Database
from core.store.events import add_event, is_known
from core.store.submissions import lead_number
from core.store.tables import leads, links, match_answers, person_keys, profiles

KEY_HITS = 100
"""Newest leads looked at under one key: a key that more share says little."""

CANDIDATES_MOST = 60
"""Leads compared field by field, those that share the most telling keys first: 40 us each."""

PERSON_MOST = 50
"""Leads of one person whose requests are compared."""

STRENGTH: Mapping[str, float] = {
    "mail": 9,
    "customer_no": 8,
    "plate": 7,
    "phone": 6.5,
    "birth_date": 6,
    "name": 6,
    "box": 5,
    "line": 3,
    "exchange": 3,
    "short": 2,
    "firm": 2,
}
"""How telling it is to share a key of that kind, for the order of candidates (core.identity.weights)."""

_TURNS = 7702
"""PostgreSQL's advisory lock under which leads are compared one after the other, as on SQLite anyway."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the store knows around a new lead.

    Attributes:
        candidates: leads compared before that are worth a closer look, with all leads of their persons.
        shared: key -> how many different persons are found under it.
        person_id: whose lead it is, as far as it is known; its own id before that.
        said: lead id -> what somebody said of that lead and this one.
    """

    candidates: tuple[Candidate, ...]
    shared: Mapping[str, int]
    person_id: str
    said: Mapping[str, Answer]


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

    async def meet(
        self,
        lead_id: str,
        profile: Profile,
        keys: Collection[str],
        *,
        near: Collection[str] = (),
        worth: Callable[[Profile], bool],
    ) -> Surroundings:
        """Make the lead known under its keys, and give back what was known before it.

        Leads take turns here: of any two, exactly one finds the other, whatever order they came in. A second
        call for the same lead finds what the first one found.

        Args:
            lead_id: the new lead's.
            profile: the new lead's.
            keys: the new lead's (core.identity.keys).
            near: leads whose messages are alike, which may share no key.
            worth: whether a profile may be the same person's: the others are not loaded whole.
        """

        def write(connection: Connection) -> Surroundings:
            self._take_turn(connection)
            seq = self._introduce(connection, lead_id, profile, keys)
            hits = {key: _hits(connection, key, lead_id) for key in keys}
            ranked = _ranked(hits)[:CANDIDATES_MOST]
            earlier = _profiles(connection, [*ranked, *near], before=seq)
            telling = [each for each, other in earlier.items() if worth(other)]
            said = _said(connection, lead_id)
            return Surroundings(
                candidates=tuple(_candidates(connection, [*telling, *said], before=seq)),
                shared={key: len({person for _, person in found}) for key, found in hits.items()},
                person_id=_person_of(connection, lead_id),
                said=said,
            )

        return await self._database.write(write)

    async def renew(self, lead_id: str, profile: Profile, keys: Collection[str]) -> None:
        """The lead's contact was corrected: it is found under these keys from now on, and no others."""

        def write(connection: Connection) -> None:
            self._take_turn(connection)
            connection.execute(delete(person_keys).where(person_keys.c.lead_id == lead_id))
            document = profile.model_dump(mode="json")
            connection.execute(update(profiles).where(profiles.c.lead_id == lead_id).values(profile=document))
            self._introduce(connection, lead_id, profile, keys)

        await self._database.write(write)

    async def link(self, lead_id: str, weights: Mapping[str, float]) -> str:
        """The lead is surely by the same person as these (lead id -> log2 weight); the person's id."""

        def write(connection: Connection) -> str:
            self._take_turn(connection)
            connection.execute(delete(links).where(links.c.lead_id == lead_id, links.c.weight < SAID))
            insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
            rows = [
                {"lead_id": lead_id, "other_id": other, "weight": weight} for other, weight in weights.items()
            ]
            if rows:
                known = ["lead_id", "other_id"]
                connection.execute(insert(links).on_conflict_do_nothing(index_elements=known), rows)
            self._regroup(connection, {lead_id, *weights})
            return _person_of(connection, lead_id)

        return await self._database.write(write)

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

        def write(connection: Connection) -> None:
            self._take_turn(connection)
            if is_known(connection, event):
                return
            add_event(connection, event)
            self._upsert(connection, match_answers, document, ["lead_id", "other_id"])
            pair = {labelled.lead_id, labelled.other_id}
            connection.execute(delete(links).where(links.c.lead_id.in_(pair), links.c.other_id.in_(pair)))
            if labelled.answer != Answer.DIFFERENT:
                link = {"lead_id": labelled.lead_id, "other_id": labelled.other_id, "weight": SAID}
                self._upsert(connection, links, link, ["lead_id", "other_id"])
            self._regroup(connection, {labelled.lead_id, labelled.other_id})

        await self._database.write(write)

    async def answers(self) -> list[Labelled]:
        """All that people said of pairs of leads, oldest first."""
        query = select(match_answers).order_by(match_answers.c.at)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Labelled(**{**row, "answer": Answer(row["answer"])}) for row in rows]

    async def leads_of(self, person_id: str) -> list[str]:
        """The ids of a person's leads, oldest first."""
        query = select(leads.c.lead_id).where(leads.c.person_id == person_id).order_by(leads.c.lead_id)
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def candidates(self, lead_ids: Sequence[str]) -> list[Candidate]:
        """These leads, and all others of their persons, as candidates."""
        return await self._database.read(lambda connection: _candidates(connection, lead_ids, before=None))

    def _take_turn(self, connection: Connection) -> None:
        if not self._database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_TURNS)))

    def _introduce(
        self, connection: Connection, lead_id: str, profile: Profile, keys: Collection[str]
    ) -> int:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        values = {"lead_id": lead_id, "profile": profile.model_dump(mode="json")}
        connection.execute(
            insert(profiles).values(**values).on_conflict_do_nothing(index_elements=["lead_id"])
        )
        if keys:
            rows = [{"key": key, "lead_id": lead_id} for key in sorted(keys)]
            connection.execute(
                insert(person_keys).on_conflict_do_nothing(index_elements=["key", "lead_id"]), rows
            )
        alone = update(leads).where(leads.c.lead_id == lead_id, leads.c.person_id.is_(None))
        connection.execute(alone.values(person_id=lead_id))
        return int(connection.execute(_SEQ, {"lead_id": lead_id}).scalar_one())

    def _regroup(self, connection: Connection, touched: Iterable[str]) -> None:
        """Group the leads of all persons that are touched anew, by their links and by what people said."""
        persons = _persons(connection, touched)
        members = list(
            connection.execute(select(leads.c.lead_id).where(leads.c.person_id.in_(persons))).scalars()
        )
        both = links.c.lead_id.in_(members), links.c.other_id.in_(members)
        edges = {
            (row.lead_id, row.other_id): row.weight for row in connection.execute(select(links).where(*both))
        }
        said = select(match_answers.c.lead_id, match_answers.c.other_id).where(
            match_answers.c.answer == Answer.DIFFERENT,
            match_answers.c.lead_id.in_(members),
            match_answers.c.other_id.in_(members),
        )
        apart = [(row.lead_id, row.other_id) for row in connection.execute(said)]
        for group in clusters(members, edges, apart):
            into = update(leads).where(leads.c.lead_id.in_(group)).values(person_id=min(group))
            connection.execute(into)

    def _upsert(
        self, connection: Connection, table: Any, values: Mapping[str, Any], key: Sequence[str]
    ) -> None:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        changing = {name: value for name, value in values.items() if name not in key}
        connection.execute(
            insert(table).values(**values).on_conflict_do_update(index_elements=key, set_=changing)
        )


SAID = 20.0
"""log2 weight of a link that a person confirmed: more than any evidence."""

# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_SEQ = select(profiles.c.seq).where(profiles.c.lead_id == bindparam("lead_id"))
_PERSON_OF = select(leads.c.person_id).where(leads.c.lead_id == bindparam("lead_id"))
_HITS = (
    select(person_keys.c.lead_id, leads.c.person_id)
    .join(leads, leads.c.lead_id == person_keys.c.lead_id)
    .where(person_keys.c.key == bindparam("key"), person_keys.c.lead_id != bindparam("lead_id"))
    .order_by(person_keys.c.lead_id.desc())
    .limit(KEY_HITS)
)
_PROFILES = select(profiles.c.lead_id, profiles.c.profile).where(
    profiles.c.lead_id.in_(bindparam("lead_ids", expanding=True)), profiles.c.seq < bindparam("before")
)
_CANDIDATES = (
    select(leads, profiles.c.profile)
    .join(profiles, profiles.c.lead_id == leads.c.lead_id)
    .where(leads.c.person_id.in_(bindparam("persons", expanding=True)), profiles.c.seq < bindparam("before"))
    .order_by(leads.c.lead_id.desc())
)
_SAID = select(match_answers).where(
    or_(match_answers.c.lead_id == bindparam("lead_id"), match_answers.c.other_id == bindparam("lead_id"))
)
_ANY = 2**31 - 1


def _hits(connection: Connection, key: str, lead_id: str) -> list[tuple[str, str]]:
    """The newest leads under the key, with their persons."""
    rows = connection.execute(_HITS, {"key": key, "lead_id": lead_id})
    return [(row.lead_id, row.person_id or row.lead_id) for row in rows]


def _ranked(hits: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
    """The leads under any of the keys, those that share the most telling ones first, then the newest."""
    worth: dict[str, float] = defaultdict(float)
    for key, found in hits.items():
        strength = STRENGTH[key.partition(":")[0]] / (1 + math.log2(max(1, len(found))))
        for lead_id, _ in found:
            worth[lead_id] += strength
    return sorted(worth, key=lambda lead_id: (worth[lead_id], lead_id), reverse=True)


def _profiles(connection: Connection, lead_ids: Collection[str], *, before: int) -> dict[str, Profile]:
    rows = connection.execute(_PROFILES, {"lead_ids": list(dict.fromkeys(lead_ids)), "before": before})
    return {row.lead_id: Profile.model_validate(row.profile) for row in rows}


def _candidates(connection: Connection, lead_ids: Collection[str], *, before: int | None) -> list[Candidate]:
    persons = _persons(connection, lead_ids)
    if not persons:
        return []
    values = {"persons": list(persons), "before": _ANY if before is None else before}
    found: list[Candidate] = []
    taken: dict[str, int] = defaultdict(int)
    for row in connection.execute(_CANDIDATES, values).mappings():
        taken[row["person_id"]] += 1
        if taken[row["person_id"]] <= PERSON_MOST or row["lead_id"] in lead_ids:
            found.append(_candidate(row))
    return found


def _candidate(row: Any) -> Candidate:
    return Candidate(
        lead_id=row["lead_id"],
        number=lead_number(row["number"]),
        person_id=row["person_id"],
        contact=Contact(**{name: row[name] for name in Contact.model_fields}),
        profile=Profile.model_validate(row["profile"]),
        request=Request(message=row["message"], at=row["received_at"]),
    )


def _persons(connection: Connection, lead_ids: Iterable[str]) -> set[str]:
    query = select(leads.c.person_id).where(leads.c.lead_id.in_(list(lead_ids)))
    return {person for person in connection.execute(query).scalars() if person}


def _person_of(connection: Connection, lead_id: str) -> str:
    return str(connection.execute(_PERSON_OF, {"lead_id": lead_id}).scalar_one())


def _said(connection: Connection, lead_id: str) -> dict[str, Answer]:
    """What people said of this lead and others, by the other's id."""
    rows = connection.execute(_SAID, {"lead_id": lead_id}).all()
    return {row.other_id if row.lead_id == lead_id else row.lead_id: Answer(row.answer) for row in rows}
