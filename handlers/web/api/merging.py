"""Two leads become one by the API, and two again, at once."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from uuid_utils.compat import uuid4

from core.actions import Action, ActionName
from core.api.keys import Scope
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.lead import Lead, public
from handlers.web.api.answers import PairOut
from handlers.web.api.operation import Call, Operation
from handlers.web.api.requests import MergeIn
from handlers.web.envelope import LEAD_ID, Rejected, answer
from handlers.web.event_key import event_key


@dataclass(frozen=True, kw_only=True)
class Merging:
    """The operations of two leads."""

    desk: Desk

    def operations(self) -> list[Operation]:
        """Both of them."""
        return [
            Operation(
                method="POST",
                path="/leads/{lead_id}/merge",
                name="mergeLead",
                summary="Let another lead stand for this one, or say what that would do",
                handle=self.merge,
                scope=Scope.WRITE,
                body=MergeIn,
                answers={200: PairOut},
                refuses=(409,),
            ),
            Operation(
                method="POST",
                path="/leads/{lead_id}/unmerge",
                name="unmergeLead",
                summary="Undo the merge in which this lead went, else the last one into it",
                handle=self.unmerge,
                scope=Scope.WRITE,
                answers={200: PairOut},
                refuses=(409,),
            ),
        ]

    async def merge(self, call: Call) -> web.StreamResponse:
        """The two leads as they are, or would be."""
        asked, actor = call.body(MergeIn), call.caller.actor
        into = asked.into.strip()
        gone = await self.desk.lead(call.name)
        try:
            kept = await self.desk.lead(into)
            if asked.preview:
                would_be = await self.desk.reader(actor).preview_merge(kept, gone)
                return answer(call.request, _pair(would_be.survivor, would_be.gone) | {"preview": True})
            leads = await self.desk.merge_now(_action(call, ActionName.MERGE, gone, kept))
        except NotFound as error:
            raise Rejected(404, "NOT_FOUND", str(error), field="into") from None
        except NotAllowed as error:
            raise Rejected(409, "NOT_MERGEABLE", str(error), field="into") from None
        return answer(call.request, _pair(*leads[:2]) | {"preview": False})

    async def unmerge(self, call: Call) -> web.StreamResponse:
        """The two leads."""
        lead = await self.desk.lead(call.name)
        try:
            leads = await self.desk.merge_now(_action(call, ActionName.UNMERGE, lead, None))
        except NotAllowed as error:
            raise Rejected(409, "NOT_MERGED", str(error), field=LEAD_ID) from None
        return answer(call.request, _pair(*leads[:2]))


def _action(call: Call, name: ActionName, lead: Lead, kept: Lead | None) -> Action:
    actor = call.caller.actor
    return Action(
        key=f"action:{lead.lead_id}:{name}:{actor}:{event_key(call.request) or uuid4()}",
        name=name,
        lead_id=lead.lead_id,
        actor=actor,
        target=kept and kept.lead_id,
    )


def _pair(kept: Lead, gone: Lead) -> dict[str, Any]:
    return {"kept": public(kept), "gone": public(gone)}
