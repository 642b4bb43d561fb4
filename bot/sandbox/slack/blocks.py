"""Checks messages, modals and Home as Slack does: every size and uniqueness rule, refused with pointers."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.slack import elements as el
from bot.sandbox.slack.layout import HOME, IN_MESSAGES, MODAL
from bot.sandbox.slack.schema import fail, items, kinds
from bot.sandbox.slack.values import Json, SlackError

MESSAGE_BLOCKS = 50
MARKDOWN_CHARACTERS = 12_000
"""Of all markdown blocks in a message together."""
MESSAGE_CHARACTERS = 13_200
"""Of all strings in a message's blocks together; Slack gives no figure, this one was measured (SLACK.md)."""
VIEW_BYTES = 250_000
"""views.open: view_too_large above 250 kB."""


def check_message(blocks: list[Any]) -> None:
    """Raise SlackError invalid_blocks or msg_blocks_too_long unless Slack would post these."""
    found: list[str] = []
    items(kinds(IN_MESSAGES, named="message"), MESSAGE_BLOCKS, 0)(blocks, "/blocks", found)
    if not found:
        _check_unique(blocks, "/blocks", found)
        _check_tables(blocks, found)
        if _markdown_characters(blocks) > MARKDOWN_CHARACTERS:
            fail(found, "/blocks", f"markdown must be less than {MARKDOWN_CHARACTERS + 1} characters in all")
    if found:
        raise SlackError("invalid_blocks", tuple(found))
    if _characters(blocks) > MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_view(view: Any, kind: str) -> Json:
    """The view, if Slack would show it as this kind (modal, home); else raise SlackError."""
    found: list[str] = []
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", ("[ERROR] must provide an object [json-pointer:/view]",))
    if view.get("type") != kind:
        fail(found, "/view/type", f"must be {kind}")
    (MODAL if kind == "modal" else HOME)(view, "/view", found)
    if not found:
        _check_unique(view["blocks"], "/view/blocks", found)
        has_input = any(block["type"] == "input" for block in view["blocks"])
        if kind == "modal" and has_input and view.get("submit") is None:
            fail(found, "/view", "missing required field: submit, as the view has input blocks")
    if found:
        raise SlackError("invalid_arguments", tuple(found))
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    return view


def kept(blocks: list[Json], mint: Callable[[str], str]) -> list[Json]:
    """The blocks as Slack keeps them: missing ids given, text flags filled in."""
    return [_with_ids(block, mint) for block in blocks]


def interactive(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every block with each interactive element in it."""
    for block in blocks:
        for key in ("elements", "actions"):
            for element in block.get(key) or ():
                if element.get("type") == "card":
                    yield from interactive([element])
                elif "action_id" in element:
                    yield block, element
        for key in ("accessory", "element"):
            element = block.get(key)
            if element is not None and "action_id" in element:
                yield block, element
        yield from interactive(block.get("child_blocks") or [])


def _check_unique(blocks: list[Any], pointer: str, found: list[str]) -> None:
    block_ids: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in block_ids:
            fail(found, f"{pointer}/{index}/block_id", "block_id already exists")
        if block_id is not None:
            block_ids.add(block_id)
    action_ids: set[str] = set()
    focused = 0
    for _, element in interactive(blocks):
        focused += bool(element.get("focus_on_load"))
        if element["action_id"] in action_ids:
            fail(found, pointer, f"action_id {element['action_id']} already exists")
        action_ids.add(element["action_id"])
    if focused > 1:
        fail(found, pointer, "only one element may have focus_on_load")


def _check_tables(blocks: list[Any], found: list[str]) -> None:
    tables = [index for index, block in enumerate(blocks) if block["type"] == "table"]
    for index in tables[1:]:
        fail(found, f"/blocks/{index}", "only one table is allowed in a message")


def _markdown_characters(blocks: list[Any]) -> int:
    inner = sum(_markdown_characters(block.get("child_blocks") or []) for block in blocks)
    return inner + sum(len(block["text"]) for block in blocks if block["type"] == "markdown")


def _characters(value: Any) -> int:
    """The length of every string but types and ids."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(_characters, value))
    if isinstance(value, dict):
        return sum(_characters(each) for key, each in value.items() if key not in _UNCOUNTED)
    return 0


_UNCOUNTED = ("type", "block_id", "action_id", "style")


def _with_ids(block: Json, mint: Callable[[str], str]) -> Json:
    filled: Json = {"block_id": mint("b"), **_filled(block, mint)}
    return {"type": filled.pop("type"), **filled}


def _filled(value: Any, mint: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_filled(each, mint) for each in value]
    if not isinstance(value, dict):
        return value
    filled = {key: _filled(each, mint) for key, each in value.items() if each is not None}
    kind = filled.get("type")
    if kind == "plain_text":
        filled.setdefault("emoji", True)
    elif kind == "mrkdwn":
        filled.setdefault("verbatim", False)
    elif kind in _ACTING:
        filled.setdefault("action_id", mint("a"))
    return filled


_ACTING = frozenset(
    {
        "button",
        "overflow",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "feedback_buttons",
        "icon_button",
        *el.SELECTS,
        *el.MULTI_SELECTS,
        *el.CHOOSERS,
        *el.INPUTS,
    }
)
