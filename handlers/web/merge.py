"""POST /api/v1/leads/{id}/merge and /unmerge: two leads become one, and two again, at once."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from uuid_utils.compat import uuid4

from core.actions import API, Action, ActionName
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.lead import Lead
from handlers.web.authorised import authorise
from handlers.web.bodies import decode
from handlers.web.envelope import Rejected, answer
from handlers.web.intake import event_key


def routes(desk: Desk, *, api_keys: Sequence[str]) -> Iterable[web.RouteDef]:
    """The routes, open to API keys."""

    async def merge(request: web.Request) -> web.Response:
        """{"into": "L-1042" or an id, "preview": false} -> the two leads as they are, or would be."""
        authorise(request, api_keys)
        fields = await decode(request, await request.read())
        into, only_preview = fields.get("into"), fields.get("preview", False)
        if not isinstance(into, str) or not into.strip():
            raise Rejected(422, "INVALID_FIELD", "Say into which lead: its number or id.", field="into")
        if not isinstance(only_preview, bool):
            raise Rejected(422, "INVALID_FIELD", "preview is true or false.", field="preview")
        gone = await desk.lead(request.match_info["id"])
        try:
            if only_preview:
                would_be = await desk.preview_merge(into.strip(), gone.lead_id, reader=API)
                return answer(request, _pair(would_be.survivor, would_be.gone) | {"preview": True})
            kept = await desk.lead(into.strip())
            leads = await desk.merge_now(_action(request, ActionName.MERGE, gone, kept))
        except NotFound as error:
            raise Rejected(404, "NOT_FOUND", str(error), field="into") from None
        except NotAllowed as error:
            raise Rejected(409, "NOT_MERGEABLE", str(error), field="into") from None
        return answer(request, _pair(*leads[:2]) | {"preview": False})

    async def unmerge(request: web.Request) -> web.Response:
        """Undo the merge in which this lead went, else the last one into it -> the two leads."""
        authorise(request, api_keys)
        lead = await desk.lead(request.match_info["id"])
        try:
            leads = await desk.merge_now(_action(request, ActionName.UNMERGE, lead, None))
        except NotAllowed as error:
            raise Rejected(409, "NOT_MERGED", str(error), field="id") from None
        return answer(request, _pair(*leads[:2]))

    return [
        web.post("/api/v1/leads/{id}/merge", merge),
        web.post("/api/v1/leads/{id}/unmerge", unmerge),
    ]


def _action(request: web.Request, name: ActionName, lead: Lead, kept: Lead | None) -> Action:
    return Action(
        key=f"action:{lead.lead_id}:{name}:{API}:{event_key(request) or uuid4()}",
        name=name,
        lead_id=lead.lead_id,
        actor=API,
        target=kept and kept.lead_id,
    )


def _pair(kept: Lead, gone: Lead) -> dict[str, Any]:
    """Both in JSON (DESIGN 10): all but what our own processing waits for."""
    return {
        side: lead.model_dump(mode="json", exclude={"missing"})
        for side, lead in (("kept", kept), ("gone", gone))
    }
