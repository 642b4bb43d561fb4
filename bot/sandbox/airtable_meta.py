"""What the local Airtable's meta API takes as a new field: each type with the options that it must have."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.airtable_base import (
    NUMBER,
    OTHER,
    SELECT,
    TEXT,
    AirtableError,
    Field,
    Json,
    Table,
    bad_request,
)

Check = Callable[[Any], bool]

_NO_PRIMARY = frozenset({"checkbox", "multipleSelects", "singleSelect"})
"""Types that cannot be a table's first field."""


def _one_of(*names: str) -> Check:
    return lambda told: told in names


def _named(*names: str) -> Check:
    return lambda told: isinstance(told, dict) and told.get("name") in names


def _up_to(most: int) -> Check:
    return lambda told: isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= most


def _text(told: Any) -> bool:
    return isinstance(told, str) and bool(told)


def _choices(told: Any) -> bool:
    named = isinstance(told, list) and all(
        isinstance(each, dict) and _text(each.get("name")) for each in told
    )
    return named and 0 < len(told) == len({each["name"] for each in told})


_DATE = _named("local", "friendly", "us", "european", "iso")
OPTIONS: dict[str, dict[str, Check]] = {
    "number": {"precision": _up_to(8)},
    "percent": {"precision": _up_to(8)},
    "currency": {"precision": _up_to(7), "symbol": _text},
    "singleSelect": {"choices": _choices},
    "multipleSelects": {"choices": _choices},
    "date": {"dateFormat": _DATE},
    "dateTime": {"dateFormat": _DATE, "timeFormat": _named("12hour", "24hour"), "timeZone": _text},
    "checkbox": {
        "icon": _one_of("check", "xCheckbox", "star", "heart", "thumbsUp", "flag", "dot"),
        "color": _text,
    },
}
"""Type to its options, all of them needed (Airtable's field model); the other types take none."""


def new_field(told: Any) -> Field:
    """A field that somebody asks for; raise AirtableError."""
    if not isinstance(told, dict) or not _text(told.get("name")):
        raise bad_request()
    kind, options = told.get("type"), told.get("options") or {}
    needed = OPTIONS.get(str(kind), {})
    if (
        kind not in TEXT | NUMBER | SELECT | OTHER
        or not isinstance(options, dict)
        or set(options) != set(needed)
        or not all(fits(options[name]) for name, fits in needed.items())
    ):
        raise AirtableError(
            422,
            "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
            f"Invalid options for {told['name']}. Check the options of the field type {kind}.",
        )
    choices = [each["name"] for each in options.get("choices", ())]
    return Field(name=told["name"], type=kind, choices=choices, options={} if choices else options)


def new_table(told: Json) -> Table:
    """A table that somebody asks for; its first field is the primary one. Raise AirtableError."""
    asked = told.get("fields")
    if not _text(told.get("name")) or not isinstance(asked, list) or not asked:
        raise bad_request()
    table = Table(name=told["name"], fields=[])
    for each in asked:
        field = new_field(each)
        unique(table, field.name)
        table.fields.append(field)
    if table.fields[0].type in _NO_PRIMARY:
        raise AirtableError(
            422, "UNSUPPORTED_PRIMARY_FIELD_TYPE", f"{table.fields[0].type} cannot be the primary field"
        )
    return table


def unique(table: Table, name: str) -> None:
    """Raise AirtableError if the table has a field of this name, in whatever case, or it is empty."""
    if not name or name.casefold() in {known.name.casefold() for known in table.fields}:
        raise AirtableError(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", "Field names must be unique and not empty")
