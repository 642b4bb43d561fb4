"""Which column of a file is which of our fields: told by the values first, then by the name; pure."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from core.intake import EMAIL_IN_TEXT, FIELD_OF, NO_VALUE
from core.lead import DeskStatus

NAMES: Mapping[str, frozenset[str]] = {
    "received_at": frozenset(
        {"date", "created", "created_at", "created_date", "create_date", "date_created", "created_on"}
        | {"received", "received_on", "timestamp", "submitted", "submitted_at", "submission_date"}
        | {"lead_date", "inquiry_date", "enquiry_date", "date_received", "date_added", "time", "datetime"}
    ),
    "outcome": frozenset(
        {"status", "outcome", "stage", "lead_status", "result", "deal_stage", "disposition", "desk_status"}
    ),
    "owner": frozenset(
        {"owner", "lead_owner", "assigned_to", "assignee", "rep", "sales_rep", "salesperson", "agent"}
    ),
    "message": frozenset({"original_message", "request", "note", "inquiry_text", "customer_message"}),
    "source": frozenset({"lead_source", "channel"}),
    "first_name": frozenset({"first", "forename", "given"}),
    "last_name": frozenset({"last", "family"}),
}
"""Names beside those that the doors read (core.intake.ALIASES)."""

_FIELD_OF = {**{alias: field for field, aliases in NAMES.items() for alias in aliases}, **FIELD_OF}

FIELDS = tuple(dict.fromkeys((*FIELD_OF.values(), "outcome", "owner")))
"""All that a column can be; what is none of them is kept as a custom field."""

OUTCOMES: Mapping[str, DeskStatus] = {
    **dict.fromkeys(("won", "closed won", "deal won", "sold", "converted", "closed - won"), DeskStatus.WON),
    **dict.fromkeys(("lost", "closed lost", "deal lost", "no sale", "closed - lost"), DeskStatus.LOST),
    **dict.fromkeys(("spam", "junk"), DeskStatus.SPAM),
    **dict.fromkeys(("rejected", "disqualified", "unqualified"), DeskStatus.REJECTED),
    **dict.fromkeys(("approved",), DeskStatus.APPROVED),
    **dict.fromkeys(("new", "open"), DeskStatus.NEW),
}
"""What is plainly one of our states; any other word is kept as a custom field."""

DATE_FORMS = (
    *(f"%Y-%m-%d{sep}{clock}" for sep in " T" for clock in ("%H:%M:%S", "%H:%M")),
    *(
        f"{day}{clock}"
        for day in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%b %d, %Y", "%d %b %Y")
        for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %I:%M %p")
    ),
    *("%m/%d/%y", "%d/%m/%y", "%m/%d/%y %H:%M", "%d/%m/%y %H:%M", "%d.%m.%y", "%B %d, %Y", "%d %B %Y"),
)
"""Beside ISO 8601 and seconds or milliseconds since 1970."""

EPOCH = "epoch"

_MOST, _NEARLY_ALL = 0.6, 0.9
_WORDS_OF_A_MESSAGE = 4
_DATES, _DATE_LETTERS = 40, 40
"""Values by which the form of dates is told, and the longest that may be one."""
_KINDS_OF_OUTCOME = 15
_MILLISECONDS = 1e11
"""A larger figure counts milliseconds: as seconds it would be the year 5138."""
_PHONE = re.compile(r"\+?[\d\s()./-]{7,24}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_ASKED = re.compile(
    r"^(?:and_)?(?:(?:what_is|whats|please_(?:enter|give|leave|type)|enter|tell_us|may_we_have)_)?(?:your_|the_)?"
    r"|_(?:optional|required)$"
)
"""What a form's question says around the name of its field."""
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_MONTH_FIRST = frozenset({"US", "PH", "FM"})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column and what it is taken for.

    Attributes:
        field: one of FIELDS; None: kept as a custom field.
        form: of received_at: a strptime format, EPOCH, or None for ISO 8601.
        samples: up to three of its values.
    """

    name: str
    field: str | None
    form: str | None = None
    samples: tuple[str, ...] = ()


def guess(
    rows: Sequence[Mapping[str, Any]],
    *,
    region: str,
    business_types: frozenset[str],
    said: Mapping[str, str | None] | None = None,
    among: Collection[str] = FIELDS,
) -> tuple[Column, ...]:
    """What each column is.

    Args:
        rows: the first ones; one form that somebody filled in is a row too.
        region: ISO 3166 country: 03/04/2024 is in March or in April.
        business_types: those this deployment knows.
        said: column -> field, or None for a custom field, where a person said so; goes before all else.
        among: the fields that are looked for.
    """
    said = said or {}
    values = {name: list(_texts(rows, name)) for name in dict.fromkeys(name for row in rows for name in row)}
    field_of = dict(said)
    taken = {field for field in said.values() if field}
    for field, worth in _worths(values, region, business_types):
        if field in taken or field not in among:
            continue
        # What a person did not name; of two that are equally good, the first.
        best = max((name for name in values if name not in field_of), key=worth, default=None)
        if best is not None and worth(best) > 0:
            field_of[best] = field
            taken.add(field)
    return tuple(
        Column(
            name=name,
            field=field_of.get(name),
            form=date_form(tuple(texts[:_DATES]), region) if field_of.get(name) == "received_at" else None,
            samples=tuple(dict.fromkeys(texts))[:3],
        )
        for name, texts in values.items()
    )


@lru_cache
def date_form(texts: tuple[str, ...], region: str) -> str | None:
    """The form in which most of these are dates; None: ISO 8601, or none at all."""
    first = sorted(DATE_FORMS, key=lambda form: form.startswith("%m") is not (region in _MONTH_FIRST))
    forms = (None, EPOCH, *first)
    return max(forms, key=lambda form: _share(texts, lambda text: parse_date(text, form) is not None))


def parse_date(text: str, form: str | None) -> datetime | None:
    """The time in UTC, unless it names another zone; None if it is none in that form."""
    plain = text.strip()
    try:
        if form is None:
            found = datetime.fromisoformat(plain)
        elif form == EPOCH:
            if not _EPOCH.fullmatch(plain):
                return None
            seconds = float(plain)
            found = datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
        else:
            found = datetime.strptime(plain, form)  # noqa: DTZ007 - the zone follows
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


Worth = Callable[[str], float]
Fits = Callable[[Sequence[str]], float]


def _worths(
    values: Mapping[str, Sequence[str]], region: str, business_types: frozenset[str]
) -> Iterable[tuple[str, Worth]]:
    """Each field and how well a column fits it (0: not at all), the plainest first."""

    def by(field: str, fits: Fits, *, alone: bool) -> tuple[str, Worth]:
        """The values have to fit; the name counts double, and has to be right unless they say enough."""

        def worth(name: str) -> float:
            named = _field_named(name) == field
            fit = fits(values[name]) if values[name] else float(named)
            return (fit + 2 * named) if fit and (named or alone) else 0.0

        return field, worth

    yield by("email", lambda texts: _most(texts, lambda t: bool(EMAIL_IN_TEXT.fullmatch(t))), alone=True)
    yield by("received_at", lambda texts: _date_share(texts, region), alone=True)
    yield by("phone", lambda texts: _most(texts, lambda t: _is_phone(t, region)), alone=True)
    yield by("outcome", _outcome_share, alone=True)
    yield by("business_type", lambda texts: _most(texts, lambda t: t in business_types), alone=False)
    for field in ("first_name", "last_name", "name", "company", "source", "source_url", "owner"):
        yield by(field, lambda _: 1.0, alone=False)
    yield "message", lambda name: 1e6 if _field_named(name) == "message" else _wordiness(values[name])


def _field_named(name: str) -> str | None:
    plain = re.sub(r"[\W_]+", "_", re.sub("['\u2019]", "", name.strip().casefold())).strip("_")
    plain = _ASKED.sub("", plain)
    return _FIELD_OF.get(plain) or _FIELD_OF.get(re.sub(r"[\W_]+", "_", name.rpartition(".")[2].casefold()))


def _texts(rows: Sequence[Mapping[str, Any]], name: str) -> Iterable[str]:
    for row in rows:
        value = row.get(name)
        text = "" if value is None or isinstance(value, dict | list) else str(value).strip()
        if text.casefold() not in NO_VALUE:
            yield text


def _share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts) if texts else 0.0


def _most(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    share = _share(texts, test)
    return share if share >= _MOST else 0.0


def _is_phone(text: str, region: str) -> bool:
    """A second column of dates is none of numbers."""
    digits = sum(char.isdigit() for char in text)
    if digits < 7 or not _PHONE.fullmatch(text):  # noqa: PLR2004 - as E.164
        return False
    return text.isdigit() or not _date_share([text], region)


def _date_share(texts: Sequence[str], region: str) -> float:
    few = tuple(texts[:_DATES])
    if not all(any(char.isdigit() for char in text) and len(text) <= _DATE_LETTERS for text in few):
        return 0.0
    form = date_form(few, region)
    share = _share(few, lambda text: parse_date(text, form) is not None)
    return share if share >= _NEARLY_ALL else 0.0


def _outcome_share(texts: Sequence[str]) -> float:
    kinds = Counter(text.casefold() for text in texts)
    return _most(texts, lambda text: text.casefold() in OUTCOMES) if len(kinds) <= _KINDS_OF_OUTCOME else 0.0


def _wordiness(texts: Sequence[str]) -> float:
    """Mean words of its values, where they are sentences."""
    words = sum(len(text.split()) for text in texts) / len(texts) if texts else 0.0
    return words if words >= _WORDS_OF_A_MESSAGE else 0.0
