"""A request's body as a mapping: JSON, form-encoded and multipart alike."""

import asyncio
import json
import math
import warnings
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, hdrs, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.helpers import parse_content_type
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import BodyPartReader, MultipartReader
from aiohttp.streams import StreamReader

from handlers.web.envelope import Rejected

BODY_MAX = 256 * 1024
"""Bytes; larger bodies are refused with 413."""

DEPTH_MAX = 20
"""Deepest nesting of JSON that anybody means."""


async def raw_body(request: web.Request) -> bytes:
    """The body as it came; 413 when it is too large, Rejected with 400 when it is not encoded as it says."""
    if (request.content_length or 0) > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, request.content_length or 0)
    try:
        return await request.read()  # the application's client_max_size ends a longer one without a length
    except web.RequestPayloadError:
        raise Rejected(400, "BAD_BODY", "The body is not encoded as its headers say.") from None


def content_type_of(request: web.Request) -> str:
    """The Content-Type header as it came; empty without one."""
    return request.headers.get(hdrs.CONTENT_TYPE, "")


def media_type(content_type: str) -> str:
    """The type that the header names, e.g. ``application/json``, in lower case."""
    return parse_content_type(content_type)[0]


async def decode(content_type: str, body: bytes) -> dict[str, Any]:
    """The body's fields; Rejected with 400 when it is not what its content type says, 415 for other types.

    content_type: the header as it came.
    """
    named, parameters = parse_content_type(content_type)
    match named:
        case "application/json":
            return _json(body)
        case "application/x-www-form-urlencoded":
            return _form(body, parameters.get("charset") or "utf-8")
        case "multipart/form-data":
            return await _multipart(content_type, body)
        case _:
            raise Rejected(
                415, "UNSUPPORTED_TYPE", "Send JSON, a form or multipart/form-data.", field="Content-Type"
            )


def json_value(body: bytes) -> Any:
    """The body's JSON, of any kind; Rejected with 400 when it is none, or says a thing twice."""
    try:
        value = json.loads(
            body, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_once
        )
    except (ValueError, RecursionError):
        raise Rejected(400, "BAD_JSON", "The body is not valid JSON.") from None
    if _depth(value) > DEPTH_MAX:
        raise Rejected(400, "BAD_JSON", f"The JSON is nested deeper than {DEPTH_MAX} levels.")
    return value


def _json(body: bytes) -> dict[str, Any]:
    value = json_value(body)
    if not isinstance(value, dict):
        raise Rejected(400, "BAD_JSON", "The body must be a JSON object.")
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal keys, one reader takes the first, another the last: what was checked need not count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond what JSON's readers can hold")
    return number


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= DEPTH_MAX:
        deepest += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return deepest


def _form(body: bytes, charset: str) -> dict[str, Any]:
    try:
        return _gather(parse_qsl(body.decode(charset), keep_blank_values=True, max_num_fields=500))
    except (ValueError, LookupError):
        raise Rejected(400, "BAD_FORM", "The body is not a valid form.") from None


async def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    pairs: list[tuple[str, str]] = []
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    stream.feed_data(body)
    stream.feed_eof()
    try:
        with warnings.catch_warnings():  # they quote what was sent; a part without a name is passed over
            for warning in (BadContentDispositionHeader, BadContentDispositionParam):
                warnings.simplefilter("ignore", warning)
            async for part in MultipartReader({hdrs.CONTENT_TYPE: content_type}, stream):
                if isinstance(part, BodyPartReader) and part.name:
                    # A file is kept whole in the submission; the lead says that there is one.
                    value = part.filename or await part.text()
                    pairs.append((part.name, value))
    except (ValueError, AssertionError, LookupError, RuntimeError, HttpProcessingError):
        raise Rejected(400, "BAD_FORM", "The body is not valid multipart/form-data.") from None
    return _gather(pairs)


def _gather(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A field that is sent several times becomes a list."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields
