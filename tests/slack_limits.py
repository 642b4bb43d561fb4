"""Slack's rules for messages and views, checked on plain JSON, independently of the sandbox.

Sources: Slack's Block Kit reference (limits of blocks, elements and composition objects) and the models of
its SDK, whose own validators run as well. A broken rule is an AssertionError that says where it is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

Json = Mapping[str, Any]

TEXT_MAX = {"header": 150, "section": 3_000, "context": 3_000, "markdown": 12_000}
SELECTS = {"users_select", "static_select", "external_select", "conversations_select", "channels_select"}
SELECTS |= {"multi_static_select"}
ELEMENTS_MAX = {"context": 10, "actions": 25, "context_actions": 5}
OURS = re.compile(
    r"<(?:mailto:[^|<>]+\|[^<>]+|tel:\+?\d+\|[^<>]+|@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!date\^\d+\^[^|<>]+\|[^<>]+"
    r"|https://[\w.-]+/archives/[CG][A-Z0-9]+/p\d+(?:\?thread_ts=[\d.]+&amp;cid=[CG][A-Z0-9]+)?"
    r"\|(?:L-\d+|This message))>"
)
"""The only angle brackets that our own markup makes."""


def check_message(blocks: Sequence[Json], text: str) -> None:
    """Every rule for a message: its fallback text, its blocks, their sizes and ids."""
    assert text.strip(), "a message with blocks needs a text for notifications"
    assert len(text) <= 4_000, f"text has {len(text)} characters"
    _check_markup(text, "text")
    assert 1 <= len(blocks) <= 50, f"{len(blocks)} blocks"
    size = len(json.dumps(blocks, ensure_ascii=False))
    assert size <= 13_200, f"msg_blocks_too_long: {size}"
    _check_blocks(blocks, surface="message")
    assert sum(len(block["text"]) for block in blocks if block["type"] == "markdown") <= 12_000
    assert sum(block["type"] == "table" for block in blocks) <= 1, "one table a message"


def check_view(view: Json) -> None:
    """Every rule for a modal or a Home view."""
    blocks = view["blocks"]
    assert view["type"] in {"modal", "home"}
    assert 1 <= len(blocks) <= 100, f"{len(blocks)} blocks"
    assert len(view.get("private_metadata", "")) <= 3_000
    assert len(view.get("callback_id", "")) <= 255
    for part in ("title", "submit", "close"):
        if part in view:
            _check_plain(view[part], 24, part)
    has_input = any(block["type"] == "input" for block in blocks)
    if view["type"] == "modal":
        assert "title" in view
        assert "submit" in view or not has_input, "inputs need submit"
    assert not any(block["type"] == "markdown" for block in blocks), "markdown blocks are for messages"
    _check_blocks(blocks, surface="view")
    View(**view).to_dict()


def visible(blocks: Sequence[Json]) -> str:
    """What a person sees of the blocks without clicking, a line a text; placeholders and labels included."""
    return "\n".join(_as_seen(text) for block in blocks for text in _texts(block))


def texts(value: Any) -> Iterator[Json]:
    """Every text object in there, wherever it stands."""
    if isinstance(value, Mapping):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from texts(item)


def _texts(block: Json) -> Iterator[Json]:
    seen = {key: value for key, value in block.items() if key != "elements"}
    elements = [{k: v for k, v in each.items() if k != "confirm"} for each in block.get("elements", [])]
    yield from texts(seen)
    yield from texts(elements)


def _as_seen(text: Json) -> str:
    said = str(text["text"])
    if text["type"] == "mrkdwn":
        said = re.sub(r"<!date\^[^|]+\|[^>]+>", "25 minutes ago", said)
        said = re.sub(r"<[@#]\w+>", "@Some Body", said)
        said = re.sub(r"<[^|<>]+\|([^<>]+)>", r"\1", said)
        said = re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"\1", said)
        said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return said.replace("\N{WORD JOINER}", "")


def _check_blocks(blocks: Sequence[Json], *, surface: str) -> None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids)), f"block_id twice: {ids}"
    assert all(1 <= len(block_id) <= 255 for block_id in ids)
    actions = [each["action_id"] for block in blocks for each in _elements(block) if "action_id" in each]
    assert len(actions) == len(set(actions)), f"action_id twice: {actions}"
    for index, block in enumerate(blocks):
        where = f"{surface} block {index} ({block['type']})"
        _check_block(block, where)
        parsed = Block.parse(dict(block))
        assert parsed is not None, f"{where}: the SDK does not know it"
        assert json.loads(json.dumps(parsed.to_dict())) == json.loads(json.dumps(block)), where


def _check_block(block: Json, where: str) -> None:  # noqa: C901 - a table of rules, a case a type
    match block["type"]:
        case "header":
            _check_plain(block["text"], 150, where)
        case "section":
            assert "text" in block or block.get("fields"), f"{where}: empty"
            assert len(block.get("fields", [])) <= 10, where
            for text, most in [
                *((text, 3_000) for text in (block.get("text"),) if text),
                *((field, 2_000) for field in block.get("fields", [])),
            ]:
                _check_text(text, most, where)
        case "context" | "actions" | "context_actions" as kind:
            assert 1 <= len(block["elements"]) <= ELEMENTS_MAX[kind], where
        case "input":
            _check_plain(block["label"], 2_000, where)
            if "hint" in block:
                _check_plain(block["hint"], 2_000, where)
        case "image":
            assert len(block.get("image_url", "")) <= 3_000, where
            assert 1 <= len(block["alt_text"]) <= 2_000, where
        case "markdown":
            assert 1 <= len(block["text"]) <= 12_000, where
        case "table":
            assert len(block["rows"]) <= 100, where
            assert all(len(row) <= 20 for row in block["rows"]), where
        case "divider":
            pass
        case other:
            raise AssertionError(f"{where}: no rule written down for {other}")
    for element in _elements(block):
        _check_element(element, where)


def _elements(block: Json) -> Iterator[Json]:
    yield from block.get("elements", [])
    yield from (block[key] for key in ("element", "accessory") if key in block)


def _check_element(element: Json, where: str) -> None:  # noqa: C901 - a table of rules, as above
    assert len(element.get("action_id", "")) <= 255, where
    if "placeholder" in element:
        _check_plain(element["placeholder"], 150, where)
    if "confirm" in element:
        confirm = element["confirm"]
        _check_plain(confirm["title"], 100, where)
        _check_text(confirm["text"], 300, where)
        _check_plain(confirm["confirm"], 30, where)
        _check_plain(confirm["deny"], 30, where)
    match element["type"]:
        case "plain_text" | "mrkdwn":
            _check_text(element, 3_000, where)
        case "button":
            _check_plain(element["text"], 75, where)
            assert len(element.get("value", "")) <= 2_000, where
            assert len(element.get("url", "")) <= 3_000, where
            assert element.get("style", "primary") in {"primary", "danger"}, where
        case "overflow":
            assert 1 <= len(element["options"]) <= 5, where
            _check_options(element["options"], where)
        case "plain_text_input":
            assert element.get("max_length", 3_000) <= 3_000, where
            assert len(element.get("initial_value", "")) <= element.get("max_length", 3_000), where
        case "checkboxes" | "radio_buttons":
            assert 1 <= len(element["options"]) <= 10, where
            _check_options(element["options"], where)
        case "datepicker":
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", element.get("initial_date", "2026-01-01")), where
        case "datetimepicker":
            assert 10**9 <= element.get("initial_date_time", 10**9) < 10**10, f"{where}: no ten digits"
        case kind if kind in SELECTS:
            assert element.get("options", [None]), f"{where}: no options"
            _check_options(element.get("options", []), where)
            assert len(element.get("option_groups", [])) <= 100, where
        case other:
            raise AssertionError(f"{where}: no rule written down for {other}")


def _check_options(options: Sequence[Json], where: str) -> None:
    assert len(options) <= 100, where
    for option in options:
        _check_text(option["text"], 75, where)
        assert len(option["value"]) <= 150, where


def _check_plain(text: Json, most: int, where: str) -> None:
    assert text["type"] == "plain_text", f"{where}: only plain_text here"
    _check_text(text, most, where)


def _check_text(text: Json, most: int, where: str) -> None:
    said = text["text"]
    assert said.strip(), f"{where}: empty text"
    assert len(said) <= most, f"{where}: {len(said)} of {most} characters"
    said.encode()  # half a surrogate pair is no text
    if text["type"] == "mrkdwn":
        assert text.get("verbatim") is True, f"{where}: Slack would add links of its own"
        _check_markup(said, where)


def _check_markup(text: str, where: str) -> None:
    bare = OURS.sub("", text)
    assert "<" not in bare, f"{where}: markup that is not ours"
    assert ">" not in bare, f"{where}: markup that is not ours"
    assert not re.search(r"&(?!(?:amp|lt|gt);)", bare), f"{where}: an unescaped ampersand"
