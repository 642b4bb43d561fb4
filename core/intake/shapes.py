"""Which of a sender's fields is which of ours, where it does not say: guessed, confirmed by a person."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pydantic import AwareDatetime

from core.intake import CUSTOM_FIELDS_MAX, field_named, storable
from core.intake.answered import GUESSED, OURS, Answer, as_lead, spelled
from core.intake.columns import guess
from core.lead import Value

FIELDS: Final = GUESSED
"""What a sender's field can be; what is none of them is kept under its own name."""

NAME_MAX, SAMPLE_MAX, DEEPEST = 200, 200, 4

ALIKE: Final = 0.5
"""From this share of common names on, two deliveries are of one shape: a form leaves out what stays empty."""


class Column(Value):
    """One of the sender's fields, and what it is taken for (None: nothing of ours)."""

    name: str
    field: str | None
    sample: str


class Shape(Value):
    """What one source's deliveries look like.

    Attributes:
        form: which of the source's forms, where its fields have no names.
        desk: where a person is asked.
        confirmed_by: Slack user id; None: a guess, which is not used.
    """

    shape_id: str
    source: str
    form: str | None
    desk: str
    columns: tuple[Column, ...]
    confirmed_by: str | None = None
    confirmed_at: AwareDatetime | None = None


def shape_key(shape_id: str) -> str:
    """The key of the message that asks about it."""
    return f"shape:{shape_id}"


def flat(payload: Mapping[str, Any]) -> dict[str, str]:
    """What was sent, as texts by dotted names; what is empty is left out, lists are joined."""
    found: dict[str, str] = {}
    _flatten(payload, "", found, DEEPEST)
    return found


def new_shape(source: str, form: str | None, fields: Mapping[str, str], *, desk: str, region: str) -> Shape:
    """The shape of a first delivery, with a guess at its fields by name, type and value."""
    fields = {name: text for name, text in fields.items() if not is_plain(name)}
    guessed = guess([fields], region=region, business_types=frozenset(), among=FIELDS)
    columns = tuple(
        Column(name=each.name, field=each.field, sample=fields[each.name][:SAMPLE_MAX]) for each in guessed
    )
    names = json.dumps([source, form, sorted(fields)])
    shape_id = hashlib.sha256(names.encode()).hexdigest()[:32]
    return Shape(shape_id=shape_id, source=source, form=form, desk=desk, columns=columns)


def fitting(shapes: Sequence[Shape], form: str | None, names: Collection[str]) -> Shape | None:
    """Of the source's shapes the one that these fields are of, if any; a confirmed one comes first."""
    alike = [(_alike(shape, names), shape) for shape in shapes if shape.form == form]
    found = [(shape.confirmed_by is not None, share, shape.shape_id, shape) for share, shape in alike]
    best = max((each for each in found if each[1] >= ALIKE), default=None, key=lambda each: each[:3])
    return best[3] if best else None


def read(shape: Shape, fields: Mapping[str, str], *, region: str) -> dict[str, Any]:
    """The fields as core.intake reads them, by what a person said they are."""
    field_of = {column.name: column.field for column in shape.columns}
    plain = {name: value for name, value in fields.items() if is_plain(name)}
    # Their names are no questions: beside a message they say nothing to whoever reads it.
    hidden = "message" in field_of.values()
    answers = [
        Answer(name, value, field=field_of.get(name), hidden=hidden)
        for name, value in fields.items()
        if name not in plain
    ]
    return as_lead(answers, about=f"Sent by {shape.source}.", region=region) | plain


def is_plain(name: str) -> bool:
    """Whether a field's name says all there is to know, and it is about the delivery, not the customer."""
    return field_named(name) in OURS


def corrected(shape: Shape, fields: Mapping[str, str | None]) -> Shape:
    """With what a person said of its fields, by name."""
    columns = tuple(
        column.model_copy(update={"field": fields.get(column.name, column.field)}) for column in shape.columns
    )
    return shape.model_copy(update={"columns": columns})


def _alike(shape: Shape, names: Collection[str]) -> float:
    known = {column.name for column in shape.columns}
    names = {name for name in names if not is_plain(name)}
    return len(known & names) / len(known | names) if names else 0.0


def _flatten(value: Any, path: str, found: dict[str, str], deeper: int) -> None:
    if isinstance(value, Mapping) and deeper:
        for key, inner in value.items():
            name = storable(str(key))[:NAME_MAX]
            _flatten(inner, f"{path}.{name}" if path else name, found, deeper - 1)
    elif path and len(found) < CUSTOM_FIELDS_MAX and (text := spelled(value)):
        found.setdefault(path[:NAME_MAX], text)
