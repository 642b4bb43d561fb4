"""Reads manifest.yml: what the app may do, what it is told of, what people can start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

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
    is_agent: bool = False
    interactive: bool = True


def read_manifest(path: Path = MANIFEST) -> App:
    """The app that this manifest describes; raise OSError or yaml.YAMLError if it cannot be read."""
    return app_from(yaml.safe_load(path.read_text(encoding="utf-8")))


def app_from(manifest: dict[str, Any]) -> App:
    """The app of a manifest that is already parsed."""
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
        home_tab=bool(features.get("app_home", {}).get("home_tab_enabled")),
        is_agent="agent_view" in features or "assistant_view" in features,
        interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
    )
