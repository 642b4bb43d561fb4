"""The sandbox installs what a manifest describes, and refuses a manifest that Slack would refuse."""

from typing import Any

import pytest

from bot.sandbox.slack.manifest import app_from, read_manifest
from bot.sandbox.slack.values import SlackError

Json = dict[str, Any]


def manifest(section: str = "features", **fields: Any) -> Json:
    """A small manifest with these fields in one section."""
    whole: Json = {"display_information": {"name": "baseCamp"}, "features": {}, "settings": {}}
    whole[section] |= fields
    return whole


def command(**changes: Any) -> Json:
    return {"command": "/lead", "description": "Find leads", **changes}


def shortcut(**changes: Any) -> Json:
    return {"name": "New lead", "type": "global", "callback_id": "new", "description": "A lead", **changes}


def events(count: int) -> Json:
    return {"bot_events": [f"event_{number}" for number in range(count)]}


SHOWN = "display_information"

TAKEN: dict[str, Json] = {
    "name of 35": manifest(SHOWN, name="x" * 35),
    "description of 140": manifest(SHOWN, description="x" * 140),
    "long description of 175": manifest(SHOWN, long_description="x" * 175),
    "long description of 4,000": manifest(SHOWN, long_description="x" * 4000),
    "command of 32": manifest(slash_commands=[command(command="/" + "x" * 31)]),
    "10 shortcuts": manifest(shortcuts=[shortcut(callback_id=str(number)) for number in range(10)]),
    "shortcut name of 24": manifest(shortcuts=[shortcut(name="x" * 24)]),
    "100 events": manifest("settings", event_subscriptions=events(100)),
}

REFUSED: dict[str, tuple[Json, str]] = {
    "no name": (manifest(SHOWN, name=None), "/display_information"),
    "name of 36": (manifest(SHOWN, name="x" * 36), "/display_information/name"),
    "description of 141": (manifest(SHOWN, description="x" * 141), "/display_information/description"),
    "long description of 174": (
        manifest(SHOWN, long_description="x" * 174),
        "/display_information/long_description",
    ),
    "long description of 4,001": (
        manifest(SHOWN, long_description="x" * 4001),
        "/display_information/long_description",
    ),
    "command of 33": (
        manifest(slash_commands=[command(command="/" + "x" * 32)]),
        "/features/slash_commands/0/command",
    ),
    "command with a space": (
        manifest(slash_commands=[command(command="/new lead")]),
        "/features/slash_commands/0/command",
    ),
    "11 shortcuts": (
        manifest(shortcuts=[shortcut(callback_id=str(number)) for number in range(11)]),
        "/features/shortcuts",
    ),
    "shortcut name of 25": (manifest(shortcuts=[shortcut(name="x" * 25)]), "/features/shortcuts/0/name"),
    "101 events": (
        manifest("settings", event_subscriptions=events(101)),
        "/settings/event_subscriptions/bot_events",
    ),
}


def test_the_products_own_manifest_is_taken() -> None:
    assert read_manifest().name == "baseCamp"


@pytest.mark.parametrize("whole", TAKEN.values(), ids=TAKEN.keys())
def test_a_manifest_within_slacks_limits_is_taken(whole: Json) -> None:
    assert app_from(whole).name == whole[SHOWN]["name"]


@pytest.mark.parametrize(("whole", "pointer"), REFUSED.values(), ids=REFUSED.keys())
def test_a_manifest_over_a_limit_is_refused_with_a_pointer(whole: Json, pointer: str) -> None:
    with pytest.raises(SlackError) as refused:
        app_from(whole)
    assert refused.value.error == "invalid_manifest"
    assert [message.rpartition("json-pointer:")[2] for message in refused.value.messages] == [f"{pointer}]"]
