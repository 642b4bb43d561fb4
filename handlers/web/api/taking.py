"""Leads by the API: one, a batch, and waiting for what is read in them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from core import intake
from core.actions import API
from core.api.keys import Scope
from core.api.records import Records
from core.errors import InvalidLead
from core.lead import Draft, Lead, public, utcnow
from core.store.submissions import Accepted, Submission
from handlers.web.api.answers import AcceptedOut, BatchOut
from handlers.web.api.operation import Call, Operation
from handlers.web.api.requests import BatchIn, IntakeIn, IntakeQuery, LeadIn
from handlers.web.bodies import content_type_of
from handlers.web.envelope import Rejected, answer
from handlers.web.event_key import event_key


@dataclass(frozen=True, kw_only=True)
class Taking:
    """The operations that make leads."""

    records: Records

    def operations(self) -> list[Operation]:
        """All of them."""
        made = {201: Lead, 202: AcceptedOut}
        return [
            Operation(
                method="POST",
                path="/intake",
                name="takeAnything",
                summary="Send a lead in the fields of any form",
                handle=self.anything,
                scope=Scope.INTAKE,
                query=IntakeQuery,
                body=IntakeIn,
                answers=made,
            ),
            Operation(
                method="POST",
                path="/leads",
                name="createLead",
                summary="Send a lead",
                handle=self.create,
                scope=Scope.INTAKE,
                query=IntakeQuery,
                body=LeadIn,
                answers=made,
            ),
            Operation(
                method="POST",
                path="/leads/batch",
                name="createLeads",
                summary="Send up to 50 leads",
                handle=self.batch,
                scope=Scope.INTAKE,
                body=BatchIn,
                answers={202: BatchOut},
            ),
        ]

    async def anything(self, call: Call) -> web.StreamResponse:
        """202 with the lead's final id, or 201 with the lead for who waits."""
        _may_wait(call)
        return await self._told(call, await self._take(call, call.fields, desk=None))

    async def create(self, call: Call) -> web.StreamResponse:
        """The same for a lead of the API's own shape."""
        _may_wait(call)
        desk = call.body(LeadIn).desk
        return await self._told(call, await self._take(call, call.fields, desk=self._desk(desk)))

    async def batch(self, call: Call) -> web.StreamResponse:
        """Each lead for itself; those that were kept before this broke off are kept."""
        sent = call.body(BatchIn).leads
        event_key(call.request)  # one that is none refuses them all
        results = await asyncio.gather(*(self._item(call, index, each) for index, each in enumerate(sent)))
        refused = sum(each["status"] == "refused" for each in results)
        data = {"accepted": len(results) - refused, "refused": refused, "results": results}
        return answer(call.request, data, status=202)

    async def _item(self, call: Call, index: int, sent: Any) -> dict[str, Any]:
        item: dict[str, Any] = {"index": index, "lead_id": None, "number": None, "error": None}
        try:
            desk = replace(call, fields=sent).body(LeadIn).desk
            taken = await self._take(call, sent, desk=self._desk(desk), index=index)
        except Rejected as error:
            said = {"code": error.code, "message": error.message, "field": error.field}
            return item | {"status": "refused", "error": said}
        except InvalidLead as error:
            said = {"code": error.code, "message": f"{error.field} {error.why}.", "field": error.field}
            return item | {"status": "refused", "error": said}
        status = "accepted" if taken.fresh else "repeated"
        return item | {"status": status, "lead_id": taken.lead_id, "number": taken.number}

    def _desk(self, channel: str | None) -> str | None:
        channels = self.records.desk.desks.channels
        if channel is not None and channel not in channels:
            raise InvalidLead("desk", f"is one of {', '.join(channels)}")
        return channel

    async def _take(
        self, call: Call, sent: Mapping[str, Any], *, desk: str | None, index: int | None = None
    ) -> Accepted:
        fields = {name: value for name, value in sent.items() if desk is None or name != "desk"}
        now, caller, key = utcnow(), call.caller, event_key(call.request)
        if key is not None:  # what one program calls its first delivery is not another's
            own = "" if caller.actor == API else f"{caller.actor}:"
            key = own + key + ("" if index is None else f":{index}")
        submission = Submission(
            source="api",
            event_key=key,
            fingerprint=intake.fingerprint({**fields, "desk": desk} if desk else fields),
            content_type=intake.storable(content_type_of(call.request))[:200],
            body=await call.request.read() if index is None else json.dumps(sent).encode(),
            received_at=now,
            fields=intake.storable_json(fields),
            desk=desk,
        )

        def read() -> Draft:
            return intake.read(
                fields,
                source="api",
                now=now,
                business_types=self.records.desk.business_types,
                ip_address=call.request.remote,
            )

        return await self.records.desk.submit(submission, read, actor=caller.actor, desk=desk)

    async def _told(self, call: Call, taken: Accepted) -> web.StreamResponse:
        if call.query.mode == "sync":
            lead = await self.records.enriched(taken.lead_id, patience=call.query.wait)
            if lead is not None:
                await self.records.desk.reader(call.caller.actor).saw([lead])
                return answer(call.request, public(lead), status=201)
        data = {"lead_id": taken.lead_id, "number": taken.number, "repeated": not taken.fresh}
        return answer(call.request, data, status=202)


def _may_wait(call: Call) -> None:
    """Rejected with 403 for a key that may only send: what is answered may be what others said before."""
    if call.query.mode == "sync" and Scope.READ not in call.caller.scopes:
        raise Rejected(403, "SCOPE_MISSING", "mode=sync needs the scope read too.", field="mode")
