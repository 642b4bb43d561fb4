"""What a table lacks for a mapping, as steps that people read before they are taken; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.crm.fields import options_missing
from core.crm.live import SELECT, SELECTS, Schema
from core.crm.mapping import Column, FieldMapping

_NUMBERS: Final = frozenset({"urgency_percent", "analysis.quality_score", "version"})
_SHARES: Final = frozenset(
    {
        "analysis.urgency_score",
        "analysis.intent_confidence",
        "analysis.urgency_confidence",
        "analysis.processing_time",
    }
)
_LONG: Final = frozenset({"message", "notes", "analysis.summary", "analysis.urgency_reason"})
_TIMES: Final = frozenset(
    {"created_at", "updated_at", "received_at", "snoozed_until", "analysis.analyzed_at"}
)
_TYPES: Final[Mapping[str, str]] = {
    "contact.email": "email",
    "contact.phone": "phoneNumber",
    "source_url": "url",
}


@dataclass(frozen=True, kw_only=True)
class NewField:
    """A field to make, as Airtable's meta API takes it."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def says(self) -> str:
        """For people."""
        names = [choice["name"] for choice in self.options.get("choices", ())]
        return f"make the field {self.name} ({self.type}{': ' + ', '.join(names) if names else ''})"


@dataclass(frozen=True, kw_only=True)
class NewOptions:
    """Options to add to a select that is there."""

    field: str
    names: tuple[str, ...]

    @property
    def says(self) -> str:
        """For people."""
        return f"add to {self.field} the options {', '.join(self.names)}"


@dataclass(frozen=True, kw_only=True)
class NewTable:
    """The table to make, its fields with it."""

    name: str
    fields: tuple[NewField, ...]

    @property
    def says(self) -> str:
        """For people."""
        return "\n".join([f"make the table {self.name}", *(f"  {each.says}" for each in self.fields)])


Step = NewField | NewOptions | NewTable


def plan(mapping: FieldMapping, schema: Schema | None, table: str) -> tuple[Step, ...]:
    """What to make so that every fact of the mapping has its place; schema None: there is no such table.

    Nothing that is there is changed or removed: a field of a wrong type is for its owners to mend.
    """
    if schema is None:
        return (NewTable(name=table, fields=tuple(_field(column, mapping) for column in mapping.columns)),)
    steps: list[Step] = []
    for column in mapping.columns:
        live = schema.get(column.field)
        if live is None:
            steps.append(_field(column, mapping))
        elif live.kind in {SELECT, SELECTS} and (names := options_missing(mapping, column, live)):
            steps.append(NewOptions(field=column.field, names=names))
    return tuple(steps)


def _field(column: Column, mapping: FieldMapping) -> NewField:
    words = mapping.words.say.get(column.path)
    if words:
        names = dict.fromkeys(
            name for listed in words.values() for name in listed[:1]
        )  # the best word for each value
        return NewField(
            name=column.field, type=SELECT, options={"choices": [{"name": name} for name in names]}
        )
    if column.path in _NUMBERS | _SHARES:
        precision = 2 if column.path in _SHARES else 0
        return NewField(name=column.field, type="number", options={"precision": precision})
    if column.path in _TIMES:
        formats = {"dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}, "timeZone": "utc"}
        return NewField(name=column.field, type="dateTime", options=formats)
    text = "multilineText" if column.path in _LONG else "singleLineText"
    return NewField(name=column.field, type=_TYPES.get(column.path, text))
