"""Who holds a key: one of the settings, which may do everything, or one of the store, by its scopes."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from core.actions import API
from core.api.keys import PREFIX, Caller, Scope
from core.store.api_keys import ApiKeys
from handlers.web.authorised import carries, given, refusal
from handlers.web.envelope import Rejected
from handlers.web.guesses import Guesses
from handlers.web.limits import Limit, Limits

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
    guesses: Guesses

    async def caller(self, request: web.Request, scope: Scope) -> Caller:
        """Who calls; Rejected with 401 without a key, 403 where it does not open this, 429 when too often."""
        caller = await self.holder(request, scope)
        if caller is None:
            raise refusal()
        return caller

    async def holder(self, request: web.Request, scope: Scope) -> Caller | None:
        """The same, and None without a key: where there is another proof."""
        caller = await self._holder(given(request))
        if caller is None:
            return None
        await self.guesses.right(request, caller.bucket)
        await self.limits.count(Limit.CALLS, caller.bucket)
        if scope not in caller.scopes:
            raise Rejected(403, "SCOPE_MISSING", f"This key does not have the scope {scope.value}.")
        return caller

    async def _holder(self, found: Sequence[str]) -> Caller | None:
        if carries(found, self.plain):
            return EVERYTHING
        for each in found:
            if each.startswith(PREFIX) and (kept := await self.kept.find(each)) is not None:
                return kept.caller
        return None
