"""Block Kit's elements: buttons, menus, pickers, inputs; limits from SLACK.md and slack_sdk's models."""

import re
from datetime import date
from typing import Any

from bot.sandbox.slack.schema import (
    Rule,
    anything,
    boolean,
    both,
    choice,
    fail,
    integer,
    items,
    kinds,
    matching,
    plain,
    record,
    string,
    text,
)

ACTION_ID = string(255, 1)
URL = string(3000, 1)
STYLE = choice("primary", "danger")
CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30), "style": STYLE},
    "title",
    "text",
    "confirm",
    "deny",
)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _is_image(value: Any, pointer: str, found: list[str]) -> None:
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        fail(found, pointer, "must provide one of image_url, slack_file")


def _option(label: Rule, **more: Rule) -> Rule:
    fields = {"text": label, "value": string(150, 1), "description": plain(75), **more}
    return record(fields, "text", "value")


PLAIN_OPTION = _option(plain(75))
TEXT_OPTION = _option(text(75))
MENU_OPTION = _option(plain(75), url=URL)
GROUP = record({"label": plain(75), "options": items(PLAIN_OPTION, 100)}, "label", "options")
IMAGE_FIELDS = {"type": anything, "image_url": URL, "alt_text": string(2000), "slack_file": anything}
IMAGE = both(record(IMAGE_FIELDS, "alt_text"), _is_image)

_COMMON = {"type": anything, "action_id": ACTION_ID}
_ASKED = {**_COMMON, "confirm": CONFIRM, "focus_on_load": boolean}
_MENU = {**_ASKED, "placeholder": plain(150)}
_CHOICES = {**_MENU, "options": items(PLAIN_OPTION, 100), "option_groups": items(GROUP, 100)}
_ENTERED = {
    **_COMMON,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": record(
        {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 2)}
    ),
}
_FILTER = record(
    {
        "include": items(choice("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
_MANY = {"max_selected_items": integer(1, 10**6)}
_PLACES = {"default_to_current_conversation": boolean, "filter": _FILTER}
_ID = string(255, 1)
_IDS = items(_ID, 1000, 0)


def _options_or_groups(value: Any, pointer: str, found: list[str]) -> None:
    if (value.get("options") is None) == (value.get("option_groups") is None):
        fail(found, pointer, "must provide one of options, option_groups")
        return
    offered = list(value.get("options") or [])
    for group in value.get("option_groups") or []:
        offered += group["options"]
    chosen = value.get("initial_options") or (
        [value["initial_option"]] if value.get("initial_option") else []
    )
    for each in chosen:
        if (each.get("value"), each["text"].get("text")) not in {
            (o["value"], o["text"]["text"]) for o in offered
        }:
            fail(found, pointer, "initial option must be one of the options")


def _lengths_agree(value: Any, pointer: str, found: list[str]) -> None:
    if value.get("min_length") is not None and value.get("max_length") is not None:
        least, most = value["min_length"], value["max_length"]
        if least > most:
            fail(found, pointer, "min_length must not be more than max_length")


BUTTON = record(
    {
        **_COMMON,
        "text": plain(75),
        "url": URL,
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
    },
    "text",
)
_WORKFLOW_BUTTON = record(
    {**_COMMON, "text": plain(75), "workflow": anything, "style": STYLE, "accessibility_label": string(75)},
    "text",
    "workflow",
)
_FEEDBACK = record(
    {"text": plain(75), "value": string(2000), "accessibility_label": string(75)}, "text", "value"
)
OVERFLOW = record({**_COMMON, "confirm": CONFIRM, "options": items(MENU_OPTION, 5)}, "options")

SELECTS: dict[str, Rule] = {
    "static_select": both(record({**_CHOICES, "initial_option": PLAIN_OPTION}), _options_or_groups),
    "external_select": record({**_MENU, "initial_option": PLAIN_OPTION, "min_query_length": integer(0, 255)}),
    "users_select": record({**_MENU, "initial_user": _ID}),
    "conversations_select": record(
        {**_MENU, **_PLACES, "initial_conversation": _ID, "response_url_enabled": boolean}
    ),
    "channels_select": record({**_MENU, "initial_channel": _ID, "response_url_enabled": boolean}),
}
MULTI_SELECTS: dict[str, Rule] = {
    "multi_static_select": both(
        record({**_CHOICES, **_MANY, "initial_options": items(PLAIN_OPTION, 100)}), _options_or_groups
    ),
    "multi_external_select": record(
        {**_MENU, **_MANY, "initial_options": items(PLAIN_OPTION, 100), "min_query_length": integer(0, 255)}
    ),
    "multi_users_select": record({**_MENU, **_MANY, "initial_users": _IDS}),
    "multi_conversations_select": record({**_MENU, **_MANY, **_PLACES, "initial_conversations": _IDS}),
    "multi_channels_select": record({**_MENU, **_MANY, "initial_channels": _IDS}),
}
_BOXES = {**_ASKED, "options": items(TEXT_OPTION, 10)}
CHOOSERS: dict[str, Rule] = {
    "checkboxes": both(
        record({**_BOXES, "initial_options": items(TEXT_OPTION, 10)}, "options"), _options_or_groups
    ),
    "radio_buttons": both(record({**_BOXES, "initial_option": TEXT_OPTION}, "options"), _options_or_groups),
}
DATEPICKER = record({**_MENU, "initial_date": matching(_is_date, "must be a date in format YYYY-MM-DD")})
TIMEPICKER = record(
    {
        **_MENU,
        "initial_time": matching(_is_time, "must be a time in format HH:mm"),
        "timezone": string(100, 1),
    }
)
DATETIMEPICKER = record({**_ASKED, "initial_date_time": integer(10**9, 10**10 - 1)})
INPUTS: dict[str, Rule] = {
    "plain_text_input": both(
        record(
            {
                **_ENTERED,
                "initial_value": string(3000),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            }
        ),
        _lengths_agree,
    ),
    "email_text_input": record({**_ENTERED, "initial_value": string(3000)}),
    "url_text_input": record({**_ENTERED, "initial_value": string(3000)}),
    "number_input": record(
        {
            **_ENTERED,
            "is_decimal_allowed": boolean,
            **dict.fromkeys(
                ("initial_value", "min_value", "max_value"),
                matching(_is_number, "must be a number in a string"),
            ),
        },
        "is_decimal_allowed",
    ),
    "rich_text_input": record({**_ENTERED, "initial_value": anything}),
    "file_input": record({**_COMMON, "filetypes": items(string(50), 100), "max_files": integer(1, 10)}),
}

IN_ACTIONS = kinds(
    {
        "button": BUTTON,
        "overflow": OVERFLOW,
        "workflow_button": _WORKFLOW_BUTTON,
        "datepicker": DATEPICKER,
        "timepicker": TIMEPICKER,
        "datetimepicker": DATETIMEPICKER,
        "rich_text_input": INPUTS["rich_text_input"],
        **SELECTS,
        **MULTI_SELECTS,
        **CHOOSERS,
    },
    named="actions block",
)
IN_SECTION = kinds(
    {
        "button": BUTTON,
        "overflow": OVERFLOW,
        "workflow_button": _WORKFLOW_BUTTON,
        "image": IMAGE,
        "datepicker": DATEPICKER,
        "timepicker": TIMEPICKER,
        **SELECTS,
        **MULTI_SELECTS,
        **CHOOSERS,
    },
    named="accessory",
)
IN_INPUT = kinds(
    {
        "datepicker": DATEPICKER,
        "timepicker": TIMEPICKER,
        "datetimepicker": DATETIMEPICKER,
        **INPUTS,
        **SELECTS,
        **MULTI_SELECTS,
        **CHOOSERS,
    },
    named="input block",
)
IN_CONTEXT_ACTIONS = kinds(
    {
        "feedback_buttons": record(
            {**_COMMON, "positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
            "positive_button",
            "negative_button",
        ),
        "icon_button": record(
            {
                **_COMMON,
                "icon": choice("trash"),
                "text": plain(75),
                "value": string(2000),
                "confirm": CONFIRM,
                "accessibility_label": string(75),
                "visible_to_user_ids": _IDS,
            },
            "icon",
            "text",
        ),
    },
    named="context_actions block",
)
BUTTONS_ONLY = kinds({"button": BUTTON}, named="card")
