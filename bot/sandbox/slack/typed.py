"""What Slack makes of text that a person types: escapes, mentions, links; all as the app will receive it."""

import re
from collections.abc import Mapping

from bot.sandbox.slack.values import Json

_URL = r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_MENTION = r"(?<![\w@])@[a-z][a-z0-9._-]*"
_CHANNEL = r"(?<![\w#&])#[a-z][a-z0-9_-]*"
_LINKABLE = re.compile(
    f"(?P<url>{_URL})|(?P<mail>{_MAIL})|(?P<at>{_MENTION})|(?P<hash>{_CHANNEL})", re.IGNORECASE
)


def escaped(text: str) -> str:
    """``& < >`` as Slack writes them in every text of a person."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """The inverse of escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def as_sent(text: str, users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """The text of a message event: escaped; addresses, links and known @names and #channels in ``<…>``.

    ``users`` and ``channels`` map names to ids. Source: "Formatting text for app surfaces", Slack's docs.
    """
    sent, at = [], 0
    for found in _LINKABLE.finditer(text):
        sent.append(escaped(text[at : found.start()]))
        sent.append(_link(found, users, channels))
        at = found.end()
    return "".join([*sent, escaped(text[at:])])


def as_rich_text(text: str, block_id: str) -> Json:
    """The rich_text block that comes beside a person's text; links are kept as text."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _link(found: re.Match[str], users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    word = found.group()
    if found["url"]:
        return f"<{escaped(word)}>"
    if found["mail"]:
        return f"<mailto:{word}|{word}>"
    name = word[1:].lower()
    if found["at"]:
        if name in users:
            return f"<@{users[name]}>"
        return f"<!{name}>" if name in {"here", "channel", "everyone"} else escaped(word)
    return f"<#{channels[name]}|{name}>" if name in channels else escaped(word)
