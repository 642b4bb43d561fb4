"""What Airtable's meta API says of the base: the table, its fields, and what it links to; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core.crm.live import LINKS, SELECT, SELECTS, LiveField, Schema


@dataclass(frozen=True, kw_only=True)
class LiveTable:
    """A table as it is now.

    Attributes:
        table_id: as addresses need it.
        fields: by name; of linked records only the type is known here.
        links: field -> id and primary field of the table that it links to.
    """

    table_id: str
    fields: Schema
    links: Mapping[str, tuple[str, str]]

    @classmethod
    def found_in(cls, answer: Mapping[str, Any], table: str) -> Self | None:
        """Read the meta API's answer for the base; None if it has no table of that name or id."""
        tables = {each["id"]: each for each in answer["tables"]}
        found = next((each for each in tables.values() if table in (each["id"], each["name"])), None)
        if found is None:
            return None
        return cls(
            table_id=found["id"],
            fields={field["name"]: _field(field) for field in found["fields"]},
            links={
                field["name"]: (linked, _primary(tables[linked]))
                for field in found["fields"]
                if field["type"] == LINKS
                and (linked := field.get("options", {}).get("linkedTableId")) in tables
            },
        )


def _field(told: Mapping[str, Any]) -> LiveField:
    choices = told["options"]["choices"] if told["type"] in {SELECT, SELECTS} else ()
    return LiveField(kind=told["type"], choices=tuple(choice["name"] for choice in choices))


def _primary(table: Mapping[str, Any]) -> str:
    name = next(each["name"] for each in table["fields"] if each["id"] == table["primaryFieldId"])
    return str(name)
