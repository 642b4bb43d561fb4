"""A mapping as data: which fact goes into which field, whose the cell is, and in which words it is said."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from core.crm.facts import is_path
from core.deskfile.read import BadDeskFile, read_yaml
from core.deskfile.spelling import Words
from core.lead import DeskStatus, Value

MERGE_FIELD: Final = "Lead ID"
"""The field that tells one lead's record from another's (SEED.md: upsert on "Lead ID")."""

PRESETS: Final = ("notes", "later")
"""The two tables of SEED.md."""

_DATA = Path(__file__).parent / "data"

_TO_DESK: Final = frozenset(DeskStatus) - {DeskStatus.MERGED, DeskStatus.SNOOZED, DeskStatus.ARCHIVED}


class Owner(StrEnum):
    """Who has the last word on a cell."""

    OURS = "ours"  # the desk: what people change there is set back
    THEIRS = "theirs"  # the CRM's people: written once, when the record is made
    NEWEST = "newest"  # whoever changed it last; when both did, somebody is asked


class Column(Value):
    """One field of the table.

    Attributes:
        field: its name there.
        path: a dotted path into Lead (``contact.email``, ``custom_fields.budget``) or a name of facts.FACTS.
    """

    field: str = Field(min_length=1, max_length=255)
    path: str
    owner: Owner = Owner.OURS

    @model_validator(mode="after")
    def _known(self) -> Self:
        if not is_path(self.path):
            raise ValueError(f"a lead has no {self.path}")
        return self


class WordList(Value):
    """Our values in the table's words.

    Attributes:
        say: path -> our value -> names of options that say the same, best first.
        mean: path -> name of an option -> our value, when people choose it there.
    """

    say: Mapping[str, Mapping[str, Words]] = Field(default_factory=dict)
    mean: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _desk_knows(self) -> Self:
        strange = set(self.mean.get("desk_status", {}).values()) - _TO_DESK
        if strange:
            known = ", ".join(sorted(_TO_DESK))
            raise ValueError(
                f"desk_status: nothing there means {', '.join(sorted(strange))}; it may be {known}"
            )
        return self


def _columns(said: object) -> object:
    """``{Email: contact.email, Status: {from: desk_status, owner: newest}}`` as columns."""
    if not isinstance(said, Mapping):
        return said
    rows = []
    for name, row in said.items():
        parts: dict[str, Any] = dict(row) if isinstance(row, Mapping) else {"from": row}
        rows.append({"field": name, "path": parts.pop("from", None), **parts})
    return tuple(rows)


def _words(said: object) -> object:
    return named_words(said) if isinstance(said, str) else said


class FieldMapping(Value):
    """A named list of columns; the merge field is always among them."""

    name: str
    columns: Annotated[tuple[Column, ...], BeforeValidator(_columns), Field(alias="fields")]
    words: Annotated[WordList, BeforeValidator(_words)] = WordList()

    @model_validator(mode="before")
    @classmethod
    def _has_the_merge_field(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and isinstance(said.get("fields"), Mapping):
            return {**said, "fields": {MERGE_FIELD: "lead_id", **said["fields"]}}
        return said

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if next((c.path for c in self.columns if c.field == MERGE_FIELD), None) != "lead_id":
            raise ValueError(f"{MERGE_FIELD} is from lead_id: by it a lead's record is found again")
        paths = [column.path for column in self.columns if column.owner == Owner.NEWEST]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice:
            raise ValueError(f"two fields of the owner newest are from {', '.join(twice)}")
        return self


def load_mapping(named: str, folder: Path) -> FieldMapping:
    """The preset of that name, or the mapping of that file, relative to the folder; BadDeskFile."""
    if named in PRESETS:
        return preset(named)
    path = folder / named
    try:
        return read_yaml(path.read_text(encoding="utf-8"), path.name, FieldMapping)
    except (OSError, UnicodeDecodeError) as error:
        there = ", ".join(PRESETS)
        raise BadDeskFile(
            [f"{path}: cannot be read ({type(error).__name__}); name a file, or one of {there}"]
        ) from None


@cache
def preset(name: str) -> FieldMapping:
    """One of the two presets."""
    return read_yaml((_DATA / f"{name}.yaml").read_text(encoding="utf-8"), name, FieldMapping)


@cache
def named_words(name: str) -> WordList:
    """The list of words of that name: ``seed`` is SEED.md's."""
    path = _DATA / f"{name}.words.yaml"
    if not path.exists():
        raise ValueError(f"there is no list of words {name}: write seed, or say and mean")
    return read_yaml(path.read_text(encoding="utf-8"), path.name, WordList)
