"""Which leads a new one is compared with: found under its keys, the most telling first, and read whole."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select, union_all

from core.dedupe import Candidate, Request
from core.identity import Profile
from core.lead import Contact
from core.store.submissions import lead_number
from core.store.tables import leads, person_keys, profiles

KEY_HITS, SHORT_HITS = 100, 20
"""Newest leads looked at under one key: a key that more share says little. Fewer under the start of a surname
with an initial: at 100,000 leads 46 share it, and who shares nothing else is mostly somebody else."""

CANDIDATES_MOST = 40
"""Leads compared field by field, those that share the most telling keys first: 40 us each, with loading."""

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

COUNTED = frozenset({"mail", "phone", "name"})
"""Kinds of keys whose weight depends on how many persons share them (core.identity.compare)."""


# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_PERSONS = select(leads.c.lead_id, leads.c.person_id).where(
    leads.c.lead_id.in_(bindparam("lead_ids", expanding=True))
)
_PROFILES = select(profiles.c.lead_id, profiles.c.profile).where(
    profiles.c.lead_id.in_(bindparam("lead_ids", expanding=True)), profiles.c.seq < bindparam("before")
)
_CANDIDATES = (
    select(
        leads.c.lead_id,
        leads.c.number,
        leads.c.person_id,
        *(leads.c[name] for name in Contact.model_fields),
        leads.c.message,
        leads.c.received_at,
        profiles.c.profile,
    )
    .join(profiles, profiles.c.lead_id == leads.c.lead_id)
    .where(leads.c.person_id.in_(bindparam("persons", expanding=True)), profiles.c.seq < bindparam("before"))
    .order_by(leads.c.lead_id.desc())
)
ANY = 2**31 - 1
"""Later than any turn."""


@lru_cache
def _hits_of(limits: tuple[int, ...]) -> Any:
    """At most so many newest leads under each key, in one statement: a round trip a key costs more."""
    each = (
        select(literal(at).label("at"), person_keys.c.lead_id)
        .where(person_keys.c.key == bindparam(f"key{at}"), person_keys.c.lead_id != bindparam("this"))
        .order_by(person_keys.c.lead_id.desc())
        .limit(limit)
        .subquery()
        for at, limit in enumerate(limits)
    )
    return union_all(*(select(newest.c["at"], newest.c.lead_id) for newest in each))


def hits_under(connection: Connection, keys: Sequence[str], lead_id: str) -> dict[str, list[str]]:
    """The newest leads under each of the keys."""
    hits: dict[str, list[str]] = {key: [] for key in keys}
    if keys:
        values = {"this": lead_id, **{f"key{at}": key for at, key in enumerate(keys)}}
        limits = tuple(SHORT_HITS if key.startswith("short:") else KEY_HITS for key in keys)
        for at, other in connection.execute(_hits_of(limits), values):
            hits[keys[at]].append(other)
    return hits


def ranked(hits: Mapping[str, Sequence[str]]) -> list[str]:
    """The leads under any of the keys, those that share the most telling ones first, then the newest."""
    worth: dict[str, float] = defaultdict(float)
    for key, found in hits.items():
        strength = STRENGTH[key.partition(":")[0]] / (1 + math.log2(max(1, len(found))))
        for lead_id in found:
            worth[lead_id] += strength
    return sorted(worth, key=lambda lead_id: (worth[lead_id], lead_id), reverse=True)


def shared_by(connection: Connection, hits: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many different persons are found under each key of a kind for which that counts."""
    counted = {key: found for key, found in hits.items() if key.partition(":")[0] in COUNTED}
    wanted = {lead_id for found in counted.values() if len(found) > 1 for lead_id in found}
    rows = connection.execute(_PERSONS, {"lead_ids": list(wanted)}) if wanted else ()
    person = {row.lead_id: row.person_id for row in rows}
    return {key: len({person.get(each) or each for each in found}) for key, found in counted.items()}


def profiles_of(connection: Connection, lead_ids: Collection[str], *, before: int) -> dict[str, Profile]:
    """What these leads say of their persons, of those that were compared earlier than ``before``."""
    if not lead_ids:
        return {}
    rows = connection.execute(_PROFILES, {"lead_ids": list(dict.fromkeys(lead_ids)), "before": before})
    return {lead_id: Profile.model_validate(profile) for lead_id, profile in rows}


def candidates_of(
    connection: Connection, lead_ids: Collection[str], *, before: int | None
) -> list[Candidate]:
    """These leads and all others of their persons, read whole; ``before`` as above, None: all."""
    persons = persons_of(connection, lead_ids)
    if not persons:
        return []
    values = {"persons": list(persons), "before": ANY if before is None else before}
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


def persons_of(connection: Connection, lead_ids: Iterable[str]) -> set[str]:
    """The ids of the persons behind these leads."""
    wanted = list(lead_ids)
    rows = connection.execute(_PERSONS, {"lead_ids": wanted}) if wanted else ()
    return {person for _, person in rows if person}
