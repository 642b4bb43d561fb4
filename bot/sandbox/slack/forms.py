"""What people enter in elements: their values in Slack's shape, and what Slack's own client refuses."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.values import CannotAct, Json

_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "overflow": ("selected_option", ""),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
"""An element's field in a payload, and the field of its definition that it starts with."""

_STATELESS = ("overflow",)


def initial(element: Json) -> Json | None:
    """An element's value before anybody touches it; None for buttons and the like, which have none."""
    names = _FIELDS.get(element["type"])
    if names is None or element["type"] in _STATELESS:
        return None
    field, start = names
    default: Any = [] if field.startswith("selected_") and field.endswith("s") else None
    return {"type": element["type"], field: element.get(start, default)}


def entered(element: Json, given: Any) -> Json:
    """An element's value once somebody entered this; raise CannotAct if it does not offer that.

    Options are given by their value, several as a list; a value in Slack's own shape is taken as it is.
    """
    names = _FIELDS.get(element["type"])
    if names is None:
        raise CannotAct(f"nothing can be entered in a {element['type']}")
    field = names[0]
    if isinstance(given, dict) and ("type" in given or field in given):
        given = given.get(field)
    if field == "selected_option":
        given = None if given is None else _option(element, given)
    elif field == "selected_options":
        given = [_option(element, each) for each in given]
    elif field == "selected_date_time" and given is not None:
        given = int(given)
    elif field == "value" and given is not None:
        given = str(given)
    return {"type": element["type"], field: given}


def objection(block: Json, value: Json) -> str | None:
    """What Slack's client says beside an input instead of submitting it; None if it is well."""
    element = block["element"]
    content = value[_FIELDS[element["type"]][0]]
    if content in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    return _CHECKS.get(element["type"], _fine)(element, content)


def action(block: Json, element: Json, given: Any, ts: str) -> Json:
    """An entry of a block_actions payload's ``actions``."""
    common = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": element["type"],
        "action_ts": ts,
    }
    if element["type"] in _FIELDS:
        shown = {"placeholder": element["placeholder"]} if "placeholder" in element else {}
        return {**common, **shown, **entered(element, given)}
    if element["type"] == "feedback_buttons":
        return {**common, **_feedback(element, given)}
    if given is not None and given != element.get("value"):
        raise CannotAct(f"the {element['type']} carries another value than {given!r}")
    copied: Json = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return {**common, **copied}


def values_of(pairs: list[tuple[Json, Json]], touched: Mapping[str, Json]) -> dict[str, Json]:
    """``state.values``: block id to action id to value; ``touched`` (by action id) over initial values."""
    values: dict[str, Json] = {}
    for block, element in pairs:
        value = touched.get(element["action_id"])
        if value is None or value["type"] != element["type"]:
            value = initial(element)
        if value is not None:
            values.setdefault(block["block_id"], {})[element["action_id"]] = value
    return values


def _feedback(element: Json, given: Any) -> Json:
    for button in (element["positive_button"], element["negative_button"]):
        if button["value"] == given:
            return {"text": button["text"], "value": given}
    raise CannotAct(f"{element['action_id']} does not offer {given!r}")


def _option(element: Json, given: Any) -> Json:
    wanted = given.get("value") if isinstance(given, dict) else given
    offered = list(element.get("options", ()))
    for group in element.get("option_groups", ()):
        offered += group["options"]
    for option in offered:
        if option["value"] == wanted:
            return dict(option)
    if element["type"] in {"external_select", "multi_external_select"} and isinstance(given, dict):
        return dict(given)
    raise CannotAct(f"{element['action_id']} does not offer {wanted!r}")


def _text_fits(element: Json, content: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(content) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter at most {most} characters." if len(content) > most else None


def _is_mail(_element: Json, content: str) -> str | None:
    fits = re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", content)
    return None if fits else "Please enter a valid email address."


def _is_url(_element: Json, content: str) -> str | None:
    return None if re.fullmatch(r"https?://\S+", content) else "Please enter a valid URL."


def _is_number(element: Json, content: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, content):
        return "Please enter a valid number."
    if "min_value" in element and float(content) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(content) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _fine(_element: Json, _content: Any) -> None:
    return None


_CHECKS = {
    "plain_text_input": _text_fits,
    "email_text_input": _is_mail,
    "url_text_input": _is_url,
    "number_input": _is_number,
}
