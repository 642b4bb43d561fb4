"""Whether a rule fits a lead, and what a rule asks, in words."""

from collections.abc import Iterator, Mapping

from core.deskfile import When
from core.lead import Lead
from core.routing.area import lies_in


def misfit(when: When, lead: Lead) -> str | None:
    """The first thing asked that does not hold, in words free of what the sender wrote; None: it fits."""
    analysis = lead.analysis
    told: Mapping[str, tuple[tuple[str, ...], str | None]] = {
        "business type": (when.business_type, lead.business_type),
        "source": (when.source, lead.source),
        "intent": (when.intent, analysis.intent if analysis else None),
        "urgency": (when.urgency, analysis.urgency if analysis else None),
        "language": (when.language, analysis.language if analysis else None),
    }
    for what, (asked, said) in told.items():
        if asked and (said is None or said.casefold() not in {each.casefold() for each in asked}):
            return f"{what} is not {_either(asked)}"
    if when.area and not any(lies_in(lead, area) for area in when.area):
        return f"area is not {_either(when.area)}"
    quality = -1 if analysis is None else analysis.quality_score
    if when.quality_from is not None and quality < when.quality_from:
        return f"quality is below {when.quality_from}"
    if when.quality_below is not None and quality >= when.quality_below:
        return f"quality is not below {when.quality_below}"
    return None


def asked(when: When) -> str:
    """What the rule asks: ``language es; quality from 70``, or ``every lead``."""
    return "; ".join(_asked(when)) or "every lead"


def _asked(when: When) -> Iterator[str]:
    for name in ("business_type", "source", "intent", "urgency", "language", "area"):
        if wanted := getattr(when, name):
            yield f"{name.replace('_', ' ')} {_either(wanted)}"
    if when.quality_from is not None:
        yield f"quality from {when.quality_from}"
    if when.quality_below is not None:
        yield f"quality below {when.quality_below}"


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(word.replace("_", " ") for word in words)
