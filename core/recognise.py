"""Recognising a lead: who is this, and is it the same request again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from core.dedupe import Candidate, Decision, Odds, Request, decide, may_matter, odds
from core.errors import Refused, Unavailable
from core.identity import SHIPPED, Profile, Weights, keys, profile_of
from core.lead import Analysis, Draft, Lead, Match, MatchKind
from core.ports import Vector
from core.similar.search import Search
from core.store import Store
from core.store.leads import read_vectors
from core.store.people import Surroundings, Turn, Worth, around


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What earlier leads say about a lead.

    Attributes:
        vector: of its message; None while the embedding is away.
        near: ids of the leads with the nearest messages; None while they cannot be found.
        similar: those alike, id -> cosine, nearest first; None while they cannot be found.
        away: why something is missing.
    """

    decision: Decision
    vector: Vector | None = None
    near: Sequence[str] | None = None
    similar: Mapping[str, float] | None = None
    away: Unavailable | Refused | None = None


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """Compares a lead with those before it.

    Attributes:
        region: ISO 3166 country of phone numbers without one.
        weights: shipped or learned.
    """

    store: Store
    search: Search
    region: str
    weights: Weights = SHIPPED

    async def recognise(self, lead: Lead) -> Recognised:
        """Who this is and whether it is the same again, and its person kept; safe to be called again.

        Later leads find this one from now on. With the embedding or Chroma away the contact and the words
        decide alone.
        """
        vector, near, away = None, None, None
        try:
            vector = await self.search.embed(lead)
            near = await self.search.near_lead(lead, vector)
        except (Unavailable, Refused) as error:
            away = error
        nearest = list(near or ())
        decision = await self.store.people.in_turn(lambda turn: self.decide(turn, lead, vector, nearest))
        similar = None if near is None else await self.search.alike(near)
        return Recognised(
            decision=decision,
            vector=vector,
            near=None if near is None else nearest,
            similar=similar,
            away=away,
        )

    async def keep(
        self, lead: Lead, seen: Recognised, *, analysis: Analysis | None = None, final: bool = False
    ) -> None:
        """Keep what was recognised, and an analysis with it (``final``: it waits for nothing better)."""
        similar = seen.similar or {}
        await self.store.leads.understood(
            lead.lead_id,
            vector=None if seen.vector is None else (self.search.model, seen.vector),
            found=_matches(seen.decision, similar, await self.store.leads.numbers(similar)),
            compared=seen.similar is not None,
            analysis=analysis,
            final=final,
        )

    async def renew(self, lead: Lead) -> None:
        """Let the lead be found under its contact as it is now, and no more under what it was."""
        profile = self._profile(lead)
        await self.store.people.in_turn(lambda turn: turn.renew(lead.lead_id, profile, keys(profile)))

    def decide(self, turn: Turn, lead: Lead, vector: Vector | None, near: Sequence[str]) -> Decision:
        """Compare the lead, in its turn, with those before it, and link it to those of the same person.

        Args:
            turn: the transaction in which this is done.
            lead: is known under its keys from now on.
            vector: of its message; None while the embedding is away.
            near: ids of leads with alike messages, which may share no key.
        """
        profile = self._profile(lead)
        met = self._meet(turn, lead, profile, near, worth=lambda other: self._may_be(profile, other))
        decision = self._decide(turn.connection, lead, profile, met, vector)
        if decision.links:
            turn.link(lead.lead_id, decision.links)
        return decision

    async def foresee(self, draft: Draft, vector: Vector | None, near: Sequence[str]) -> Decision:
        """What earlier leads say about one that may yet be sent; nothing of it is kept.

        Args:
            draft: what would be sent.
            vector: of its message; None while the embedding is away.
            near: ids of leads with alike messages, which may share no key.
        """
        profile = self._profile(draft)

        def look(connection: Connection) -> Decision:
            found = around(
                connection,
                keys(profile),
                near=() if profile.is_empty else near,
                worth=lambda other: self._may_be(profile, other),
            )
            return self._decide(connection, draft, profile, found, vector)

        return await self.store.database.read(look)

    def odds(self, turn: Turn, lead: Lead, vector: Vector | None, near: Sequence[str]) -> dict[str, Odds]:
        """How likely each earlier lead that it is compared with belongs with it; for evaluation."""
        profile = self._profile(lead)
        met = self._meet(turn, lead, profile, near, worth=lambda _: True)
        return odds(
            lead.contact,
            profile,
            Request(message=lead.message, at=lead.received_at),
            self._with_cosines(turn.connection, met.candidates, vector),
            shared=met.shared,
            weights=self.weights,
        )

    def _decide(
        self,
        connection: Connection,
        lead: Lead | Draft,
        profile: Profile,
        found: Surroundings,
        vector: Vector | None,
    ) -> Decision:
        if not found.candidates:
            return Decision()
        return decide(
            lead.contact,
            profile,
            Request(message=lead.message, at=lead.received_at),
            self._with_cosines(connection, found.candidates, vector),
            shared=found.shared,
            weights=self.weights,
            person_id=found.person_id,
            said=found.said,
        )

    def _may_be(self, profile: Profile, other: Profile) -> bool:
        return may_matter(profile, other, self.weights)

    def _profile(self, lead: Lead | Draft) -> Profile:
        return profile_of(lead.contact, lead.message, region=self.region, custom_fields=lead.custom_fields)

    def _meet(
        self, turn: Turn, lead: Lead, profile: Profile, near: Sequence[str], worth: Worth
    ) -> Surroundings:
        # Without anything known of a person, alike messages are no sign of one.
        near = () if profile.is_empty else near
        return turn.meet(lead.lead_id, profile, keys(profile), near=near, worth=worth)

    def _with_cosines(
        self, connection: Connection, candidates: Sequence[Candidate], vector: Vector | None
    ) -> Sequence[Candidate]:
        if vector is None:
            return candidates
        known = read_vectors(connection, self.search.model, [each.lead_id for each in candidates])
        return [
            replace(each, cosine=float(np.dot(known[each.lead_id], vector)))
            if each.lead_id in known
            else each
            for each in candidates
        ]


def _matches(decision: Decision, similar: Mapping[str, float], numbers: Mapping[str, str]) -> list[Match]:
    """All earlier leads that belong with this one, each once: the person's, the unsure one, those alike.

    Args:
        decision: what recognising gave.
        similar: lead id -> cosine, of leads alike in meaning.
        numbers: lead id -> L-1042, of those that exist: the index may know leads that were erased.
    """
    found = {match.lead_id: match for match in decision.all_matches}
    for lead_id, cosine in similar.items():
        if lead_id in numbers and lead_id not in found:
            score = min(max(cosine, 0.0), 1.0)
            found[lead_id] = Match(
                lead_id=lead_id, number=numbers[lead_id], kind=MatchKind.SIMILAR, score=score
            )
    return list(found.values())
