"""A base as Airtable keeps it: tables, typed fields, records, and its refusals word for word; no HTTP."""

import base64
import itertools
import math
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.crm.cells import TEXT_MAX
from core.crm.demo import DEMO_INTENTS, DEMO_OPTIONS

Json = dict[str, Any]

PAGE_MAX = 100
WRITE_MAX = 10
MERGE_MAX = 3

TEXT = frozenset({"singleLineText", "multilineText", "richText", "email", "phoneNumber", "url"})
NUMBER = frozenset({"number", "percent", "currency"})
SELECT = frozenset({"singleSelect", "multipleSelects"})
OTHER = frozenset({"checkbox", "date", "dateTime", "multipleAttachments", "multipleRecordLinks"})
COMPUTED = frozenset({"createdTime", "lastModifiedTime", "autoNumber", "formula", "count", "rollup"})

_ids = itertools.count(1)


class AirtableError(Exception):
    """What Airtable answers instead: an HTTP status and a body of its shape."""

    def __init__(self, status: int, kind: str, message: str | None = None) -> None:
        super().__init__(kind)
        self.status = status
        self.body: Json = {"error": {"type": kind, "message": message} if message else kind}


@dataclass(kw_only=True)
class Field:
    """One column; choices are a select's option names, options what another type was made with."""

    name: str
    type: str = "singleLineText"
    choices: list[str] = field(default_factory=list)
    options: Json = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("fld"))

    def as_json(self) -> Json:
        """As the meta API tells it."""
        told: Json = {"id": self.id, "name": self.name, "type": self.type}
        if self.type in SELECT:
            told["options"] = {
                "choices": [{"id": f"sel{i:014d}", "name": name} for i, name in enumerate(self.choices)]
            }
        elif self.options:
            told["options"] = self.options
        elif self.type in NUMBER:
            told["options"] = {"precision": 2}
        return told


@dataclass(kw_only=True)
class Record:
    """One row; a cell that is empty is not there. ``modified``: when it was last changed, aware."""

    id: str
    created: str
    cells: Json
    modified: datetime

    def as_json(self, only: Sequence[str] | None = None) -> Json:
        """As the records API tells it, with all fields or some."""
        cells = {name: cell for name, cell in self.cells.items() if only is None or name in only}
        return {"id": self.id, "createdTime": self.created, "fields": cells}


@dataclass(kw_only=True)
class Table:
    """A table: what it holds, and the writes that it takes, all or nothing a request."""

    name: str
    fields: list[Field]
    records: dict[str, Record] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("tbl"))

    def field(self, name: str) -> Field:
        """The field of that name or id."""
        for known in self.fields:
            if name in (known.name, known.id):
                return known
        raise AirtableError(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')

    def record(self, record_id: str) -> Record:
        """The record of that id."""
        if record_id not in self.records:
            raise AirtableError(404, "NOT_FOUND")
        return self.records[record_id]

    def create(self, cells: Json) -> Record:
        """Add a row of cells that were accepted."""
        now = datetime.now(UTC)
        record = Record(id=new_id("rec"), created=_iso(now), cells=_filled(cells), modified=now)
        self.records[record.id] = record
        return record

    def update(self, record: Record, cells: Json, *, replace: bool) -> Record:
        """Change the cells named, or with ``replace`` empty all others."""
        record.cells = _filled(cells if replace else {**record.cells, **cells})
        record.modified = datetime.now(UTC)
        return record

    def edit(self, lead_id: str, **cells: Any) -> None:
        """As a person at Airtable does it, to the record with that Lead ID; None empties a cell."""
        record = next(each for each in self.records.values() if each.cells.get("Lead ID") == lead_id)
        named = {name.replace("_", " "): cell for name, cell in cells.items()}
        self.update(record, self.accepted(named, typecast=False), replace=False)

    def remove(self, lead_id: str) -> None:
        """As a person at Airtable does it."""
        self.records = {
            id_: each for id_, each in self.records.items() if each.cells.get("Lead ID") != lead_id
        }

    def accepted(self, cells: Any, *, typecast: bool) -> Json:
        """The cells as stored, by field name; raise for the first that cannot be."""
        if not isinstance(cells, dict):
            raise bad_request()
        accepted = {}
        for name, value in cells.items():
            known = self.field(name)
            accepted[known.name] = _cell(known, value, typecast=typecast)
        return accepted

    def merged_on(self, cells: Json, merge: Sequence[str]) -> Record | None:
        """The record with the same values in the merge fields, if there is one."""
        if any(cells.get(name) is None for name in merge):
            raise bad_request()
        first, wanted = merge[0], cells[merge[0]]  # thousands of records are looked at: one comparison each
        found = [record for record in self.records.values() if record.cells.get(first) == wanted]
        same = [record for record in found if all(record.cells.get(name) == cells[name] for name in merge)]
        if len(same) > 1:
            raise bad_request()
        return same[0] if same else None

    def as_json(self) -> Json:
        """As the meta API tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "primaryFieldId": self.fields[0].id,
            "fields": [known.as_json() for known in self.fields],
            "views": [{"id": self.id.replace("tbl", "viw"), "name": "Grid view", "type": "grid"}],
        }


@dataclass(kw_only=True)
class Hook:
    """A webhook: where it rings, for whose changes, and when it ends, aware."""

    url: str
    sources: list[str]
    ends: datetime
    id: str = field(default_factory=lambda: new_id("ach"))
    secret: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())


@dataclass(kw_only=True)
class Base:
    """A base, its tables and its webhooks."""

    tables: list[Table]
    hooks: list[Hook] = field(default_factory=list)
    id: str = field(default_factory=lambda: new_id("app"))

    def table(self, name: str) -> Table:
        """The table of that name or id; Airtable does not tell the hidden from the absent."""
        for known in self.tables:
            if name in (known.name, known.id):
                return known
        raise no_model()


def select(table: Table, query: Mapping[str, Any]) -> Json:
    """One page of records: pageSize, maxRecords, offset, fields, sort, filterByFormula."""
    unknown = set(query) - {
        *("pageSize", "maxRecords", "offset", "fields", "sort", "filterByFormula"),
        *("view", "cellFormat", "timeZone", "userLocale", "returnFieldsByFieldId", "recordMetadata"),
    }
    if unknown:
        raise bad_request()
    size, most = _number(query.get("pageSize"), PAGE_MAX), _number(query.get("maxRecords"), None)
    only = [table.field(name).name for name in query["fields"]] if "fields" in query else None
    found = list(matching(table, query.get("filterByFormula") or ""))
    for key in reversed(query.get("sort", [])):
        name = table.field(key.get("field", "")).name
        found.sort(key=lambda r: str(r.cells.get(name, "")), reverse=key.get("direction") == "desc")
    found = found[:most]
    start = 0
    if offset := query.get("offset"):
        place = re.fullmatch(r"itr(\d{14})/rec\w{14}", str(offset))
        if place is None:
            raise AirtableError(422, "INVALID_OFFSET_VALUE", f"The value of offset {offset} is invalid")
        start = int(place[1])
    page: Json = {"records": [record.as_json(only) for record in found[start : start + size]]}
    if start + size < len(found):
        page["offset"] = f"itr{start + size:014d}/{found[start + size].id}"
    return page


def matching(table: Table, formula: str) -> Iterator[Record]:
    """The records for which the formula holds: nothing, ``{Field}='text'`` or ``OR(…)`` of such, or AFTER."""
    if not formula:
        yield from table.records.values()
        return
    if after := re.fullmatch(AFTER, formula):
        since = datetime.fromisoformat(after[1])
        yield from (record for record in table.records.values() if record.modified > since)
        return
    inner = re.fullmatch(r"\s*OR\((.*)\)\s*", formula, re.DOTALL)
    text = inner[1] if inner else formula
    if re.fullmatch(rf"{TERM}(,{TERM})*" if inner else TERM, text, re.DOTALL) is None:
        raise _bad_formula("Invalid formula. Please check your formula text.")
    wanted = []
    for name, one, two in re.findall(TERM_PARTS, text, re.DOTALL):
        if name not in {known.name for known in table.fields}:
            raise _bad_formula(f"Unknown field names: {name.lower()}")
        wanted.append((name, re.sub(r"\\(.)", r"\1", one or two, flags=re.DOTALL)))
    for record in table.records.values():
        if any(str(record.cells.get(name, "")) == value for name, value in wanted):
            yield record


AFTER = r"IS_AFTER\(LAST_MODIFIED_TIME\(\), DATETIME_PARSE\('([0-9T:.Z-]+)'\)\)"
TERM_PARTS = r"""\{([^}]+)\}\s*=\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
TERM = r"""\s*\{[^}]+\}\s*=\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*"""


def bad_request() -> AirtableError:
    """Airtable's answer to a request that it does not understand."""
    return AirtableError(
        422,
        "INVALID_REQUEST_UNKNOWN",
        "Invalid request: parameter validation failed. Check your request data.",
    )


def no_model() -> AirtableError:
    """Airtable's answer to what is not there, and to what the token may not see."""
    return AirtableError(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your token "
        "have the required permissions, and that the model names and/or ids are correct.",
    )


def new_id(prefix: str) -> str:
    """A new id of Airtable's form: three letters, fourteen more characters."""
    return f"{prefix}{next(_ids):014d}"


def notes_fields() -> list[Field]:
    """The table of the "notes" preset, its selects with all the demo tables' options (SEED.md)."""
    intents = list(dict.fromkeys(itertools.chain.from_iterable(DEMO_INTENTS.values())))
    return [
        Field(name="Lead ID"),
        Field(name="Name"),
        Field(name="Email", type="email"),
        Field(name="Phone", type="phoneNumber"),
        Field(name="Intent", type="singleSelect", choices=intents),
        Field(name="Urgency Score", type="number"),
        Field(name="Service Type"),
        Field(name="Original Message", type="multilineText"),
        Field(name="Created", type="dateTime"),
        Field(name="Source", type="singleSelect", choices=list(DEMO_OPTIONS["source"])),
    ]


def later_fields() -> list[Field]:
    """The table of the "later" preset."""
    notes = {known.name: known for known in notes_fields()}
    return [
        *(notes[name] for name in ("Lead ID", "Name", "Email", "Phone")),
        Field(name="Message", type="multilineText"),
        *(notes[name] for name in ("Source", "Intent", "Urgency Score")),
        Field(name="Quality Score", type="number"),
        Field(name="Status", type="singleSelect", choices=list(DEMO_OPTIONS["desk_status"])),
        notes["Created"],
        Field(name="Notes", type="multilineText"),
    ]


def _cell(known: Field, value: Any, *, typecast: bool) -> Any:
    if known.type in COMPUTED:
        raise _bad_value(known, "a value because the field is computed")
    if value is None:
        return None
    if known.type in SELECT:
        return _chosen(known, value, typecast=typecast)
    if known.type in {"date", "dateTime"}:
        return _time(known, value)
    if known.type in TEXT:
        text = str(value) if typecast else value
        fits = isinstance(text, str) and len(text.encode("utf-16-le", "surrogatepass")) <= 2 * TEXT_MAX
        value = text
    elif known.type in NUMBER:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    elif known.type == "multipleAttachments":
        fits = _listed(value) and all(isinstance(each, dict) and "url" in each for each in value)
    elif known.type == "multipleRecordLinks":
        fits = _listed(value) and all(isinstance(each, str) and each.startswith("rec") for each in value)
    else:
        fits = known.type == "checkbox" and isinstance(value, bool)
    if not fits:
        raise _bad_value(known)
    return value


def _listed(value: Any) -> bool:
    return isinstance(value, list)


def _time(known: Field, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad_value(known) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _iso(moment) if known.type == "dateTime" else moment.date().isoformat()


def _chosen(known: Field, value: Any, *, typecast: bool) -> Any:
    chosen = [value] if known.type == "singleSelect" else value
    if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen):
        raise _bad_value(known)
    for name in filter(None, chosen):
        if name not in known.choices:
            if not typecast:
                raise AirtableError(
                    422,
                    "INVALID_MULTIPLE_CHOICE_OPTIONS",
                    f'Insufficient permissions to create new select option ""{name}""',
                )
            known.choices.append(name)
    return value


def _bad_value(known: Field, what: str = "the provided value") -> AirtableError:
    return AirtableError(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{known.name}" cannot accept {what}')


def _bad_formula(why: str) -> AirtableError:
    return AirtableError(
        422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {why}"
    )


def _number(value: Any, default: int | None) -> Any:
    if value is None:
        return default
    if not re.fullmatch(r"\d{1,9}", str(value)) or not 1 <= int(value) <= (default or 10**9):
        raise bad_request()
    return int(value)


def _filled(cells: Json) -> Json:
    """Airtable leaves empty cells out of a record; nought is not empty."""
    return {name: cell for name, cell in cells.items() if cell or (cell == 0 and not isinstance(cell, bool))}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
