"""What all modals share: the frame, the inputs, what was entered in them; pure."""

from collections.abc import Mapping
from typing import Any

from handlers.mrkdwn import Block, clean, cut, plain


def loading(title: str) -> Block:
    """The modal while the lead is looked up: it has to open within three seconds."""
    return modal(title, [{"type": "section", "text": plain("One moment…", 100)}])


def told(title: str, text: str) -> Block:
    """The modal when there is nothing to fill in: why."""
    return modal(title, [{"type": "section", "text": plain(text, 3_000)}])


def modal(title: str, blocks: list[Block], **more: Any) -> Block:
    """A modal with a way out."""
    close = plain("Cancel", 24)
    return {"type": "modal", "title": plain(title, 24), "close": close, "blocks": blocks, **more}


def field(block_id: str, label: str, element: Block, *, optional: bool = True, hint: str = "") -> Block:
    """An input; its block and its element have the same id."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2_000),
        "optional": optional,
        "element": {**element, "action_id": block_id},
    }
    return block | {"hint": plain(hint, 2_000)} if hint else block


def text(most: int, initial: str = "", *, multiline: bool = False) -> Block:
    """An input's element for at most ``most`` characters."""
    element: Block = {"type": "plain_text_input", "max_length": most, "multiline": multiline}
    typed = cut(clean(initial, lines=multiline), most)
    return element | {"initial_value": typed} if typed else element


def option(value: str, label: str) -> Block:
    """One choice of a menu."""
    return {"text": plain(label, 75), "value": value}


def entered(view: Mapping[str, Any], block_id: str) -> Any:
    """What was typed or chosen there: text, an option's value, a list of them, a day, a time; or None."""
    state = view["state"]["values"].get(block_id, {}).get(block_id, {})
    if "selected_options" in state:
        return [each["value"] for each in state["selected_options"]]
    if "selected_option" in state:
        return (state["selected_option"] or {}).get("value")
    return state.get("value", state.get("selected_date", state.get("selected_date_time")))


def errors(block_id: str, why: str) -> dict[str, str]:
    """What is wrong, beside its input, for ``ack(response_action="errors", errors=…)``."""
    return {block_id: cut(clean(why), 200)}
