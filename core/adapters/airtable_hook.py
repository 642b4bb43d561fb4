"""Airtable's webhook that rings when people change records; it lives seven days, unless it is renewed."""

from typing import TYPE_CHECKING, Any

from core.adapters.airtable_calls import Calls
from core.errors import Refused
from core.lead import Value

if TYPE_CHECKING:
    from pyairtable import Table

PEOPLE = ("client", "formSubmission", "formPageSubmission", "automation", "sync", "anonymousUser")
"""Whose changes ring: not those through the API, which are mostly our own."""


class Hook(Value):
    """A webhook of ours, as it is kept.

    Attributes:
        url: where it rings.
        secret: base64, with which what it sends is signed.
    """

    id: str
    url: str
    secret: str


async def keep_alive(calls: Calls, table_id: str, url: str, known: Hook | None) -> Hook:
    """Renew the known hook, or make one that rings at this URL. Raises Unavailable, Refused."""
    if known is not None and known.url == url:
        try:
            await calls.ask(lambda table: table.api.post(_hooks(table) + f"/{known.id}/refresh"))
        except Refused:  # it ended, or somebody deleted it
            pass
        else:
            return known
    filters = {"dataTypes": ["tableData"], "recordChangeScope": table_id, "fromSources": list(PEOPLE)}
    asked = {"notificationUrl": url, "specification": {"options": {"filters": filters}}}
    made: dict[str, Any] = await calls.ask(lambda table: table.api.post(_hooks(table), json=asked))
    return Hook(id=made["id"], url=url, secret=made["macSecretBase64"])


def _hooks(table: "Table") -> str:
    return str(table.base.urls.webhooks)
