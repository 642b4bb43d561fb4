"""manifest.yml asks for what the code uses: nothing missing, nothing idle."""

import re
from pathlib import Path

import yaml

from core.actions import ActionName

ROOT = Path(__file__).parents[1]

SCOPES = {
    "auth.test": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "conversations.replies": "channels:history",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": None,
}
"""Web API method -> the bot scope it needs (Slack's method pages)."""

PRIVATE_TOO = {"channels:read": "groups:read", "channels:history": "groups:history"}
"""The same for private channels: a desk's channel often is one."""

BY_SURFACE = {"commands"}
"""Asked for by features, not by methods: the slash command."""


def manifest() -> dict[str, dict[str, dict[str, list[str]]]]:
    loaded = yaml.safe_load((ROOT / "manifest.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def sources() -> str:
    files = [*ROOT.glob("handlers/**/*.py"), *ROOT.glob("bot/*.py"), *ROOT.glob("bot/commands/*.py")]
    return "\n".join(file.read_text() for file in files)


def called_methods() -> set[str]:
    return set(re.findall(r'"((?:auth|chat|conversations|usergroups|users|views)\.[\w.]+)"', sources()))


def test_every_method_that_is_called_has_its_scope_and_no_scope_is_idle() -> None:
    methods = called_methods()
    assert methods == set(SCOPES)
    needed = {scope for method in methods if (scope := SCOPES[method])} | BY_SURFACE
    needed |= {PRIVATE_TOO[scope] for scope in needed if scope in PRIVATE_TOO}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_every_event_that_is_listened_to_is_subscribed_and_no_other() -> None:
    listened = set(re.findall(r'@app\.event\("(\w+)"', sources()))
    subscribed = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert listened == {event.partition(".")[0] for event in subscribed}


def test_every_command_that_is_listened_to_is_in_the_manifest_and_no_other() -> None:
    listened = set(re.findall(r'@app\.command\("(/\w+)"\)', sources()))
    commands = manifest()["features"]["slash_commands"]
    assert listened == {str(command["command"]) for command in commands}  # type: ignore[index]  # YAML has no types


def test_buttons_and_modals_need_interactivity_and_have_it() -> None:
    assert list(ActionName)
    assert manifest()["settings"]["interactivity"]["is_enabled"]
