"""Reads a Web API call's arguments: query, form or JSON, each value as Slack takes it."""

import base64
import json
from typing import Any

from aiohttp import web

from bot.sandbox.slack.values import Json, SlackError


class Arguments:
    """The arguments of one call; what is missing or malformed raises Slack's error."""

    def __init__(self, values: Json) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """A string, empty if it was not given."""
        value = self.values.get(name)
        if isinstance(value, dict | list):
            raise SlackError("invalid_arguments", (f"[ERROR] must provide a string [json-pointer:/{name}]",))
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if not value:
            raise SlackError("invalid_arguments", (f"[ERROR] missing required field: {name}",))
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True for true, "true", 1, "1"."""
        value = self.values.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def limit(self, default: int, most: int) -> int:
        """The page size; raise invalid_limit unless 1 to ``most``."""
        given = self.text("limit")
        if not given or given == "0":
            return default
        if not given.isdigit() or int(given) > most:
            raise SlackError("invalid_limit")
        return int(given)

    def offset(self) -> int:
        """Where the page begins, from the opaque cursor; raise invalid_cursor."""
        given = self.text("cursor")
        if not given:
            return 0
        try:
            return int(base64.urlsafe_b64decode(given).decode().removeprefix("next:"))
        except ValueError:
            raise SlackError("invalid_cursor") from None

    def json(self, name: str, error: str) -> Any:
        """An object or array, given as such or as JSON in a string; None if it was not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except json.JSONDecodeError:
            raise SlackError(error) from None


def page_of(rows: list[Any], offset: int, limit: int) -> tuple[list[Any], Json]:
    """One page of rows, and the response_metadata that leads to the next."""
    more = offset + limit < len(rows)
    cursor = base64.urlsafe_b64encode(f"next:{offset + limit}".encode()).decode() if more else ""
    return rows[offset : offset + limit], {"next_cursor": cursor}


async def read(request: web.Request) -> tuple[Arguments, str]:
    """The call's arguments and its token; raise SlackError for a body Slack cannot read."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except json.JSONDecodeError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        values.update(body)
    elif request.method == "POST":
        values.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ") if header else str(values.get("token", ""))
    values.pop("token", None)
    return Arguments(values), token
