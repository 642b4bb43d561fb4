"""The CRM's table as it is now: its fields, their types, and what a select's options are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ANY: Final = "any"
"""The type of a field that takes whatever it is given: ours, a file's, one that may not be looked at."""

SELECT, SELECTS, LINKS = "singleSelect", "multipleSelects", "multipleRecordLinks"


@dataclass(frozen=True, kw_only=True)
class LiveField:
    """One field.

    Attributes:
        kind: its type, by Airtable's name.
        choices: a select's option names.
        linked: of a field of linked records: what they are called -> their ids.
    """

    kind: str = ANY
    choices: tuple[str, ...] = ()
    linked: Mapping[str, str] = field(default_factory=dict)


Schema = Mapping[str, LiveField]
"""Field name -> field."""
