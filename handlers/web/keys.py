"""Who calls the API: a key of the settings, which may do everything, or one of the store, by its scopes."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from core.actions import API
from core.api.keys import PREFIX, Caller, Scope
from core.store.api_keys import ApiKeys
from handlers.web.authorised import carries, given, refusal
from handlers.web.envelope import Rejected
from handlers.web.limits import Limits

EVERYTHING = Caller(actor=API, scopes=frozenset(Scope), bucket="key:settings")


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys there are.

    Attributes:
        plain: those of the settings.
    """

    plain: Sequence[str]
    kept: ApiKeys
    limits: Limits

    async def caller(self, request: web.Request, scope: Scope) -> Caller:
        """Who calls; Rejected with 401 without a key, 403 where it does not open this, 429 when too often."""
        caller = await self._caller(given(request))
        if caller is None:
            raise refusal()
        await self.limits.count(caller.bucket)
        if scope not in caller.scopes:
            raise Rejected(403, "SCOPE_MISSING", f"This key does not have the scope {scope.value}.")
        return caller

    async def _caller(self, found: Sequence[str]) -> Caller | None:
        if carries(found, self.plain):
            return EVERYTHING
        for each in found:
            if each.startswith(PREFIX) and (kept := await self.kept.find(each)) is not None:
                return kept.caller
        return None
