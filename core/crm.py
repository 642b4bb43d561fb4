"""What a lead says in the CRM: which fact goes into which field, in the words that the table knows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from core.crm_presets import (
    DEMO_INTENTS,
    DEMO_OPTIONS,
    MAPPINGS,
    MERGE_FIELD,
    TRANSLATIONS,
    Column,
    FieldMapping,
)
from core.lead import Lead, MatchKind

__all__ = [
    "MAPPINGS",
    "MERGE_FIELD",
    "Column",
    "FieldMapping",
    "Fields",
    "TableOptions",
    "as_text",
    "csv_safe",
    "cut",
    "export_rows",
    "gaps",
    "same_name",
    "to_fields",
]

TEXT_MAX = 100_000
"""Longest cell text, in UTF-16 units, which is how Airtable counts characters."""

FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the start of a formula; the last four are the full-width signs."""

TableOptions = Mapping[str, tuple[str, ...] | None]
"""The live table: each field that can be written, with a select's option names; None: takes any text."""


@dataclass(frozen=True, kw_only=True)
class Fields:
    """A lead in the CRM's words.

    Attributes:
        values: field name -> cell value, JSON-ready; always holds the merge field.
        unmapped: one sentence a fact that could not be written as it is, with the mend, for people; free
            of contact data.
    """

    values: Mapping[str, Any]
    unmapped: tuple[str, ...] = ()


def to_fields(
    lead: Lead,
    mapping: FieldMapping,
    options: TableOptions | None,
    *,
    set_back: frozenset[str] = frozenset(),
) -> Fields:
    """The lead as fields of the table, with a sentence for everything that had to be left out.

    A value that is no option of a select is translated against the live options; when none fits it is left
    out and reported, never created. With options None (they may not be read) the demo tables of SEED.md
    are assumed, so that an unknown option costs one cell and not the whole record. A fact that is missing
    leaves its cell as it is.

    set_back: paths that an undo gave their earlier value again. We wrote these cells, so they are written
    once more, cleared where the fact is missing.
    """
    first = lead.crm.record_id is None
    fields = _fields(lead, mapping, options, first=first, again=set_back)
    known = mapping.columns if options is None else [c for c in mapping.columns if c.field in options]
    cleared = {c.field: None for c in known if c.path in set_back and _fact(lead, c.path) is None}
    return Fields(values={**fields.values, **cleared}, unmapped=fields.unmapped)


def export_rows(leads: Iterable[Lead], mapping: FieldMapping) -> Iterator[list[str]]:
    """The leads as CSV rows, header first; every cell is safe to open in a spreadsheet."""
    names = [column.field for column in mapping.columns]
    yield [csv_safe(name) for name in names]
    plain = as_text(mapping)
    for lead in leads:
        values = _fields(lead, mapping, plain, first=True).values
        yield [csv_safe(values.get(name)) for name in names]


def gaps(mapping: FieldMapping, options: TableOptions) -> tuple[str, ...]:
    """What leads will miss in this table, a sentence a field: no such field, or values without an option."""
    found = []
    for column in mapping.columns:
        if column.field not in options:
            found.append(_no_field(column))
        elif (choices := options[column.field]) is not None and column.path in TRANSLATIONS:
            known = TRANSLATIONS[column.path]
            missing = {names[0] for names in known.values() if _chosen(list(names), choices) is None}
            if missing:
                found.append(
                    f"{column.field}: cells stay empty for want of options; add "
                    + ", ".join(f'"{name}"' for name in sorted(missing))
                    + " to have them filled"
                )
    return tuple(found)


def as_text(mapping: FieldMapping) -> TableOptions:
    """The options of a table that has all the mapping's fields and takes any words: ours, or a CSV file."""
    return {column.field: None for column in mapping.columns}


def csv_safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe.

    The beginnings are OWASP's for CSV injection: = + - @ tab CR (LF and the full-width signs too), also
    behind spaces. Numbers stay numbers.
    """
    if value is None:
        return ""
    text = str(value)
    risky = isinstance(value, str) and (
        text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA_SIGNS)
    )
    return f"'{text}" if risky else text


def cut(value: str | float) -> str | float:
    """The cell within the table's limit for text, an ellipsis at its end; never half a character."""
    if not isinstance(value, str) or 2 * len(value) <= TEXT_MAX:
        return value
    units = value.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * TEXT_MAX:
        return value
    return units[: 2 * (TEXT_MAX - 1)].decode("utf-16-le", "ignore") + "…"


def same_name(one: str, other: str) -> bool:
    """Whether two option names differ in case, spaces and punctuation at most."""
    return _key(one) == _key(other)


def _service_type(lead: Lead) -> str | None:
    """The services asked for, else the category they fall into."""
    if lead.analysis is None:
        return None
    for name in ("services", "treatments"):
        if found := lead.analysis.entities.get(name):
            return ", ".join(dict.fromkeys(entity.value for entity in found))
    for name in ("service_category", "treatment_category"):
        if category := lead.analysis.business_insights.get(name):
            return _words(category)
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


def _fields(
    lead: Lead,
    mapping: FieldMapping,
    options: TableOptions | None,
    *,
    first: bool,
    again: frozenset[str] = frozenset(),
) -> Fields:
    values: dict[str, Any] = {}
    unmapped: list[str] = []
    for column in mapping.columns:
        fact = _fact(lead, column.path)
        if fact is None or (column.once and not first):
            continue
        if options is not None and column.field not in options and column.field != MERGE_FIELD:
            unmapped.append(_no_field(column))
            continue
        value = _value(lead, column, fact, options)
        if value is None:
            unmapped.append(_no_option(column, fact, known=options is not None))
        elif (
            first or column.path in again or not any(same_name(str(value), name) for name in column.at_first)
        ):
            values[column.field] = cut(value)
            if values[column.field] != value:
                unmapped.append(f"{column.field}: cut at {TEXT_MAX:,} characters, the table's limit")
    return Fields(values=values, unmapped=tuple(unmapped))


def _fact(lead: Lead, path: str) -> Any:
    """What the path leads to; None where something on the way is missing or empty."""
    if path in FACTS:
        found: Any = FACTS[path](lead)
    else:
        found = lead
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else getattr(found, step, None)
    return None if found == "" else found


def _value(lead: Lead, column: Column, fact: Any, options: TableOptions | None) -> str | float | None:
    """The fact as JSON for its cell; None where the field is a select and has no option for it."""
    choices = _choices(column, lead, options)
    if choices is not None:
        return _chosen(_names(lead, column.path, fact), choices)
    if column.path in TRANSLATIONS:
        return _names(lead, column.path, fact)[0]
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(fact, float):
        return round(fact, 4)
    if isinstance(fact, int):
        return fact
    return ", ".join(map(str, fact)) if isinstance(fact, (list, tuple)) else str(fact)


def _choices(column: Column, lead: Lead, options: TableOptions | None) -> tuple[str, ...] | None:
    """The options the field is known, or else assumed, to have; None: any text goes."""
    if options is not None:
        return options.get(column.field)
    if column.path == "analysis.intent":
        return DEMO_INTENTS.get(lead.business_type, DEMO_INTENTS["general"])
    return DEMO_OPTIONS.get(column.path)


def _names(lead: Lead, path: str, fact: Any) -> list[str]:
    """Words for a value, best first; a sub-intent says more than its intent, so it comes before it."""
    known = TRANSLATIONS.get(path, {})
    said = [str(fact)]
    if path == "analysis.intent" and lead.analysis and lead.analysis.sub_intent:
        said.insert(0, lead.analysis.sub_intent)
    return [name for value in said for name in (*known.get(value, ()), _words(value))]


def _chosen(names: list[str], choices: tuple[str, ...]) -> str | None:
    """The first name that is an option, in the option's own spelling."""
    spelled = {_key(choice): choice for choice in reversed(choices) if _key(choice)}
    return next(
        (n if n in choices else spelled[_key(n)] for n in names if n in choices or _key(n) in spelled), None
    )


def _no_field(column: Column) -> str:
    return f"{column.field}: the table has no such field, or not of a fitting type; add it, or do not map it"


def _no_option(column: Column, fact: Any, *, known: bool) -> str:
    # only our own words are quoted: what another path holds may be contact data
    words = TRANSLATIONS.get(column.path)
    what = f'no option for "{fact}"' if words is not None else "no fitting option"
    add = (words or {}).get(str(fact), (_words(str(fact)),))[0]
    mend = f'add "{add}"' if words is not None else "add it"
    if known:
        return f"{column.field}: the table has {what}; {mend} to the field's options"
    return (
        f"{column.field}: the demo tables have {what}, so the cell is left out; give the token the scope "
        "schema.bases:read, and this table's own options are used"
    )


def _key(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _words(value: str) -> str:
    return value.replace("_", " ").title()
