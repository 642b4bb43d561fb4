"""What Airtable's meta API says of the table, and what of a mapping it can hold; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core.crm import Column, FieldMapping, TableOptions, gaps

SELECT = "singleSelect"
TAKES: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "percent", "currency", "rating", "duration"),
    "text": ("singleLineText", "multilineText", "richText", "email", "phoneNumber", "url", SELECT),
    "time": ("dateTime", "date", "singleLineText"),
}
"""A column's kind -> the types of field that can take it; typecast is off, so a number is no text."""


@dataclass(frozen=True, kw_only=True)
class LiveTable:
    """A table as it is now: its id, each field's type, each select's options."""

    table_id: str
    kinds: Mapping[str, str]
    selects: Mapping[str, tuple[str, ...]]

    @classmethod
    def found_in(cls, answer: Mapping[str, Any], table: str) -> Self | None:
        """Read the meta API's answer for the base; None if it has no table of that name or id."""
        found = next((t for t in answer["tables"] if table in (t["id"], t["name"])), None)
        if found is None:
            return None
        return cls(
            table_id=found["id"],
            kinds={field["name"]: field["type"] for field in found["fields"]},
            selects={
                field["name"]: tuple(choice["name"] for choice in field["options"]["choices"])
                for field in found["fields"]
                if field["type"] == SELECT
            },
        )

    def options(self, mapping: FieldMapping) -> TableOptions:
        """The fields that can take what the mapping puts there."""
        unfit = {column.field for column in mapping.columns if self._misfit(column)}
        return {field: self.selects.get(field) for field in self.kinds if field not in unfit}

    def findings(self, mapping: FieldMapping) -> tuple[str, ...]:
        """What leads will miss in this table, a sentence each, with the mend."""
        fields = {field: self.selects.get(field) for field in self.kinds}
        return (*filter(None, map(self._misfit, mapping.columns)), *gaps(mapping, fields))

    def _misfit(self, column: Column) -> str | None:
        kind = self.kinds.get(column.field)
        if kind is None or kind in TAKES[column.kind]:
            return None
        return (
            f"{column.field}: a field of the type {kind} cannot take it; make it "
            f"{' or '.join(TAKES[column.kind])}, or take it out of the mapping"
        )
