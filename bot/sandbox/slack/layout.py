"""Block Kit's blocks and views: what each may hold, and on which surface Slack shows it.

Limits from SLACK.md and slack_sdk's models; surfaces from docs.slack.dev/blocks.json.
"""

from typing import Any

from bot.sandbox.slack import elements as el
from bot.sandbox.slack.schema import (
    Rule,
    anything,
    boolean,
    both,
    choice,
    fail,
    items,
    kinds,
    plain,
    record,
    string,
    text,
)

VIEW_BLOCKS = 100


def _needs_text_or_fields(value: Any, pointer: str, found: list[str]) -> None:
    if value.get("text") is None and not value.get("fields"):
        fail(found, pointer, "must provide one of text, fields")


def _needs_content(value: Any, pointer: str, found: list[str]) -> None:
    if not any(value.get(name) for name in ("hero_image", "title", "actions", "body")):
        fail(found, pointer, "must provide one of hero_image, title, actions, body")


def _needs_title(value: Any, pointer: str, found: list[str]) -> None:
    if value.get("title") is None and value.get("rich_text_title") is None:
        fail(found, pointer, "must provide one of title, rich_text_title")


def _needs_source(value: Any, pointer: str, found: list[str]) -> None:
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        fail(found, pointer, "must provide one of image_url, slack_file")


def _block(fields: dict[str, Rule], *required: str) -> Rule:
    return record({"type": anything, "block_id": string(255, 1), **fields}, *required)


_IN_CONTEXT = kinds(
    {
        "image": el.IMAGE,
        **{kind: text(3000) for kind in ("plain_text", "mrkdwn")},
    },
    named="context block",
)
_RICH = kinds(
    {
        "rich_text_section": record({"type": anything, "elements": items(anything, 1000, 0)}, "elements"),
        "rich_text_quote": record(
            {"type": anything, "elements": items(anything, 1000, 0), "border": anything}, "elements"
        ),
        "rich_text_preformatted": record(
            {
                "type": anything,
                "elements": items(anything, 1000, 0),
                "border": anything,
                "language": string(50),
            },
            "elements",
        ),
        "rich_text_list": record(
            {
                "type": anything,
                "elements": items(anything, 1000, 0),
                "style": choice("bullet", "ordered"),
                "indent": anything,
                "offset": anything,
                "border": anything,
            },
            "elements",
            "style",
        ),
    },
    named="rich_text block",
)
RICH_TEXT = _block({"elements": items(_RICH, 1000)}, "elements")
_CELL = kinds(
    {
        "raw_text": record({"type": anything, "text": string(3000, 1)}, "text"),
        "raw_number": record({"type": anything, "value": anything, "text": string(3000, 1)}, "value"),
        "rich_text": RICH_TEXT,
    },
    named="table cell",
)
_COLUMN = record({"align": choice("left", "center", "right"), "is_wrapped": boolean})


def _column(value: Any, pointer: str, found: list[str]) -> None:
    """A column's settings, or null for the default."""
    if value is not None:
        _COLUMN(value, pointer, found)


CARD = both(
    _block(
        {
            "hero_image": el.IMAGE,
            "icon": el.IMAGE,
            "slack_icon": anything,
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "actions": items(el.BUTTONS_ONLY, 25),
        }
    ),
    _needs_content,
)
EVERYWHERE: dict[str, Rule] = {
    "section": both(
        _block(
            {
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": el.IN_SECTION,
                "expand": boolean,
            }
        ),
        _needs_text_or_fields,
    ),
    "header": _block({"text": plain(150)}, "text"),
    "divider": _block({}),
    "context": _block({"elements": items(_IN_CONTEXT, 10)}, "elements"),
    "actions": _block({"elements": items(el.IN_ACTIONS, 25)}, "elements"),
    "image": both(
        _block(
            {
                "image_url": el.URL,
                "alt_text": string(2000),
                "title": plain(2000),
                "slack_file": anything,
            },
            "alt_text",
        ),
        _needs_source,
    ),
    "input": _block(
        {
            "label": plain(2000),
            "hint": plain(2000),
            "element": el.IN_INPUT,
            "optional": boolean,
            "dispatch_action": boolean,
        },
        "label",
        "element",
    ),
    "rich_text": RICH_TEXT,
    "video": _block(
        {
            "alt_text": string(2000),
            "title": plain(199),
            "title_url": el.URL,
            "thumbnail_url": el.URL,
            "video_url": el.URL,
            "description": plain(200),
            "author_name": string(49),
            "provider_name": string(255),
            "provider_icon_url": el.URL,
        },
        "alt_text",
        "title",
        "thumbnail_url",
        "video_url",
    ),
    "card": CARD,
}
CAROUSEL = _block({"elements": items(kinds({"card": CARD}, named="carousel"), 10)}, "elements")
_TASK = _block(
    {
        "task_id": string(255, 1),
        "title": string(255, 1),
        "details": RICH_TEXT,
        "output": RICH_TEXT,
        "sources": items(anything, 100, 0),
        "status": choice("pending", "in_progress", "complete", "error"),
    },
    "task_id",
    "title",
    "status",
)
_ON_MESSAGES: dict[str, Rule] = {
    **EVERYWHERE,
    "carousel": CAROUSEL,
    "markdown": _block({"text": string(12_000, 1)}, "text"),
    "table": _block({"rows": items(items(_CELL, 20), 100), "column_settings": items(_column, 20, 0)}, "rows"),
    "context_actions": _block({"elements": items(el.IN_CONTEXT_ACTIONS, 5)}, "elements"),
    "task_card": _TASK,
    "plan": _block(
        {"title": string(255, 1), "tasks": items(kinds({"task_card": _TASK}, named="plan"), 50, 0)}, "title"
    ),
}
_CONTAINER = both(
    _block(
        {
            "title": plain(150),
            "rich_text_title": RICH_TEXT,
            "subtitle": text(150),
            "child_blocks": items(kinds(_ON_MESSAGES, named="container"), 10),
            "width": choice("narrow", "standard", "wide", "full"),
            "icon": el.IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        "child_blocks",
    ),
    _needs_title,
)
_ALERT = _block(
    {"text": text(200), "level": choice("default", "info", "warning", "error", "success")}, "text"
)
IN_MESSAGES: dict[str, Rule] = {**_ON_MESSAGES, "container": _CONTAINER}
_VIEW_FIELDS: dict[str, Rule] = {
    "type": anything,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_ON_HOME = kinds({**EVERYWHERE, "carousel": CAROUSEL}, named="Home")
_ON_MODALS = kinds({**EVERYWHERE, "alert": _ALERT}, named="modal")
HOME = record({**_VIEW_FIELDS, "blocks": items(_ON_HOME, VIEW_BLOCKS)}, "blocks")
MODAL = record(
    {
        **_VIEW_FIELDS,
        "blocks": items(_ON_MODALS, VIEW_BLOCKS),
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
    "title",
    "blocks",
)
