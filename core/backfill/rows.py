"""One row of a file as an old lead, or the reason why it is none; pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import InvalidLead
from core.intake import CONTACT_MAX, CUSTOM_FIELDS_MAX, fingerprint, read, storable, storable_json
from core.intake.columns import OUTCOMES, Column, parse_date
from core.lead import DeskStatus, Draft

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{6,20}")


@dataclass(frozen=True, kw_only=True)
class Past:
    """An old lead.

    Attributes:
        key: tells its row from all others of all files: what it says, and the how manieth such row it is.
        line: where it stands in the file.
        owner: Slack user id, if the file has those; names of owners are custom fields.
        body: the row as JSON.
    """

    key: str
    line: int
    draft: Draft
    desk_status: DeskStatus
    owner: str | None
    body: bytes


def row_key(values: Mapping[str, Any], times: dict[int, int]) -> str:
    """The key of a row; ``times`` counts equal rows: each is a lead of its own, and is so once only."""
    print_ = fingerprint(values)
    short = int(print_[:16], 16)  # a whole text a row would be ten times the memory
    times[short] = times.get(short, 0) + 1
    return f"{print_}:{times[short]}"


def read_row(
    values: Mapping[str, Any],
    columns: Sequence[Column],
    *,
    key: str,
    line: int,
    source: str,
    now: datetime,
    business_types: frozenset[str],
    otherwise: DeskStatus = DeskStatus.ARCHIVED,
) -> Past:
    """The row as a lead; InvalidLead names the first field that is wrong.

    Args:
        values: column -> what it says.
        columns: what each column is.
        key: of ``row_key``.
        line: where it stands in the file.
        source: of leads whose row names none.
        now: aware; the time of receipt where the row has none.
        business_types: those this deployment knows.
        otherwise: the outcome of rows that do not plainly say one. Closed: open leads are for today's work.
    """
    known: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    form: str | None = None
    field_of = {column.name: column for column in columns}
    for name, value in values.items():
        column = field_of.get(name)
        if column is not None and column.field is not None:
            known[column.field] = value
            form = column.form if column.field == "received_at" else form
        elif value not in (None, "", [], {}):
            custom[storable(name)[:CONTACT_MAX]] = storable_json(value)
    desk_status = _outcome(known.pop("outcome", None), custom) or otherwise
    owner = _owner(known.pop("owner", None), custom)
    if str(known.get("received_at") or "").strip():
        known["received_at"] = _time(str(known["received_at"]), form)
    for field in ("phone", "message"):  # a table may hold them as figures
        if isinstance(known.get(field), int | float):
            known[field] = str(known[field])
    draft = read(known, source=source, now=now, business_types=business_types)
    custom = {**draft.custom_fields, **custom}
    if len(custom) > CUSTOM_FIELDS_MAX:
        raise InvalidLead("custom_fields", f"more than {CUSTOM_FIELDS_MAX} fields", code="TOO_MANY_FIELDS")
    return Past(
        key=key,
        line=line,
        draft=draft.model_copy(update={"custom_fields": custom}),
        desk_status=desk_status,
        owner=owner,
        body=json.dumps(values, ensure_ascii=True, default=str).encode(),
    )


def _outcome(value: Any, custom: dict[str, Any]) -> DeskStatus | None:
    text = str(value or "").strip()
    known = OUTCOMES.get(text.casefold())
    if known is None and text:
        custom["outcome"] = storable_json(text)
    return known


def _owner(value: Any, custom: dict[str, Any]) -> str | None:
    text = str(value or "").strip()
    if _SLACK_USER.fullmatch(text):
        return text
    if text:
        custom["owner"] = storable_json(text)
    return None


def _time(text: str, form: str | None) -> str:
    found = parse_date(text, form) or parse_date(text, None)
    if found is None:
        raise InvalidLead("received_at", "is not a time in the form of the rows before it")
    return found.isoformat()
