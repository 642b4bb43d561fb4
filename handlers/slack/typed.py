"""What a person typed, from the way Slack writes it."""

import html
import re

SPECIAL = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^|<>]+)(?:\|(?P<label>[^<>]*))?>")
"""Slack's way of writing mentions, channels and links; whatever a person types comes escaped."""


def as_typed(text: str, *, targets: bool = False) -> str:
    """What the person typed, from Slack's escaped text: ``<mailto:a@b.co|a@b.co>`` is ``a@b.co`` again.

    targets: people and channels stay as they are, ``<@U0ANA>``, ``<#C0WEST>``, and say who is meant.
    """

    def typed(special: re.Match[str]) -> str:
        kind, target = special["kind"], special["target"]
        return f"<{kind}{target}>" if targets and kind in {"@", "#"} else _typed(special)

    return html.unescape(SPECIAL.sub(typed, text))


def _typed(special: re.Match[str]) -> str:
    kind, target, label = special["kind"], special["target"], special["label"]
    if kind:  # a user, a channel or a group
        return {"@": "@", "#": "#", "!": "@"}[kind] + (label or target).lstrip("@")
    if target.startswith(("mailto:", "tel:")):
        return target.partition(":")[2]
    return f"{label} ({target})" if label and label not in target else target


def after_mention(text: str, bot_user: str) -> str | None:
    """What is asked of the bot in a message: the words after its mention; None when it is only spoken of.

    It is spoken to where the message begins with it, but for a greeting of a word or two.
    """
    found = re.match(rf"\s*(?:[^\s<]+,?\s+){{0,2}}<@{re.escape(bot_user)}(?:\|[^>]*)?>[,:]?\s*", text)
    return None if found is None else as_typed(text[found.end() :], targets=True).strip()
