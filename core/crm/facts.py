"""The facts of a lead that a mapping can name: attributes by dotted path, and what is made from them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from core.lead import Analysis, Contact, Lead, MatchKind

PERCENT = frozenset({"urgency_percent", "analysis.quality_score"})
"""Facts from 0 to 100; a field of percent keeps them as a share."""


def fact(lead: Lead, path: str) -> Any:
    """What the path leads to; None where something on the way is missing or empty."""
    if path in FACTS:
        found: Any = FACTS[path](lead)
    else:
        found = lead
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else getattr(found, step, None)
    if isinstance(found, (list, tuple)):
        return [getattr(each, "value", each) for each in found] or None
    return None if found == "" else found


def is_path(path: str) -> bool:
    """Whether leads can have such a fact."""
    first, _, rest = path.partition(".")
    if path in FACTS:
        return True
    if first == "custom_fields":
        return bool(rest)
    whole: Mapping[str, type[BaseModel]] = {"contact": Contact, "analysis": Analysis}
    if first in whole:
        name, _, key = rest.partition(".")
        return name in whole[first].model_fields and bool(key) == (
            name in {"entities", "mentions", "business_insights"}
        )
    return (
        not rest and first in Lead.model_fields and first not in {*whole, "also", "matches", "crm", "missing"}
    )


def _service_type(lead: Lead) -> str | None:
    """The services asked for, else the category they fall into."""
    if lead.analysis is None:
        return None
    for name in ("services", "treatments"):
        if found := lead.analysis.entities.get(name):
            return ", ".join(dict.fromkeys(entity.value for entity in found))
    for name in ("service_category", "treatment_category"):
        if category := lead.analysis.business_insights.get(name):
            return as_words(category)
    return None


def _notes(lead: Lead) -> str:
    """What the desk knows beyond the fields, one fact a line."""
    lines = [lead.number]
    if lead.contact.company:
        lines.append(f"Company: {lead.contact.company}")
    if lead.analysis:
        lines.append(lead.analysis.summary)
        lines.append(f"Urgency {lead.analysis.urgency}: {lead.analysis.urgency_reason}")
    words = {MatchKind.DUPLICATE: "Same request as", MatchKind.REPEAT: "Same person as"}
    lines += [f"{words[match.kind]} {match.number}" for match in lead.matches if match.kind in words]
    return "\n".join(lines)


FACTS: Mapping[str, Callable[[Lead], Any]] = MappingProxyType(
    {
        "name": lambda lead: lead.contact.name,
        "service_type": _service_type,
        "urgency_percent": lambda lead: lead.analysis and round(100 * lead.analysis.urgency_score),
        "notes": _notes,
    }
)
"""What is not an attribute of Lead but made from it."""


def as_words(value: str) -> str:
    """``quote_request`` as ``Quote Request``."""
    return value.replace("_", " ").title()
