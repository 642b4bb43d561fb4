"""Words of a message with their places, phrases found among them, and text made safe to show."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_WIDEST_GAP = 4
"""Characters between two words of one phrase: a space, a hyphen, a line break with a bullet."""

_QUOTED_FROM = re.compile(
    r"^(?:"
    r"-{2,}\s*(?:original message|forwarded message)\s*-*"
    r"|on .{6,120} wrote:"
    r"|from: .+\n(?:sent|date|to|subject): .+"
    r"|_{10,}"
    r"|>.*"
    r"|-- ?"
    r"|sent from my \w+.*"
    r")\s*$",
    re.IGNORECASE | re.MULTILINE,
)

_FAREWELL = re.compile(
    r"[ \t]*(?:(?:kind|best|warm|many)\s+)?"
    r"(?:regards|wishes|thanks|sincerely|cheers|yours \w+|greetings|thank you)[ ,.!]*",
    re.IGNORECASE,
)
_SIGNATURE_LINES, _SIGNATURE_WIDTH = 8, 60
"""Of what stands below a farewell: names and numbers, no request."""

_IS_HTML = re.compile(
    r"<(?:html|body|div|p|br|span|table|td|blockquote|font|b|ul|li)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_NOT_TEXT = re.compile(
    r"<(style|script|head|title)\b[^<>]*>.*?</\1\s*>|<!--.*?-->|&(?:nbsp|#160);", re.IGNORECASE | re.DOTALL
)
_QUOTED_HTML = re.compile(
    r"<(?:blockquote\b|div\b[^<>]*(?:gmail_quote|yahoo_quoted|divRplyFwdMsg|moz-cite-prefix|OutlookMessageHeader))"
    r".*\Z",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)

_ENDINGS = (
    "com|net|org|info|biz|io|co|uk|us|de|ru|cn|app|dev|xyz|top|site|online|shop|link|click|ly|me|tv|gg|ai"
)
_BARE_DOMAIN = rf"(?:[a-z0-9-]{{1,63}}\.){{1,8}}(?:{_ENDINGS})\b"
_NOT_INERT: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"<(?:https?:|mailto:|tel:)[^>|]*\|([^>]*)>"), r"\1"),
    (re.compile(r"<[!@#][^>]*>"), ""),
    (re.compile(r"!?\[([^\]]{0,200})\]\([^)]*\)"), r"\1"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]"),
    (
        re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\bmailto:|\bjavascript:)\S*", re.IGNORECASE),
        "[link]",
    ),
    (re.compile(rf"\b{_BARE_DOMAIN}(?:/\S*)?", re.IGNORECASE), "[link]"),
    (re.compile(r"<[!@#]|[@\uff20](?=\w)"), ""),
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its comparable form, and where it stands in the text."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A value found in a text, from ``start`` to ``end``."""

    value: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a text in order; hyphens and punctuation divide, apostrophes do not."""
    return [Word(_form(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


class Lexicon:
    """Phrases and the values they stand for, found in one pass over a text's words.

    Plurals and possessives are the same word; a `*` at the end of a phrase's word stands for any ending.
    """

    def __init__(self, entries: Mapping[str, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._by_prefix: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for value, phrases in entries.items():
            for phrase in phrases:
                forms = _phrase(phrase)
                index = self._by_prefix if forms[0].endswith("*") else self._by_first
                index.setdefault(forms[0].removesuffix("*"), []).append((forms, value))
        self._prefix_lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def find(self, among: Sequence[Word]) -> list[Hit]:
        """What the words say, in order; where phrases overlap the longest, else the first listed, counts."""
        hits = []
        at = 0
        while at < len(among):
            length, value = self._longest_at(among, at)
            if length:
                hits.append(Hit(value, among[at].start, among[at + length - 1].end))
            at += length or 1
        return hits

    def _longest_at(self, among: Sequence[Word], at: int) -> tuple[int, str]:
        form = among[at].form
        listed = list(self._by_first.get(form, ()))
        for length in self._prefix_lengths:
            if length <= len(form):
                listed += self._by_prefix.get(form[:length], ())
        best = (0, "")
        for forms, value in listed:
            if len(forms) > best[0] and _stands(forms, among, at):
                best = (len(forms), value)
        return best


def newest_part(message: str, *, signed: bool = False) -> str:
    """The message without its markup, mails quoted below and, unless ``signed``, its signature; never empty.

    Markup becomes blanks, so that what is left stands where it stood and can be quoted from the message.
    """
    text = _without_markup(message) if _IS_HTML.search(message) else message
    quoted = _QUOTED_FROM.search(text)
    newest = text[: quoted.start()] if quoted else text
    unsigned = newest if signed else _without_signature(newest)
    return next((part for part in (unsigned, newest) if part.strip()), message)


def one_line(text: str) -> str:
    """The text on one line: runs of white space are one space, control and invisible characters are gone."""
    visible = "".join(" " if mark.isspace() else mark for mark in text if mark.isspace() or _visible(mark))
    return " ".join(visible.split())


def inert(text: str) -> str:
    """One line of text without a live link, e-mail address or mention in it (still to be escaped)."""
    line = one_line(text)
    for pattern, instead in _NOT_INERT:
        line = pattern.sub(instead, line)
    return " ".join(line.split())


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut between words, with an ellipsis where it was cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:-") + "…"


def _without_signature(text: str) -> str:
    """The text up to a line that is nothing but a farewell with a few short lines below it."""
    lines = text.splitlines(keepends=True)
    for at in range(len(lines) - 1, max(-1, len(lines) - 2 - _SIGNATURE_LINES), -1):
        if len(lines[at]) > _SIGNATURE_WIDTH:
            break
        if at < len(lines) - 1 and _FAREWELL.fullmatch(lines[at].rstrip("\r\n")):
            return "".join(lines[:at])
    return text


def _without_markup(message: str) -> str:
    """An HTML mail's text, every character where it was."""
    text = _NOT_TEXT.sub(lambda found: " " * len(found[0]), message)
    above = _QUOTED_HTML.sub("", text)
    text = above if _TAG.sub("", above).strip() else text
    text = _BREAK.sub(lambda found: "\n".rjust(len(found[0])), text)
    return _TAG.sub(lambda found: " " * len(found[0]), text)


def _visible(mark: str) -> bool:
    # Cc control, Cf invisible direction and joining marks, Cs lone surrogates; the joiner inside emoji stays.
    return mark == "\u200d" or unicodedata.category(mark) not in {"Cc", "Cf", "Cs"}


def _phrase(phrase: str) -> tuple[str, ...]:
    forms = []
    for part in phrase.split():
        *before, last = (_form(match[0]) for match in _WORD.finditer(part))
        forms += [*before, f"{last}*" if part.endswith("*") else last]
    return tuple(forms)


def _form(word: str) -> str:
    form = word.casefold().replace("\u2019", "'").removesuffix("'s")
    plural = len(form) > 3 and form.endswith("s") and not form.endswith(("ss", "us", "is"))  # noqa: PLR2004  # as long as "cars"
    return form[:-1] if plural else form


def _stands(forms: tuple[str, ...], among: Sequence[Word], at: int) -> bool:
    if at + len(forms) > len(among):
        return False
    for step, form in enumerate(forms):
        word = among[at + step]
        if step and word.start - among[at + step - 1].end > _WIDEST_GAP:
            return False
        fits = word.form.startswith(form[:-1]) if form.endswith("*") else word.form == form
        if not fits:
            return False
    return True
