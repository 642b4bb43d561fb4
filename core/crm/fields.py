"""What a lead says in the CRM: which fact goes into which field, in the words that the table knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.crm.cells import TEXT_MAX, TYPES, Unfit, cell, chosen, cut
from core.crm.demo import DEMO_INTENTS, DEMO_OPTIONS
from core.crm.facts import as_words, fact
from core.crm.live import LINKS, SELECT, SELECTS, LiveField, Schema
from core.crm.mapping import MERGE_FIELD, Column, FieldMapping
from core.lead import Lead


@dataclass(frozen=True, kw_only=True)
class Fields:
    """A lead in the CRM's words.

    Attributes:
        values: field name -> cell value, JSON-ready; None where the lead has no such fact. Always holds the
            merge field; not what could not be written.
        unmapped: one sentence a fact that could not be written as it is, with the mend, for people; free
            of contact data.
    """

    values: Mapping[str, Any]
    unmapped: tuple[str, ...] = ()

    @property
    def lacking(self) -> str | None:
        """The names of those fields, for the card."""
        return ", ".join(sentence.partition(":")[0] for sentence in self.unmapped) or None


def to_fields(lead: Lead, mapping: FieldMapping, schema: Schema | None) -> Fields:
    """The lead as fields of the table, with a sentence for everything that had to be left out.

    A value that is no option of a select is translated against the live options; when none fits it is left
    out and reported, never created. With schema None (it may not be read) the demo tables of SEED.md are
    assumed, so that an unknown option costs one cell and not the whole record.
    """
    values: dict[str, Any] = {}
    unmapped: list[str] = []
    for column in mapping.columns:
        found = fact(lead, column.path)
        live = _live(column, lead, schema)
        if live is None:
            if found is not None:
                unmapped.append(_no_field(column))
        elif found is None:
            values[column.field] = None
        else:
            try:
                names = _words_for(lead, column, mapping)
                free = column.path in mapping.words.say and live.kind not in {SELECT, SELECTS, LINKS}
                said = names(found)[0] if free else found  # no options: the best word
                whole = cell(said, column.path, live, names)
            except Unfit as why:
                unmapped.append(_unfit(column, live, mapping, found, str(why), known=schema is not None))
                continue
            values[column.field] = cut(whole)
            if values[column.field] != whole:
                unmapped.append(f"{column.field}: cut at {TEXT_MAX:,} characters, the table's limit")
    return Fields(values=values, unmapped=tuple(unmapped))


def gaps(mapping: FieldMapping, schema: Schema) -> tuple[str, ...]:
    """What leads will miss in this table: no such field, a wrong type, no option; a sentence each."""
    found = []
    for column in mapping.columns:
        live = schema.get(column.field)
        if live is None:
            found.append(_no_field(column))
        elif live.kind not in {*TYPES, SELECT, SELECTS, LINKS}:
            found.append(
                f"{column.field}: a field of the type {live.kind} cannot be written; make it another, or "
                "take it out of the mapping"
            )
        elif live.kind in {SELECT, SELECTS} and (missing := options_missing(mapping, column, live)):
            listed = ", ".join(f'"{name}"' for name in missing)
            found.append(
                f"{column.field}: cells stay empty for want of options; add {listed} to have them filled"
            )
    return tuple(found)


def options_missing(mapping: FieldMapping, column: Column, live: LiveField) -> tuple[str, ...]:
    """The options without which some of our values have no word in this select."""
    known = mapping.words.say.get(column.path, {})
    return tuple(sorted({names[0] for names in known.values() if chosen(names, live.choices) is None}))


def _live(column: Column, lead: Lead, schema: Schema | None) -> LiveField | None:
    """The field as it is known, or else assumed, to be; None: there is none."""
    if schema is not None:
        return schema.get(column.field) or (LiveField() if column.field == MERGE_FIELD else None)
    if column.path == "analysis.intent":
        return LiveField(kind=SELECT, choices=DEMO_INTENTS.get(lead.business_type, DEMO_INTENTS["general"]))
    if column.path in DEMO_OPTIONS:
        return LiveField(kind=SELECT, choices=DEMO_OPTIONS[column.path])
    return LiveField()


def _words_for(lead: Lead, column: Column, mapping: FieldMapping) -> Callable[[Any], list[str]]:
    """A value -> words for it, best first; a sub-intent says more than its intent, so it comes before it."""
    known = mapping.words.say.get(column.path, {})

    def names(value: Any) -> list[str]:
        said = [str(value)]
        if column.path == "analysis.intent" and lead.analysis and lead.analysis.sub_intent:
            said.insert(0, lead.analysis.sub_intent)
        return [name for each in said for name in (*known.get(each, ()), as_words(each), each)]

    return names


def _no_field(column: Column) -> str:
    return f"{column.field}: the table has no such field; add it, or take it out of the mapping"


def _unfit(
    column: Column, live: LiveField, mapping: FieldMapping, found: Any, why: str, *, known: bool
) -> str:
    if live.kind not in {SELECT, SELECTS, LINKS}:
        mend = "make the field another type" if live.kind in TYPES else "make it another"
        return f"{column.field}: {why}; {mend}, or take it out of the mapping"
    # only our own words are quoted: what another path holds may be contact data
    words = mapping.words.say.get(column.path)
    if live.kind == LINKS:
        return f"{column.field}: no linked record has that name; add it to the linked table"
    what = f'no option for "{found}"' if words is not None else "no fitting option"
    add = (words or {}).get(str(found), (as_words(str(found)),))[0]
    mend = f'add "{add}"' if words is not None else "add it"
    if known:
        return f"{column.field}: the table has {what}; {mend} to the field's options"
    return (
        f"{column.field}: the demo tables have {what}, so the cell is left out; give the token the scope "
        "schema.bases:read, and this table's own options are used"
    )
