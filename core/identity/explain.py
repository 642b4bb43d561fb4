"""Findings of a comparison in words for people: ``same phone, written differently``, ``Mike = Michael``."""

from core.identity.compare import Comparison, Finding
from core.lead import Contact, Evidence

TELLING = 0.9
"""Weights nearer to 0 are not worth a person's time."""

_SAME = {
    "mail": "same e-mail",
    "phone": "same phone",
    "company": "same company",
    "birth_date": "same date of birth",
    "postcode": "same postcode",
    "city": "same city",
    "plate": "same plate",
    "customer_no": "same customer number",
}
_OTHER = {
    "mail": "another e-mail",
    "phone": "another phone",
    "company": "another company",
    "birth_date": "another date of birth",
    "postcode": "another postcode",
    "city": "another city",
    "plate": "another plate",
    "customer_no": "another customer number",
}
_CLOSE = {
    ("mail", "near"): "nearly the same e-mail",
    ("mail", "firm"): "e-mail at the same company",
    ("phone", "near"): "phone differs by one digit",
    ("birth_date", "near"): "nearly the same date of birth",
}
_NAME = {"given": "first name", "surname": "surname"}
_GUARDS = {"name": "a name that several people have", "relative": "may be family or a colleague"}
_EXPLAINED = frozenset({*_SAME, *_NAME, *_GUARDS})


def explain(comparison: Comparison, ours: Contact, theirs: Contact) -> tuple[Evidence, ...]:
    """What speaks for and against one person, heaviest first; the contacts say how it was written."""
    found = [
        Evidence(field=finding.field, says=_says(finding, ours, theirs), weight=round(finding.weight, 1))
        for finding in comparison.findings
        if finding.field in _EXPLAINED and abs(finding.weight) >= TELLING
    ]
    return tuple(sorted(found, key=lambda evidence: -abs(evidence.weight)))


def _says(finding: Finding, ours: Contact, theirs: Contact) -> str:
    if finding.field in _NAME:
        return _name(_NAME[finding.field], finding.level, finding.ours, finding.theirs)
    if finding.field in _GUARDS:
        return _GUARDS[finding.field]
    if finding.level in {"equal", "equal_role"}:
        shared = " (a shared mailbox)" if finding.level == "equal_role" else ""
        return _SAME[finding.field] + _written(finding.field, ours, theirs) + shared
    return _CLOSE.get((finding.field, finding.level)) or _OTHER[finding.field]


def _name(what: str, level: str, ours: str, theirs: str) -> str:
    one, other = ours.title(), theirs.title()
    return {
        "equal": f"same {what}",
        "nickname": f"{one} = {other}",
        "close": f"{one} is like {other}",
        "initial": f"{one} fits {other}",
        "clash": f"another {what}",
    }[level]


def _written(field: str, ours: Contact, theirs: Contact) -> str:
    if field not in {"mail", "phone"}:
        return ""
    one, other = (ours.email, theirs.email) if field == "mail" else (ours.phone, theirs.phone)
    if not one or not other:
        return " (in the text)"
    return "" if one.strip() == other.strip() else ", written differently"
