"""A form that somebody filled in, as what core.intake reads: told by its questions and answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.intake import field_named, storable
from core.intake.columns import guess
from core.lead import MESSAGE_MAX

OURS: Final = frozenset({"source", "source_url", "business_type", "received_at"})
"""Fields of a lead that no form asks its customer for."""

GUESSED: Final = ("email", "phone", "first_name", "last_name", "name", "company", "message")
"""What an answer of plain text may turn out to be."""

LABEL_MAX: Final = 200
"""Characters of a question that are kept."""


@dataclass(frozen=True)
class Answer:
    """One question and what was answered.

    Attributes:
        field: one of ours, where the sender says what it asked for.
        open: plain text, which may be any of our fields; else a choice, a figure, a date.
        hidden: nobody was asked: the form knew it, e.g. which campaign it belongs to.
    """

    label: str
    value: Any
    field: str | None = None
    open: bool = False
    hidden: bool = False

    @property
    def text(self) -> str:
        """The answer as one would write it."""
        return spelled(self.value)


def spelled(value: Any) -> str:
    """A JSON value as one would write it on a form; empty where there is nothing to say."""
    if isinstance(value, str):
        return storable(value).strip()
    if isinstance(value, Mapping | list | tuple):
        inner = value.values() if isinstance(value, Mapping) else value
        return ", ".join(filter(None, map(spelled, inner)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def as_lead(answers: Sequence[Answer], *, about: str, region: str) -> dict[str, Any]:
    """Our fields by their names, all other answers under their questions; a message in any case.

    Args:
        answers: in the form's order; of two for one field the first counts.
        about: a sentence for a form in which nobody could write anything, e.g. ``Filled in "Contact".``
        region: ISO 3166 country, of numbers and dates without one.
    """
    said = [answer for answer in answers if answer.text]
    field_of = _fields(said, region)
    lead: dict[str, Any] = {}
    others: list[Answer] = []
    for position, answer in enumerate(said):
        field = field_of.get(position)
        if field is None:
            others.append(answer)
        else:
            lead[field] = answer.text
    # Without the form's question mark: it is not the customer who asks that.
    asked = [f"{answer.label.rstrip(':? ')}: {answer.text}" for answer in others if not answer.hidden]
    words = [lead["message"]] if "message" in lead else [] if asked else [about]
    lead["message"] = "\n".join([*words, *asked])[:MESSAGE_MAX]
    for answer in others:
        lead.setdefault(_key(answer.label), answer.text)
    return lead


def _fields(said: Sequence[Answer], region: str) -> dict[int, str]:
    """Position of an answer -> the field it is."""
    found: dict[int, str] = {}
    for position, answer in enumerate(said):
        if answer.field is not None and answer.field not in found.values():
            found[position] = answer.field
    missing = _missing(found.values())
    first = {answer.label: at for at, answer in reversed([*enumerate(said)]) if answer.open}
    row = {label: said[at].text for label, at in first.items()}
    for column in guess([row], region=region, business_types=frozenset(), among=missing):
        if column.field is not None and first[column.name] not in found:
            found[first[column.name]] = column.field
    return found


def _missing(taken: Collection[str]) -> tuple[str, ...]:
    named = {"name"} & set(taken) or {"first_name", "last_name"} & set(taken)
    return tuple(
        field
        for field in GUESSED
        if field not in taken and not (named and field in {"name", "first_name", "last_name"} - named)
    )


def _key(label: str) -> str:
    """The question as a key of its own; what it asks is not what the lead's own source or desk is."""
    key = storable(label).strip()[:LABEL_MAX] or "answer"
    return f"{key}?" if field_named(key) in OURS else key
