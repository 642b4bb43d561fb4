"""A fact as the cell that a field of the table's type takes, and a cell as text; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from core.crm.facts import PERCENT
from core.crm.live import ANY, LINKS, SELECT, SELECTS, LiveField

TEXT_MAX = 100_000
"""Longest cell text, in UTF-16 units, which is how Airtable counts characters."""

_TRUE, _FALSE = frozenset({"true", "yes", "y", "1", "on"}), frozenset({"false", "no", "n", "0", "off"})
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,10})?")
_LINK = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")


class Unfit(Exception):
    """The field cannot take this fact; the text says why, without quoting it."""


def cell(fact: Any, path: str, live: LiveField, names: Callable[[Any], list[str]]) -> Any:
    """The fact as JSON for its cell; raises Unfit.

    Args:
        fact: not None; a list where the lead has several.
        path: whose fact it is.
        live: the field.
        names: a value -> words for it, best first: of selects the first that is an option is taken.
    """
    if live.kind == SELECT:
        return _option(fact[0] if isinstance(fact, list) else fact, live.choices, names)
    if live.kind == SELECTS:
        listed = fact if isinstance(fact, list) else [fact]
        return list(dict.fromkeys(_option(each, live.choices, names) for each in listed))
    if live.kind == LINKS:
        listed = fact if isinstance(fact, list) else [fact]
        return [live.linked[_option(each, tuple(live.linked), names)] for each in listed]
    if live.kind not in TYPES:
        raise Unfit(f"a field of the type {live.kind} cannot be written")
    return TYPES[live.kind](fact, path)


def plain(fact: Any) -> Any:
    """The fact as JSON, for a field of any type."""
    if isinstance(fact, datetime):
        return _iso(fact)
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, float):
        return round(fact, 4)
    return fact if isinstance(fact, int) else text(fact)


def text(fact: Any) -> str:
    """The fact, or a cell, in words."""
    if isinstance(fact, list):
        return ", ".join(map(text, fact))
    if isinstance(fact, Mapping):  # an attachment, a linked record, a person
        return str(fact.get("url") or fact.get("name") or fact.get("email") or "")
    return str(plain(fact)) if not isinstance(fact, str) else fact


def chosen(names: Iterable[str], choices: tuple[str, ...]) -> str | None:
    """The first name that is an option, in the option's own spelling."""
    spelled = {key(choice): choice for choice in reversed(choices) if key(choice)}
    return next(
        (n if n in choices else spelled[key(n)] for n in names if n in choices or key(n) in spelled), None
    )


def key(name: str) -> str:
    """The name without case, spaces and punctuation."""
    return "".join(char for char in name.casefold() if char.isalnum())


def cut(value: Any) -> Any:
    """The cell within the table's limit for text, an ellipsis at its end; never half a character."""
    if not isinstance(value, str) or 2 * len(value) <= TEXT_MAX:
        return value
    units = value.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * TEXT_MAX:
        return value
    return units[: 2 * (TEXT_MAX - 1)].decode("utf-16-le", "ignore") + "…"


def same(one: Any, other: Any) -> bool:
    """Whether two cells say the same: the table trims, rounds and drops what is empty."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) < 1e-6  # noqa: PLR2004 - below what any field keeps
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(text, one)) == sorted(map(text, other))
    return bool(_bare(one) == _bare(other))


def _bare(value: Any) -> Any:
    return (value.strip() if isinstance(value, str) else value) or (
        0 if value == 0 and value is not False else None
    )


def _option(value: Any, choices: tuple[str, ...], names: Callable[[Any], list[str]]) -> str:
    found = chosen(names(value), choices)
    if found is None:
        raise Unfit("no option")
    return found


def _number(fact: Any, _path: str) -> float:
    if isinstance(fact, str) and _NUMBER.fullmatch(fact.strip()):
        fact = float(fact)
    if isinstance(fact, bool) or not isinstance(fact, (int, float)):
        raise Unfit("it takes numbers")
    return round(fact, 4) if isinstance(fact, float) and not fact.is_integer() else int(fact)


def _percent(fact: Any, path: str) -> float:
    number = _number(fact, path)
    return number / 100 if path in PERCENT else number


def _moment(fact: Any) -> datetime:
    try:
        found = fact if isinstance(fact, datetime) else datetime.fromisoformat(str(fact).strip())
    except ValueError:
        raise Unfit("it takes dates") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(fact: Any, _path: str) -> str:
    day: date = _moment(fact).date()
    return day.isoformat()


def _check(fact: Any, _path: str) -> bool:
    said = str(fact).strip().casefold()
    if said not in _TRUE | _FALSE:
        raise Unfit("it takes yes or no")
    return said in _TRUE


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Any, str], str]:
    def written(fact: Any, _path: str) -> str:
        said = text(fact).strip()
        if not pattern.fullmatch(said):
            raise Unfit(f"it takes {what}")
        return said

    return written


def _attached(fact: Any, _path: str) -> list[dict[str, str]]:
    links = [text(each).strip() for each in (fact if isinstance(fact, list) else [fact])]
    if not all(_LINK.fullmatch(link) for link in links):
        raise Unfit("it takes the addresses of files, https://…")
    return [{"url": link} for link in links]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _words(fact: Any, _path: str) -> str:
    return text(fact)


TYPES: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    ANY: lambda fact, _path: plain(fact),
    "singleLineText": _words,
    "multilineText": _words,
    "richText": _words,
    "phoneNumber": _words,
    "email": _matching(_MAIL, "e-mail addresses"),
    "url": _matching(_LINK, "addresses, https://…"),
    "number": _number,
    "currency": _number,
    "duration": _number,
    "rating": _number,
    "percent": _percent,
    "dateTime": lambda fact, _path: _iso(_moment(fact)),
    "date": _day,
    "checkbox": _check,
    "multipleAttachments": _attached,
}
"""Type of field -> what makes its cell; selects and links are apart, since they have options."""
