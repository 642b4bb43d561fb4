"""Wrong keys, secrets and signatures: who guesses has to wait, who was right before has not."""

from collections import OrderedDict

from aiohttp import web
from aiohttp.typedefs import Middleware

from handlers.web.envelope import Handler, Rejected
from handlers.web.limits import Limit, Limits, by_address

KNOWN_MAX = 10_000
"""Places and proofs that are remembered; the pair that was away longest is forgotten first."""


class Guesses:
    """Who proved who they are, and from where.

    While somebody guesses from an address, what is right there for the first time is answered as what is
    wrong, or the answer would tell which guess was right. What was right from there before is let in: senders
    that share an address, as all do behind a reverse proxy that nobody named, are not shut out by a stranger.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def wrong(self, request: web.Request) -> None:
        """Count it; Rejected with 429 when too many came from there."""
        await self._limits.count(Limit.GUESSES, by_address(request))

    async def right(self, request: web.Request, proof: str) -> None:
        """Remember it; Rejected with 429 when it may have been found by guessing.

        proof: which key or secret it was, by a name.
        """
        place = by_address(request)
        if (place, proof) not in self._known:
            await self._limits.check(Limit.GUESSES, place)
        self._known[place, proof] = None
        self._known.move_to_end((place, proof))
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def guessed(guesses: Guesses) -> Middleware:
    """Count every request that is answered with 401, whichever door it came to."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except (Rejected, web.HTTPException) as error:
            if error.status == web.HTTPUnauthorized.status_code:
                await guesses.wrong(request)
            raise
        if response.status == web.HTTPUnauthorized.status_code:
            await guesses.wrong(request)
        return response

    return middleware
