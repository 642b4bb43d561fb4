"""The API's document, OpenAPI 3.1, made from its operations and their models."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from core.api.keys import Scope
from core.lead import OWN, Lead
from handlers.web.api.answers import Envelope, ErrorOut, FoundOut, PagedEnvelope, SimilarOut
from handlers.web.api.operation import BASE, Operation
from handlers.web.envelope import API_VERSION

REF = "#/components/schemas/{model}"

ABOUT = """Leads of a lead desk in Slack. Every answer has one envelope; what is wrong is in `errors`,
each with a code, a sentence and the field. Send `Authorization: Bearer <key>`; `basecamp keys create`
makes keys. A delivery with the same `Idempotency-Key` is the same lead."""

REFUSALS: Mapping[int, str] = {
    400: "The body or a header is not what it says it is.",
    401: "No key, or none that is known.",
    403: "The key's scopes do not open this.",
    404: "There is no such lead.",
    408: "The body came too slowly.",
    409: "Not possible with the lead as it is, or changed meanwhile.",
    412: "Another version than If-Match names.",
    413: "The body is larger than 256 KB.",
    415: "A content type that is not read.",
    422: "A field or parameter is wrong.",
    429: "Too often; Retry-After says when again.",
    503: "Something that this needs does not answer right now.",
}

FAILURES: Mapping[str, Any] = {
    "type": "object",
    "required": ["success", "data", "errors", "metadata"],
    "properties": {
        "success": {"const": False},
        "data": {"type": "null"},
        "errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/ErrorOut"}},
        "metadata": {"$ref": "#/components/schemas/MetadataOut"},
    },
}


def document(operations: Sequence[Operation], *, server: str) -> dict[str, Any]:
    """The document.

    Args:
        operations: all there are.
        server: where the API is, e.g. ``/``.
    """
    answers = {
        (each.name, status): _envelope(each, data)
        for each in operations
        for status, data in each.answers.items()
        if data is not None
    }
    bodies = [each.body for each in operations if each.body is not None]
    _, definitions = models_json_schema(
        [
            *((model, "validation") for model in dict.fromkeys(bodies)),
            *((model, "serialization") for model in dict.fromkeys(answers.values())),
            (ErrorOut, "serialization"),
        ],
        ref_template=REF,
    )
    schemas = definitions["$defs"]
    for model in (Lead, SimilarOut, FoundOut):
        shape = schemas[model.__name__]
        shape["properties"] = {name: each for name, each in shape["properties"].items() if name not in OWN}
        shape["required"] = [name for name in shape["required"] if name not in OWN]
    schemas.pop("Part", None)
    schemas["Failure"] = FAILURES
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(BASE + each.path, {})[each.method.lower()] = _operation(each, answers)
    return {
        "openapi": "3.1.0",
        "info": {"title": "baseCamp for Slack", "version": API_VERSION, "description": ABOUT},
        "servers": [{"url": server}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _envelope(operation: Operation, data: Any) -> type[BaseModel]:
    shape: Any = PagedEnvelope if operation.paged else Envelope
    envelope: type[BaseModel] = shape[data]
    return envelope


def _operation(each: Operation, answers: Mapping[tuple[str, int], type[BaseModel]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "description": f"Scope: `{each.scope.value}`.",
        "parameters": _parameters(each),
        "responses": {
            **{str(status): _answer(each, status, answers) for status in each.answers},
            **{str(status): _refusal(status) for status in _refused(each)},
        },
    }
    if each.body is not None:
        schema = {"$ref": REF.format(model=each.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _answer(
    each: Operation, status: int, answers: Mapping[tuple[str, int], type[BaseModel]]
) -> dict[str, Any]:
    model = answers.get((each.name, status))
    if model is None:
        leads = {"type": "array", "items": {"$ref": REF.format(model="Lead")}}
        content = {"application/json": {"schema": leads}, "text/csv": {"schema": {"type": "string"}}}
        return {"description": "The leads.", "content": content}
    said = {200: "Done.", 201: "The lead, read.", 202: "Kept: it is worked from here on."}[status]
    schema = {"$ref": REF.format(model=_name(model))}
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def _name(model: type[BaseModel]) -> str:
    """As pydantic calls it in a document."""
    return "".join(letter if letter.isalnum() else "_" for letter in model.__name__)


def _refused(each: Operation) -> list[int]:
    statuses = {401, 403, 422, 429, 503, *each.refuses}
    if each.body is not None:
        statuses |= {400, 408, 413, 415}
    if "{" in each.path:
        statuses.add(404)
    if each.method != "GET":
        statuses.add(400)  # an Idempotency-Key that is none
    return sorted(statuses)


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": REF.format(model="Failure")}
    return {"description": REFUSALS[status], "content": {"application/json": {"schema": schema}}}


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{lead_id}" in each.path:
        schema = {"type": "string", "minLength": 1, "maxLength": 50}
        about = "id or number, e.g. L-1042"
        found.append(
            {"name": "lead_id", "in": "path", "required": True, "schema": schema, "description": about}
        )
    if each.query is not None:
        properties, shared = _flat(each.query)
        for name, schema in properties.items():
            found.append(
                {"name": name, "in": "query", "required": False, "schema": _said(schema, shared)}
                | ({"description": schema["description"]} if "description" in schema else {})
            )
    idempotent = ("Idempotency-Key",) if each.method == "POST" and each.scope != Scope.READ else ()
    for header in (*each.headers, *idempotent):
        schema = {"type": "string", "maxLength": 200}
        found.append({"name": header, "in": "header", "required": False, "schema": schema})
    return found


def _flat(model: type[BaseModel]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    schema = TypeAdapter(model).json_schema()
    return schema.get("properties", {}), schema.get("$defs", {})


def _said(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """What a parameter can be when it is said: in a query nothing is null."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    kinds = [shared[kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind for kind in kinds]
    plain = dict(kinds[0])
    if len(kinds) > 1:  # words of several lists
        plain["enum"] = [word for kind in kinds for word in kind["enum"]]
    kept = {name: value for name, value in plain.items() if name not in {"title", "description", "default"}}
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    return kept


def as_bytes(described: Mapping[str, Any]) -> bytes:
    """As it is served."""
    return json.dumps(described, ensure_ascii=False, indent=1).encode()
