"""From candidates to an answer: the same request again, a known person's new one, nobody known, or unsure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from core.dedupe.request import Request, Sameness, sameness
from core.identity import SHIPPED, Comparison, Profile, Shared, Weights, ceiling, compare
from core.identity.compare import Finding
from core.identity.explain import explain
from core.lead import Contact, Evidence, Match, MatchKind

SAME_REQUEST = 0.5
"""Probability from which two messages of one person are one request."""

REQUEST_UNSURE = (0.3, 0.8)
"""Between these a person is asked: another job for the same car is as alike as a job told in other words."""

SAME_TEXT = 2.0
"""log2 weight of (nearly) the same message within a month, where nothing speaks against one person.

Not where something does: relatives and namesakes send the same words (a campaign's, a form's example)."""

_ROUNDING = 1e-9
"""The same weights added in another order."""

_TEXT_DAYS, _TEXT_WORDS = 30.0, 3
_MATCHES_MOST = 20
"""Earlier leads of a person that are kept as matches, duplicates first."""


class Answer(StrEnum):
    """What a person says of two leads."""

    SAME_REQUEST = "same_request"
    SAME_PERSON = "same_person"  # with another request
    DIFFERENT = "different"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An earlier lead that may belong with the new one.

    Attributes:
        person_id: whose lead it is.
        cosine: of its message's embedding with the new one's; None without embeddings.
    """

    lead_id: str
    number: str
    person_id: str
    contact: Contact
    profile: Profile
    request: Request
    cosine: float | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is known of earlier leads.

    Attributes:
        matches: of the same person for sure; duplicates first, the likeliest first.
        question: the likeliest match that a person should confirm: a duplicate, of a person who is known
            for sure (it has links), or one person, of anybody else. None if nothing is unclear.
        links: lead id -> log2 weight, of leads surely by this person.
    """

    matches: tuple[Match, ...] = ()
    question: Match | None = None
    links: Mapping[str, float] = field(default_factory=dict)

    @property
    def all_matches(self) -> tuple[Match, ...]:
        """Each earlier lead once, the one in question as such."""
        if self.question is None:
            return self.matches
        return (self.question, *(each for each in self.matches if each.lead_id != self.question.lead_id))

    def asked(self) -> "Decision":
        """The same for a lead that has its card already: that it is a duplicate is a question then."""
        first = self.matches[0] if self.matches else None
        if self.question is not None or first is None or first.kind != MatchKind.DUPLICATE:
            return self
        return replace(self, matches=self.matches[1:], question=first.model_copy(update={"sure": False}))


def decide(
    contact: Contact,
    profile: Profile,
    request: Request,
    candidates: Sequence[Candidate],
    *,
    shared: Shared | None = None,
    weights: Weights = SHIPPED,
    person_id: str | None = None,
    said: Mapping[str, Answer] | None = None,
) -> Decision:
    """The answer for a new lead.

    Args:
        contact: the new lead's, as it was sent.
        profile: the new lead's.
        request: the new lead's.
        candidates: all earlier leads that share a key or are near, with all leads of their persons.
        shared: how many persons of the store share a key (core.identity.Shared).
        weights: shipped or learned.
        person_id: the person whose lead this surely is, if that is known already.
        said: lead id -> what somebody said of that lead and this one; goes before all evidence.
    """
    said = said or {}
    pairs = _pairs(contact, profile, request, candidates, shared=shared or {}, weights=weights)
    apart = {each.person_id for each in candidates if said.get(each.lead_id) == Answer.DIFFERENT}
    pairs = [pair for pair in pairs if pair.candidate.person_id not in apart - {person_id}]
    sure = {pair.candidate.person_id for pair in pairs if pair.weight >= weights.sure} | {person_id}
    known = [pair for pair in pairs if pair.candidate.person_id in sure]
    if known:
        best = max(weights.sure, *(pair.weight for pair in known))
        matches = sorted((pair.match(known_weight=best, said=said) for pair in known), key=_by_worth)
        links = {pair.candidate.lead_id: pair.weight for pair in known if pair.weight >= weights.sure}
        question = _same_request([pair for pair in known if pair.candidate.lead_id not in said], best)
        if question is not None:
            matches = [match for match in matches if match.lead_id != question.lead_id]
        return Decision(matches=tuple(matches[:_MATCHES_MOST]), question=question, links=links)
    possible = [pair for pair in pairs if pair.weight >= weights.possible]
    if not possible:
        return Decision()
    likeliest = max(possible, key=lambda pair: (pair.weight, pair.same.probability))
    return Decision(question=likeliest.match(known_weight=likeliest.weight, sure=False))


def may_matter(ours: Profile, theirs: Profile, weights: Weights) -> bool:
    """Whether two leads could come out as one person's or as a question, once their messages are compared.

    Told without the store's term frequencies, which only ever lower a weight.
    """
    most, clash = ceiling(ours, theirs, weights)
    if most + (0.0 if clash else SAME_TEXT) < weights.possible - _ROUNDING:
        return False
    comparison = compare(ours, theirs, None, weights)
    lift = 0.0 if _clashes(comparison) else SAME_TEXT
    return comparison.weight + lift >= weights.possible - _ROUNDING


@dataclass(frozen=True)
class Odds:
    """How likely an earlier lead is by the same person, and if so, the same request; each 0..1."""

    person: float
    request: float

    @property
    def duplicate(self) -> float:
        """Both."""
        return self.person * self.request


def odds(
    contact: Contact,
    profile: Profile,
    request: Request,
    candidates: Sequence[Candidate],
    *,
    shared: Shared | None = None,
    weights: Weights = SHIPPED,
) -> dict[str, Odds]:
    """What ``decide`` goes by, of every candidate: lead id -> odds; a person counts by its best evidence."""
    pairs = _pairs(contact, profile, request, candidates, shared=shared or {}, weights=weights)
    best: dict[str, float] = {}
    for pair in pairs:
        best[pair.candidate.person_id] = max(pair.weight, best.get(pair.candidate.person_id, pair.weight))
    return {
        pair.candidate.lead_id: Odds(
            person=_probability(best[pair.candidate.person_id]), request=pair.same.probability
        )
        for pair in pairs
    }


@dataclass(frozen=True)
class _Pair:
    """The new lead beside one candidate."""

    candidate: Candidate
    comparison: Comparison
    contact: Contact
    request: Request

    @classmethod
    def of(
        cls,
        contact: Contact,
        profile: Profile,
        request: Request,
        candidate: Candidate,
        *,
        shared: Shared,
        weights: Weights,
    ) -> "_Pair":
        comparison = compare(profile, candidate.profile, shared, weights)
        return cls(candidate, comparison, contact, request)

    @property
    def weight(self) -> float:
        return self.comparison.weight

    @cached_property
    def same(self) -> Sameness:
        # Only once it is asked for: of namesakes without anything else in common the messages do not matter.
        return sameness(self.request, self.candidate.request, self.candidate.cosine)

    @property
    def repeats_text(self) -> bool:
        """Whether it says (nearly) the same, in enough words that chance is out of question."""
        enough = len(self.candidate.request.words) >= _TEXT_WORDS
        return enough and self.same.is_nearly_equal and self.same.days <= _TEXT_DAYS

    def with_text(self) -> "_Pair":
        finding = Finding("message", "equal", SAME_TEXT)
        comparison = Comparison(self.weight + SAME_TEXT, (*self.comparison.findings, finding))
        return replace(self, comparison=comparison)

    def match(
        self, *, known_weight: float, said: Mapping[str, Answer] | None = None, sure: bool = True
    ) -> Match:
        """The candidate as a match; a lead of a surely known person counts by that person's best evidence."""
        answer = (said or {}).get(self.candidate.lead_id)
        is_same = self.same.probability >= SAME_REQUEST if answer is None else answer == Answer.SAME_REQUEST
        person = _probability(max(self.weight, known_weight)) if answer is None else 1.0
        request = self.same.probability if is_same else 1 - self.same.probability
        if answer is not None:
            request = 1.0
        return Match(
            lead_id=self.candidate.lead_id,
            number=self.candidate.number,
            kind=MatchKind.DUPLICATE if is_same else MatchKind.REPEAT,
            score=round(person * request, 4),
            evidence=(*explain(self.comparison, self.contact, self.candidate.contact), *self._text()),
            sure=sure,
        )

    def _text(self) -> tuple[Evidence, ...]:
        alike = Evidence(field="message", says=f"message {self.same.alike:.0%} alike", weight=2.0)
        says = [alike] if self.same.probability >= SAME_REQUEST else []
        if self.same.follow_up and says:
            says.append(Evidence(field="follow_up", says="reads like a reminder", weight=1.0))
        if self.same.other_car:
            says.append(Evidence(field="car", says="another vehicle", weight=-3.0))
        return tuple(says)


def _pairs(
    contact: Contact,
    profile: Profile,
    request: Request,
    candidates: Sequence[Candidate],
    *,
    shared: Shared,
    weights: Weights,
) -> list[_Pair]:
    """The new lead beside each candidate, the same text counted as evidence."""
    pairs = [_Pair.of(contact, profile, request, each, shared=shared, weights=weights) for each in candidates]
    return [
        pair.with_text() if not _clashes(pair.comparison) and pair.repeats_text else pair for pair in pairs
    ]


def _clashes(comparison: Comparison) -> bool:
    """Whether any field speaks against one person."""
    return any(finding.weight < 0 and finding.field != "name" for finding in comparison.findings)


def _same_request(known: Sequence[_Pair], best: float) -> Match | None:
    """The lead whose request may be this one's, when that is unclear for all of them."""
    low, high = REQUEST_UNSURE
    if not known:
        return None
    closest = max(known, key=lambda pair: pair.same.probability)
    if not low <= closest.same.probability < high:
        return None
    match = closest.match(known_weight=best, sure=False)
    score = round(_probability(best) * closest.same.probability, 4)
    return match.model_copy(update={"kind": MatchKind.DUPLICATE, "score": score})


def _by_worth(match: Match) -> tuple[bool, float]:
    return match.kind != MatchKind.DUPLICATE, -match.score


def _probability(weight: float) -> float:
    """Of one person, from the log2 weight; of labelled pairs: 1.0 from 9 up, 0.96 from 5, 0.88 from 1.5."""
    return 1.0 / (1.0 + math.exp2(-max(-50.0, min(50.0, weight))))
