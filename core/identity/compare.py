"""Two profiles compared field by field: what agrees, what clashes, and what it weighs together."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein, Levenshtein

from core.identity import names
from core.identity.keys import full_name
from core.identity.phones import tail
from core.identity.profile import FREE_MAIL, Profile, domain_of, is_role, local_of
from core.identity.weights import SHIPPED, Weights

Shared = Mapping[str, int]
"""Key -> how many different persons of the store are found under it; 1 for a key that is not in it."""

_MAIL_SLIPS, _MAIL_SLIPS_SHORT = 2, 1
_LONG_MAIL = 12
_TELLING_BOX = 6
_COMMON_MOST = 6.0
"""log2 of the persons sharing a value, at the most: 64 John Smiths are as telling as none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One field of the two: how they agree or clash (a level of Weights), what it weighs, and the values."""

    field: str
    level: str
    weight: float
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two profiles side by side; ``weight`` is log2 of how much likelier one person is than two."""

    weight: float
    findings: tuple[Finding, ...]

    def level(self, field: str) -> str | None:
        """How the field agrees or clashes; None if it says nothing."""
        return next((finding.level for finding in self.findings if finding.field == field), None)


def compare(
    ours: Profile, theirs: Profile, shared: Shared | None = None, weights: Weights = SHIPPED
) -> Comparison:
    """The evidence for one person behind two leads. Symmetric: swapping the two changes no weight."""
    shared = shared or {}
    findings = [*_mail(ours, theirs, shared, weights), *_phone(ours, theirs, shared, weights)]
    findings += _names(ours, theirs, shared, weights)
    findings += _plain("company", ours.company, theirs.company, weights)
    for trait in ours.traits.keys() & theirs.traits.keys():
        findings += _plain(trait, ours.traits[trait], theirs.traits[trait], weights)
    levels = {finding.field: finding.level for finding in findings}
    if levels.get("given") == "clash" and levels.get("mail") != "equal":
        findings.append(Finding("relative", "guard", weights.relative))
    return Comparison(weights.prior + sum(finding.weight for finding in findings), tuple(findings))


def ceiling(ours: Profile, theirs: Profile, weights: Weights = SHIPPED) -> tuple[float, bool]:
    """The most that ``compare`` could find, and whether address or number clash: in a fifth of its time.

    Names, company and traits, the slow part, are taken to agree.
    """
    contact = [*_mail(ours, theirs, {}, weights), *_phone(ours, theirs, {}, weights)]
    fields = [
        field for field in ("given", "surname", "company") if getattr(ours, field) and getattr(theirs, field)
    ]
    fields += ours.traits.keys() & theirs.traits.keys()
    most = sum(max(0.0, *weights.levels[field].values()) for field in fields)
    if {"given", "surname"}.isdisjoint(fields) and (ours.given or ours.surname):
        # One gave a first name and the other a surname: they may be swapped.
        most += max(0.0, *weights.levels["given"].values())
    weight = weights.prior + most + sum(finding.weight for finding in contact)
    return weight, any(finding.weight < 0 for finding in contact)


def _common(key: str | None, shared: Shared) -> float:
    """What a value loses because several persons have it: log2 of their number (term frequency)."""
    return min(_COMMON_MOST, math.log2(max(1, shared.get(key or "", 1))))


def _mail(ours: Profile, theirs: Profile, shared: Shared, weights: Weights) -> Iterator[Finding]:
    levels = weights.levels["mail"]
    best: Finding | None = None
    for one in ours.mails:
        for other in theirs.mails:
            level = _mail_level(one, other)
            weight = levels[level]
            if level in {"equal", "equal_role"}:
                weight = max(levels["firm"], weight - _common(f"mail:{one}", shared))
            if best is None or weight > best.weight:
                best = Finding("mail", level, weight, one, other)
    if best:
        yield best


def _mail_level(one: str, other: str) -> str:
    role = is_role(one) or is_role(other)
    if one == other:
        return "equal_role" if role else "equal"
    own = _is_own(one)
    if not role:
        shorter = min(len(local_of(one)), len(local_of(other)))
        slips = _MAIL_SLIPS if shorter >= _LONG_MAIL else _MAIL_SLIPS_SHORT
        box = DamerauLevenshtein.distance(local_of(one), local_of(other), score_cutoff=2)
        place = DamerauLevenshtein.distance(domain_of(one), domain_of(other), score_cutoff=2)
        # pcarrera@ at two firms is two people more often than one who moved; at gmail and yahoo it is one.
        moved = box == 0 and len(local_of(one)) >= _TELLING_BOX and not (own and _is_own(other))
        if box + place <= slips or moved:
            return "near"
    return "firm" if own and domain_of(one) == domain_of(other) else "differs"


def _is_own(mail: str) -> bool:
    """Whether the domain is a company's own, as far as can be told."""
    return domain_of(mail) not in FREE_MAIL


def _phone(ours: Profile, theirs: Profile, shared: Shared, weights: Weights) -> Iterator[Finding]:
    levels = weights.levels["phone"]
    best: Finding | None = None
    for one in ours.phones:
        for other in theirs.phones:
            level = _phone_level(one, other)
            weight = levels[level]
            if level == "equal":
                weight = max(0.5, weight - _common(f"phone:{tail(one)}", shared))
            if best is None or weight > best.weight:
                best = Finding("phone", level, weight, one, other)
    if best:
        yield best


def _phone_level(one: str, other: str) -> str:
    if one == other:
        return "equal"
    abroad = one.startswith("+") and other.startswith("+")
    if not abroad and tail(one) == tail(other):
        return "equal"
    return "near" if Levenshtein.distance(one, other, score_cutoff=1) <= 1 else "differs"


def _names(ours: Profile, theirs: Profile, shared: Shared, weights: Weights) -> list[Finding]:
    straight = _name_pair(ours, theirs.given, theirs.surname, weights)
    if [finding.level for finding in straight] == ["equal", "equal"]:
        return _less_if_common(straight, ours, theirs, shared)
    swapped = _name_pair(ours, theirs.surname, theirs.given, weights, swapped=True)
    best = max(straight, swapped, key=lambda found: sum(finding.weight for finding in found))
    return _less_if_common(best, ours, theirs, shared)


def _less_if_common(best: list[Finding], ours: Profile, theirs: Profile, shared: Shared) -> list[Finding]:
    name = full_name(ours)
    if name is None or name != full_name(theirs):
        return best
    loss = _common(name, shared)
    return [*best, Finding("name", "common", -loss)] if loss else best


def _name_pair(
    ours: Profile,
    given: tuple[str, ...],
    surname: tuple[str, ...],
    weights: Weights,
    *,
    swapped: bool = False,
) -> list[Finding]:
    found = []
    for field, mine, other in (("given", ours.given, given), ("surname", ours.surname, surname)):
        if mine and other:
            level = _name_level(mine, other, nicknames=swapped or field == "given")
            counted = ("given", "surname") if swapped else (field,)
            weight = min(weights.levels[each][level] for each in counted)  # what counts from both sides
            # Swapped, a clash is one of a given name from one of the two sides.
            named = "given" if swapped and level == "clash" else field
            found.append(Finding(named, level, weight, " ".join(mine), " ".join(other)))
    return found


def _name_level(one: tuple[str, ...], other: tuple[str, ...], *, nicknames: bool) -> str:
    mine, theirs = "".join(one), "".join(other)
    if mine == theirs:
        return "equal"
    if nicknames and any(names.same_nickname(a, b) for a in one for b in other):
        return "nickname"
    if names.close(mine, theirs) or set(one) & set(other):
        return "close"
    if names.is_initial_of(one[0], other[0]):
        return "initial"
    return "clash"


def _plain(field: str, one: str, other: str, weights: Weights) -> Iterator[Finding]:
    if not (one and other):
        return
    levels = weights.levels[field]
    if one == other or (field == "company" and _same_company(one, other)):
        level = "equal"
    elif "near" in levels and DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1:
        level = "near"
    else:
        level = "clash"
    yield Finding(field, level, levels[level], one, other)


def _same_company(one: str, other: str) -> bool:
    return names.close(one, other) or one.startswith(f"{other} ") or other.startswith(f"{one} ")
