"""Gravity Forms: the raw entry, keyed by the numbers of its form's fields; a person says which is which."""

import re
from typing import Any

from handlers.web.senders.sender import Delivery, Sender, key_of

NUMBERED = re.compile(r"\d+(\.\d+)?", re.ASCII)

OF_ENTRY = frozenset(
    {"id", "form_id", "post_id", "date_created", "date_updated", "is_starred", "is_read", "ip", "source_url"}
    | {"user_agent", "currency", "payment_status", "payment_date", "payment_amount", "payment_method"}
    | {"transaction_id", "transaction_type", "is_fulfilled", "created_by", "status", "source_id"}
)
"""What every entry has beside what was filled in."""


def _reads(payload: Any) -> list[Delivery]:
    entry = payload if isinstance(payload, dict) else {}
    filled = {key: value for key, value in entry.items() if key not in OF_ENTRY}
    # Of the time there is no zone; the moment it came is as near.
    fields = {**filled, "source_url": entry.get("source_url")}
    return [
        Delivery(
            key=key_of(entry.get("id")),
            fields=fields,
            form=key_of(entry.get("form_id")),
            nameless=any(NUMBERED.fullmatch(key) for key in filled),
        )
    ]


GRAVITY_FORMS = Sender(
    name="Gravity Forms",
    by_header=True,
    reads=_reads,
    content_types=frozenset({"application/json", "application/x-www-form-urlencoded"}),
)
