"""Foreign text made inert for Slack, and the few bits of markup that are ours to make.

Slack has no escape for its formatting characters and decodes only three entities, so a lead's own words go
into plain_text objects, exactly as written; where mrkdwn is needed, ``escape`` swaps what could format, link
or ping for characters that look the same and do nothing. Text objects made here are verbatim: Slack adds no
links of its own.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Block = dict[str, Any]
"""A block or text object of Block Kit, as JSON."""

JOINER = "\N{WORD JOINER}"
"""Invisible, no space, no line break: put between two characters that Slack must not read together."""

ELLIPSIS = "…"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad"  # controls; tabs and line ends are spaces, below
    "\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U00013438"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Unicode's Cc and Cf (bidi overrides, zero widths, tags) but the two joiners that emoji and Persian need."""

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no UTF-8, so Slack would refuse the message
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANK = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u2800\u3164\uffa0]")
"""Spaces, and letters that have no ink: a message of these alone would be an empty block."""

_MARKS_MAX = 4  # on one letter; living scripts use up to three, floods of them paint over the neighbours

_SPECIAL = re.compile(r"<(?=[!@#]|[a-z][a-z0-9+.-]*:)", re.IGNORECASE)
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOKALIKE = {
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
}
_SWAPS = str.maketrans(_ENTITY | _LOOKALIKE)
_LOOSE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word Slack leaves it alone
_READ_TOGETHER = re.compile(r"(?<=[@#])(?=\S)|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d])|(?<=:)(?=[\w+'-]+:)")
"""Pings and channel names, web addresses with and without https, and :emoji:."""
_QUOTE_MARK = re.compile("^(?=&gt;)", re.MULTILINE)  # escaped or not, Slack reads a quotation

_MAIL = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24}", re.ASCII
)
_PHONE = re.compile(r"\+?[0-9(][0-9 ().-]*[0-9]", re.ASCII)
_PHONE_DIGITS = range(7, 16)  # E.164 allows 15; shorter than 7 is nobody's number
_USER = re.compile(r"[UW][A-Z0-9]+", re.ASCII)
_USER_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>", re.ASCII)
_NAME_MAX = 24
_CHANNEL = re.compile(r"[CG][A-Z0-9]+", re.ASCII)
_LINK = re.compile(r"<[^<>|!@#][^<>|]*\|([^<>]*)>")
_TOKEN = re.compile(r"<[^<>]*>")
_TOKEN_SIZE = 14  # "25 minutes ago", "@Dana Whitfield"
_MENTION = re.compile(r"(<(?:@[UW]|#[CG])[A-Z0-9]+>)", re.ASCII)


def plain(text: str, limit: int, *, lines: bool = False) -> Block:
    """A plain_text object of foreign text, at most ``limit`` characters, never empty; no :emoji: in it."""
    return {"type": "plain_text", "text": cut(inert(text, lines=lines), limit) or "-", "emoji": False}


def markup(text: str) -> Block:
    """A mrkdwn object of our own markup; whatever is foreign in it must have gone through ``escape``."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def inert(text: str, *, lines: bool = False) -> str:
    """Foreign text for a plain_text object: as written, but for invisible breaks in what Slack might link."""
    return _SPECIAL.sub("<" + JOINER, clean(text, lines=lines)).replace("://", f":{JOINER}//")


def escape(text: str, limit: int | None = None, *, lines: bool = False) -> str:
    """Foreign text for mrkdwn: formats, links, pings nothing; at most ``limit`` visible characters."""
    text = clean(text, lines=lines)
    return _escaped(text if limit is None else cut(text, limit))


def clean(text: str, *, lines: bool = False) -> str:
    """Text without what cannot be seen: controls, bidi overrides, zero widths, floods of accents.

    Blanks shrink to one space; with ``lines`` single and double line ends stay, otherwise it is one line.
    """
    text = _BLANK.sub(" ", _LINE_END.sub("\n", text))
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _INVISIBLE.sub("", text))
    if not text.isascii():
        text = _without_floods(text)
    if not lines:
        return " ".join(text.split())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in text.split("\n"))).strip()


def cut(text: str, limit: int) -> str:
    """Text of at most ``limit`` characters, an ellipsis for what is lost; emoji and accents stay whole."""
    if limit <= 0:
        return ""
    if len(text) <= limit:
        return text
    end = limit - len(ELLIPSIS)
    while end > 0 and _joined(text, end):
        end -= 1
    space = text.rfind(" ", max(0, end - 16), end + 1)
    return text[: space if space > 0 else end].rstrip() + ELLIPSIS


def mail_link(email: str, limit: int) -> str:
    """A mailto link if this is plainly an address, else the escaped text; ``limit`` visible characters."""
    if _MAIL.fullmatch(email) and len(email) <= 254:  # noqa: PLR2004 - RFC 5321's longest address
        return f"<mailto:{email}|{cut(email, limit)}>"
    return escape(email, limit)


def phone_link(phone: str, limit: int) -> str:
    """A tel link if this is plainly a number, else the escaped text; ``limit`` visible characters."""
    digits = re.sub(r"[^0-9]", "", phone)
    if _PHONE.fullmatch(phone) and len(digits) in _PHONE_DIGITS:
        return f"<tel:{'+' if phone.startswith('+') else ''}{digits}|{cut(phone, limit)}>"
    return escape(phone, limit)


def is_user(actor: str) -> bool:
    """Whether this is a Slack user's id, not the system's name or an API key's."""
    return _USER.fullmatch(actor) is not None


def mentioned(blocks: Iterable[Block]) -> frozenset[str]:
    """The users that these blocks mention, by id: whoever they are posted before is pinged."""
    texts = (str(text["text"]) for text in _texts(list(blocks)) if text["type"] == "mrkdwn")
    return frozenset(user for text in texts for user in _USER_MENTION.findall(text))


def pinging_nobody(blocks: list[Block], names: Mapping[str, str]) -> list[Block]:
    """The blocks with names in the place of mentions, as far as they are known by Slack user id."""

    def named(match: re.Match[str]) -> str:
        return escape(names[match[1]], _NAME_MAX) if match[1] in names else match[0]

    def quiet(value: Any) -> Any:
        if isinstance(value, list):
            return [quiet(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value.get("type") == "mrkdwn":
            return {**value, "text": _USER_MENTION.sub(named, value["text"])}
        return {name: quiet(each) for name, each in value.items()}

    return [quiet(block) for block in blocks]


def channel(named: str) -> str:
    """A channel that people can click, given its id; a #name as it is."""
    return f"<#{named}>" if _CHANNEL.fullmatch(named) else escape(named, 80)


def mention(user: str) -> str:
    """A mention of a Slack user by id; anything that is no user id comes out as escaped text."""
    return f"<@{user}>" if is_user(user) else escape(user, 40)


def sentence(text: str) -> str:
    """A sentence of ours for mrkdwn: mentions and channels by id in it stay, everything else is escaped."""
    return "".join(part if _MENTION.fullmatch(part) else _escaped(part) for part in _MENTION.split(text))


def visible_size(text: str) -> int:
    """About how many characters a person sees of mrkdwn; mentions and ages are guessed."""
    text = _TOKEN.sub("x" * _TOKEN_SIZE, _LINK.sub(r"\1", text))
    return len(html.unescape(text).replace(JOINER, ""))


def visible_size_of(blocks: Iterable[Block]) -> int:
    """The same of blocks, with labels and a line end for each text, without what a click would show."""
    return sum(map(_text_size, _texts(list(blocks))))


def _text_size(text: Block) -> int:
    said = str(text["text"])
    return 1 + (visible_size(said) if text["type"] == "mrkdwn" else len(said.replace(JOINER, "")))


def _texts(value: Any) -> Iterator[Block]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value
        for name, each in value.items():
            if name != "confirm":
                yield from _texts(each)


def ago(at: datetime) -> str:
    """How long since, kept current by the reader's Slack; older apps show the time in UTC."""
    return f"<!date^{int(at.timestamp())}^{{ago}}|{at.astimezone(UTC):%d %b %Y, %H:%M UTC}>"


def moment(at: datetime) -> str:
    """Day and time in the reader's zone; older apps show them in UTC."""
    shown = "{date_short_pretty} {time}"
    return f"<!date^{int(at.timestamp())}^{shown}|{at.astimezone(UTC):%d %b %Y, %H:%M UTC}>"


def _escaped(text: str) -> str:
    text = _LOOSE_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", text)
    return _QUOTE_MARK.sub(JOINER, _READ_TOGETHER.sub(JOINER, text).translate(_SWAPS))


def _joined(text: str, at: int) -> bool:
    """Whether a border at ``at`` would tear one written sign (after UAX 29)."""
    before, after = text[at - 1], text[at]
    if after in _TIES or unicodedata.category(after) in _MARKS or _is_skin(after):
        return True
    if before == _ZWJ or unicodedata.combining(before) == _VIRAMA:
        return True
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return False
    start = at
    while start > 0 and _is_flag_half(text[start - 1]):
        start -= 1
    return (at - start) % 2 == 1


_ZWJ = "\N{ZERO WIDTH JOINER}"
_TIES = frozenset({_ZWJ, "\N{ZERO WIDTH NON-JOINER}"})
_VIRAMA = 9  # the combining class of the signs that tie Indic consonants
_MARKS = frozenset({"Mn", "Mc", "Me"})


def _is_skin(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _without_floods(text: str) -> str:
    """Text with at most a few marks on each letter, and no joiner that joins nothing."""
    kept: list[str] = []
    marks = 0
    for char in text:
        if char in _TIES:
            if not kept or kept[-1].isspace() or kept[-1] in _TIES:
                continue
        elif unicodedata.category(char) in _MARKS:
            marks += 1
            if marks > _MARKS_MAX or not kept or kept[-1].isspace():
                continue
        else:
            marks = 0
        kept.append(char)
    return "".join(kept)
