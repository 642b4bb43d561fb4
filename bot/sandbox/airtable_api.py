"""The calls of the local Airtable: records, meta API, and a page that shows the rows."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from aiohttp import web

from bot.sandbox.airtable_base import (
    COMPUTED,
    MERGE_MAX,
    WRITE_MAX,
    AirtableError,
    Base,
    Json,
    Record,
    Table,
    bad_request,
    no_model,
    select,
)
from bot.sandbox.airtable_hooks import hook_routes
from bot.sandbox.airtable_meta import new_field, new_table, unique

WRITE_KEYS = frozenset(
    {"records", "fields", "typecast", "performUpsert", "returnFieldsByFieldId", "id", "recordMetadata"}
)
PAGE_CSS = """
:root{color-scheme:light dark}
body{font:14px system-ui,sans-serif;margin:1rem} div{overflow-x:auto} table{border-collapse:collapse}
th,td{border:1px solid #8886;padding:.3rem .5rem;text-align:left;vertical-align:top}
th,td{min-width:6rem;max-width:24rem}
td{white-space:pre-wrap;overflow-wrap:anywhere} th{background:#8882}
"""


def routes(base: Base) -> list[web.RouteDef]:
    """All calls on one base."""
    api = _Api(base)
    records, tables = "/v0/{base}/{table}", "/v0/meta/bases/{base}/tables"
    return [
        web.get("/", api.page),
        web.get("/v0/meta/whoami", api.whoami),
        web.get("/v0/meta/bases", api.bases),
        web.get(tables, api.list_tables),
        web.post(tables, api.create_table),
        web.post(tables + "/{table}/fields", api.create_field),
        web.patch(tables + "/{table}/fields/{field}", api.rename_field),
        *hook_routes(base),
        web.get(records, api.list_records),
        web.post(records + "/listRecords", api.list_records),
        web.post(records, api.create),
        web.patch(records, api.update),
        web.put(records, api.update),
        web.delete(records, api.delete),
        web.get(records + "/{record}", api.get),
        web.patch(records + "/{record}", api.update_one),
        web.put(records + "/{record}", api.update_one),
        web.delete(records + "/{record}", api.delete_one),
    ]


class _Api:
    """The handlers; each checks the whole request before it changes anything."""

    def __init__(self, base: Base) -> None:
        self._base = base

    async def list_records(self, request: web.Request) -> web.Response:
        query = await _body(request) if request.method == "POST" else _query(request)
        return web.json_response(select(self._table(request), query))

    async def get(self, request: web.Request) -> web.Response:
        return web.json_response(self._table(request).record(request.match_info["record"]).as_json())

    async def create(self, request: web.Request) -> web.Response:
        table, body = self._table(request), await _write(request)
        asked = body["records"] if "records" in body else [{"fields": body.get("fields")}]
        accepted = [_accepted(table, one, body) for one in _ten(asked)]
        made = [table.create(cells).as_json() for cells in accepted]
        return web.json_response({"records": made} if "records" in body else made[0])

    async def update(self, request: web.Request) -> web.Response:
        """Update in tens, by id or (performUpsert) by the merge fields' values."""
        table, body = self._table(request), await _write(request)
        merge = _merge_fields(table, body)
        changes: list[tuple[Record | None, Json]] = []
        for one in _ten(body.get("records")):
            cells = _accepted(table, one, body)
            if "id" in one:
                changes.append((table.record(one["id"]), cells))
            elif merge:
                changes.append((table.merged_on(cells, merge), cells))
            else:
                raise _not_ten('each with an "id" ID field and a "fields" object for cell values')
        keys = [r.id if r else tuple(str(cells[name]) for name in merge) for r, cells in changes]
        if len(set(keys)) < len(keys):
            raise bad_request()
        replace = request.method == "PUT"
        done = [table.update(r, cells, replace=replace) if r else table.create(cells) for r, cells in changes]
        answer: Json = {"records": [record.as_json() for record in done]}
        if merge:
            made = [new.id for new, (old, _) in zip(done, changes, strict=True) if old is None]
            answer["createdRecords"] = made
            answer["updatedRecords"] = [record.id for record in done if record.id not in made]
        return web.json_response(answer)

    async def update_one(self, request: web.Request) -> web.Response:
        table, body = self._table(request), await _write(request)
        record = table.record(request.match_info["record"])
        cells = _accepted(table, body, body)
        return web.json_response(table.update(record, cells, replace=request.method == "PUT").as_json())

    async def delete(self, request: web.Request) -> web.Response:
        table = self._table(request)
        ids = request.query.getall("records[]", request.query.getall("records", []))
        found = [table.record(record_id) for record_id in _ten(list(dict.fromkeys(ids)))]
        gone = [{"id": table.records.pop(record.id).id, "deleted": True} for record in found]
        return web.json_response({"records": gone})

    async def delete_one(self, request: web.Request) -> web.Response:
        table = self._table(request)
        record = table.records.pop(table.record(request.match_info["record"]).id)
        return web.json_response({"id": record.id, "deleted": True})

    async def whoami(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "usr00000000000001"})

    async def bases(self, _: web.Request) -> web.Response:
        base = {"id": self._base.id, "name": "Sandbox", "permissionLevel": "create"}
        return web.json_response({"bases": [base]})

    async def list_tables(self, _: web.Request) -> web.Response:
        return web.json_response({"tables": [table.as_json() for table in self._base.tables]})

    async def create_table(self, request: web.Request) -> web.Response:
        table = new_table(await _body(request))
        if table.name.casefold() in {known.name.casefold() for known in self._base.tables}:
            raise AirtableError(422, "DUPLICATE_TABLE_NAME", f'Table "{table.name}" exists already')
        self._base.tables.append(table)
        return web.json_response(table.as_json())

    async def create_field(self, request: web.Request) -> web.Response:
        table, made = self._table_by_id(request), new_field(await _body(request))
        unique(table, made.name)
        table.fields.append(made)
        return web.json_response(made.as_json())

    async def rename_field(self, request: web.Request) -> web.Response:
        table, body = self._table_by_id(request), await _body(request)
        known, name = table.field(request.match_info["field"]), body.get("name")
        if set(body) != {"name"} or not isinstance(name, str):
            raise bad_request()
        unique(table, name)
        for record in table.records.values():
            if known.name in record.cells:
                record.cells[name] = record.cells.pop(known.name)
        known.name = name
        return web.json_response(known.as_json())

    async def page(self, _: web.Request) -> web.Response:
        """Every table's rows, for people; what is in a cell is text, whatever it looks like."""
        shown = "".join(map(_as_html, self._base.tables))
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Airtable (sandbox)</title>'
            '<meta name="viewport" content="width=device-width">'
            f'<meta http-equiv="refresh" content="3"><style>{PAGE_CSS}</style>'
            f"<h1>Airtable (sandbox)</h1>{shown}</html>"
        )
        policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return web.Response(text=page, content_type="text/html", headers=policy)

    def _table(self, request: web.Request) -> Table:
        return self._base.table(request.match_info["table"])

    def _table_by_id(self, request: web.Request) -> Table:
        """The meta API knows tables by id only."""
        table = self._table(request)
        if table.id != request.match_info["table"]:
            raise no_model()
        return table


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise AirtableError(422, "INVALID_REQUEST_BODY", "Could not parse request body") from None
    if not isinstance(body, dict):
        raise bad_request()
    return body


async def _write(request: web.Request) -> Json:
    body = await _body(request)
    if (
        set(body) - WRITE_KEYS
        or body.get("returnFieldsByFieldId")
        or not isinstance(body.get("typecast", False), bool)
    ):
        raise bad_request()
    return body


def _query(request: web.Request) -> Json:
    """The query as listRecords takes it: fields[]=a&fields[]=b, sort[0][field]=a, the rest as they are."""
    query: Json = {}
    for name, value in request.query.items():
        if name in {"fields[]", "fields", "recordMetadata[]"}:
            query.setdefault(name.removesuffix("[]"), []).append(value)
        elif place := re.fullmatch(r"sort\[(\d+)\]\[(field|direction)\]", name):
            keys = query.setdefault("sort", [])
            while len(keys) <= min(int(place[1]), 9):
                keys.append({})
            keys[min(int(place[1]), 9)][place[2]] = value
        else:
            query[name] = value
    return query


def _accepted(table: Table, one: Mapping[str, Any], body: Json) -> Json:
    return table.accepted(one.get("fields"), typecast=body.get("typecast", False))


def _ten(asked: Any) -> list[Any]:
    if not isinstance(asked, list) or not 1 <= len(asked) <= WRITE_MAX:
        raise _not_ten('each with a "fields" object for cell values')
    if not all(isinstance(one, (dict, str)) for one in asked):
        raise bad_request()
    return asked


def _not_ten(shape: str) -> AirtableError:
    return AirtableError(
        422, "INVALID_RECORDS", f"You must provide an array of up to 10 record objects, {shape}."
    )


def _merge_fields(table: Table, body: Json) -> list[str]:
    if "performUpsert" not in body:
        return []
    wanted = body["performUpsert"]
    names = wanted.get("fieldsToMergeOn") if isinstance(wanted, dict) else None
    if not isinstance(names, list) or not 1 <= len(names) <= MERGE_MAX:
        raise bad_request()
    fields = [table.field(str(name)) for name in names]
    if any(known.type in COMPUTED or known.type == "checkbox" for known in fields):
        raise bad_request()
    return [known.name for known in fields]


def _as_html(table: Table) -> str:
    names = [known.name for known in table.fields]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(record.cells.get(name, '')))}</td>" for name in names) + "</tr>"
        for record in table.records.values()
    )
    count = f"{len(table.records):,} records"
    return f"<h2>{escape(table.name)}</h2><p>{count}</p><div><table><tr>{head}</tr>{rows}</table></div>"
