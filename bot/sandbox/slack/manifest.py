"""Reads manifest.yml: what the app may do, what it is told of, what people can start."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.sandbox.slack.schema import anything, choice, each_field, items, matching, string
from bot.sandbox.slack.values import SlackError

BOT = Path(__file__).resolve().parents[2]
PLACES = (BOT.parent / "manifest.yml", BOT / "manifest.yml")
"""In a checkout, and in an installed package (pyproject.toml puts it there)."""

MANIFEST = next((place for place in PLACES if place.exists()), PLACES[0])
"""The product's own manifest, at the root of the tree."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command as people see it offered."""

    command: str
    description: str
    usage_hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """An entry of the shortcut menu, or of a message's menu."""

    name: str
    type: Literal["message", "global"]
    callback_id: str
    description: str


@dataclass(frozen=True, kw_only=True)
class App:
    """The installed app: its manifest, as far as the workspace acts on it."""

    name: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    home_tab: bool = False
    messages_tab: bool = False
    """Whether it can be written to and writes to people alone."""
    is_agent: bool = False
    is_assistant: bool = False
    """Whether it is declared by the legacy ``assistant_view``."""
    interactive: bool = True


_COMMAND = each_field(
    {
        "command": matching(
            lambda name: isinstance(name, str) and bool(re.fullmatch(r"/[^\sA-Z]{1,31}", name)),
            "must be a slash and up to 31 characters, none of them a space or a capital",
        ),
        "description": string(2000, 1),
        "usage_hint": string(1000),
    },
    "command",
    "description",
)
_SHORTCUT = each_field(
    {
        "name": string(24, 1),
        "type": choice("message", "global"),
        "callback_id": string(255, 1),
        "description": string(150, 1),
    },
    "name",
    "type",
    "callback_id",
    "description",
)
_MANIFEST = each_field(
    {
        "display_information": each_field(
            {"name": string(35, 1), "description": string(140), "long_description": string(4000, 175)}, "name"
        ),
        "features": each_field(
            {"slash_commands": items(_COMMAND, 50, 0), "shortcuts": items(_SHORTCUT, 10, 0)}
        ),
        "settings": each_field({"event_subscriptions": each_field({"bot_events": items(anything, 100, 0)})}),
    },
    "display_information",
)
"""SLACK.md, "Manifest and scopes"."""


def check_manifest(manifest: dict[str, Any]) -> None:
    """Raise SlackError("invalid_manifest") with a pointer to each thing that Slack would not take."""
    found: list[str] = []
    _MANIFEST(manifest, "", found)
    if found:
        raise SlackError("invalid_manifest", tuple(found))


def read_manifest(path: Path = MANIFEST) -> App:
    """The app that this manifest describes.

    Raises OSError, yaml.YAMLError, or SlackError("invalid_manifest") with pointers.
    """
    return app_from(yaml.safe_load(path.read_text(encoding="utf-8")))


def app_from(manifest: dict[str, Any]) -> App:
    """The app of a manifest that is already parsed; raise SlackError("invalid_manifest") with pointers."""
    check_manifest(manifest)
    features = manifest.get("features", {})
    settings = manifest.get("settings", {})
    return App(
        name=manifest["display_information"]["name"],
        scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        commands=tuple(
            Command(
                command=each["command"],
                description=each["description"],
                usage_hint=each.get("usage_hint", ""),
            )
            for each in features.get("slash_commands", ())
        ),
        shortcuts=tuple(
            Shortcut(
                name=each["name"],
                type=each["type"],
                callback_id=each["callback_id"],
                description=each["description"],
            )
            for each in features.get("shortcuts", ())
        ),
        messages_tab=bool(features.get("app_home", {}).get("messages_tab_enabled")),
        home_tab=bool(features.get("app_home", {}).get("home_tab_enabled")),
        is_agent="agent_view" in features or "assistant_view" in features,
        is_assistant="assistant_view" in features,
        interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
    )
