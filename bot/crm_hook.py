"""Keeps Airtable's webhook alive where the bot can be reached: made, renewed, its secret kept."""

import structlog

from core.adapters.airtable import Airtable
from core.adapters.airtable_hook import Hook, keep_alive
from core.errors import Refused, Unavailable
from core.store import Store
from handlers.web import crm_changes

log = structlog.get_logger()

KEPT = "webhook"
"""The mark that holds it."""


class CrmHook:
    """The webhook of one base, at PUBLIC_URL."""

    def __init__(self, store: Store, airtable: Airtable, public_url: str) -> None:
        self._store = store
        self._airtable = airtable
        self._url = public_url.rstrip("/") + crm_changes.PATH

    async def renew(self) -> None:
        """Well before it ends; without it changes are still seen, by the clock."""
        try:
            live = await self._airtable.live()
            if live is None:
                return
            hook = await keep_alive(self._airtable.calls, live.table_id, self._url, await self._known())
        except (Unavailable, Refused) as error:
            log.warning("no_crm_webhook", why=error.why)
            return
        await self._store.crm.put_mark(KEPT, hook.model_dump_json())

    async def secret(self) -> str | None:
        """With which Airtable signs."""
        known = await self._known()
        return known.secret if known else None

    async def _known(self) -> Hook | None:
        mark = await self._store.crm.mark(KEPT)
        return Hook.model_validate_json(mark) if mark else None
