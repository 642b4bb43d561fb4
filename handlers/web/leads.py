"""Leads over HTTP, for programs with an API key: GET /api/v1/leads/{id}/similar."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web

from core.desk import Desk
from core.errors import InvalidSearch
from core.lead import Lead, utcnow
from handlers import search_options
from handlers.web.authorised import authorise
from handlers.web.envelope import answer

OPTIONS = ("business_type", "from_date", "limit", "outcome", "owner", "threshold", "to_date")


def routes(desk: Desk, *, api_keys: Sequence[str]) -> Iterable[web.RouteDef]:
    """The routes; keys open them all."""

    async def similar(request: web.Request) -> web.Response:
        authorise(request, api_keys)
        for name in request.query:
            if name not in OPTIONS:
                raise InvalidSearch(name[:100], f"is no parameter; there are {', '.join(OPTIONS)}")
        wanted = search_options.wanted(request.query, business_types=desk.business_types, now=utcnow())
        lead = await desk.lead(request.match_info["lead_id"])
        found = await desk.similar(lead, wanted, reader="api")
        pagination = {  # the nearest of all: there is no next page
            "has_more": False,
            "cursor": None,
            "limit": wanted.limit or desk.parts.search.limit,
            "total_estimate": len(found),
        }
        data = [public(other) | {"score": round(cosine, 4)} for other, cosine in found]
        return answer(request, data, pagination=pagination)

    return [web.get("/api/v1/leads/{lead_id}/similar", similar)]


def public(lead: Lead) -> dict[str, Any]:
    """The lead in JSON, the same everywhere (DESIGN 10): all of it but what our own processing waits for."""
    return lead.model_dump(mode="json", exclude={"missing"})
