"""One operation of the API: what is read of a request, who may ask for it, and what it answers with."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from core.api.keys import Caller, Scope
from core.intake import storable
from handlers.web.bodies import content_type_of, decode
from handlers.web.envelope import Rejected
from handlers.web.keys import Keys

BASE = "/api/v1"
LEAD = "/leads/"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Call:
    """An authorised request."""

    request: web.Request
    caller: Caller
    query: Any
    fields: Any

    @property
    def name(self) -> str:
        """The lead that the address names: by its id or number."""
        return storable(self.request.match_info["lead_id"])

    def body(self, model: type[M]) -> M:
        """The body as that model; Rejected with 422 names the field that is wrong."""
        try:
            # From JSON: strictly, "yes" is no boolean and 1 no text, but names of enumerations are text.
            return model.model_validate_json(as_json(_storable(self.fields)), strict=True)
        except ValidationError as error:
            raise _wrong(error, "INVALID_FIELD") from None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What can be asked for.

    Attributes:
        path: below BASE.
        handle: does it.
        scope: what a key needs.
        query: its parameters; None: it has none.
        body: its body's fields; None: it has none.
        answers: status -> what ``data`` is, or None where the answer is no envelope.
        paged: whether there is a pagination beside the data.
        headers: that are read.
        refuses: statuses beside those that all have.
    """

    method: str
    path: str
    name: str
    summary: str
    handle: Callable[[Call], Awaitable[web.StreamResponse]]
    scope: Scope
    answers: Mapping[int, Any]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    paged: bool = False
    headers: Sequence[str] = ()
    refuses: Sequence[int] = ()


def routes(operations: Sequence[Operation], keys: Keys) -> Iterable[web.RouteDef]:
    """The routes of these operations."""
    own_paths = "|".join(
        re.escape(each.path.removeprefix(LEAD))
        for each in operations
        if each.path.startswith(LEAD) and "{" not in each.path
    )
    a_lead = f"{{lead_id:(?!(?:{own_paths})$)[^/]+}}"  # else /leads/batch would be a lead too
    return [
        web.route(
            each.method,
            BASE + each.path.replace("{lead_id}", a_lead),
            _handler(each, keys),
            **_without_head(each),
        )
        for each in operations
    ]


def _without_head(operation: Operation) -> dict[str, Any]:
    return {"allow_head": False} if operation.method == "GET" else {}


def _handler(operation: Operation, keys: Keys) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = await keys.caller(request, operation.scope)
        query = _query(request, operation.query)
        fields = {} if operation.body is None else await _decoded(request)
        return await operation.handle(Call(request=request, caller=caller, query=query, fields=fields))

    return handle


async def _decoded(request: web.Request) -> dict[str, Any]:
    return await decode(content_type_of(request), await request.read())


class NoParameters(BaseModel, extra="forbid"):
    """Of an operation that has none."""


def _query(request: web.Request, model: type[BaseModel] | None) -> BaseModel:
    said: dict[str, str] = {}
    for name, value in request.query.items():
        if name in said:
            raise Rejected(422, "INVALID_PARAMETER", "is said more than once.", field=storable(name)[:100])
        said[storable(name)] = storable(value)
    try:
        return (model or NoParameters).model_validate(said)
    except ValidationError as error:
        raise _wrong(error, "INVALID_PARAMETER") from None


def _wrong(error: ValidationError, code: str) -> Rejected:
    """The first mistake, without what was sent."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:100]
    if first["type"] == "extra_forbidden":
        said = "There is no such parameter." if code == "INVALID_PARAMETER" else "There is no such field."
    else:
        said = str(first["msg"]).removeprefix("Value error, ").rstrip(".") + "."
    return Rejected(422, code, said, field=place or None)


def _storable(value: Any) -> Any:
    """All texts as a database can keep them."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(name): _storable(item) for name, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def as_json(value: Any) -> str:
    """Compact."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
