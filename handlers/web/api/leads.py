"""Leads by the API: listed, read, searched for, changed, erased, exported, counted."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import hdrs, web
from uuid_utils.compat import uuid4

from core import intake
from core.actions import API
from core.api.changes import Change, Outdated
from core.api.keys import Scope
from core.api.records import Records
from core.api.register import read_cursor
from core.crm.export import csv_safe
from core.errors import InvalidSearch, NotAllowed
from core.lead import Contact, Lead, public, utcnow
from core.similar.wanted import Wanted
from handlers import search_options
from handlers.web.api.answers import ErasedOut, FoundOut, SimilarOut, StatsOut
from handlers.web.api.operation import Call, Operation, as_json
from handlers.web.api.requests import ChangeIn, CheckIn, ExportQuery, FilterQuery, ListQuery, SimilarQuery
from handlers.web.envelope import LEAD_ID, Rejected, answer
from handlers.web.event_key import event_key

STATS_DAYS = timedelta(days=30)

LIMITS = {"business_type", "limit", "threshold"}
"""Of a check: which leads are told, not what is asked about."""

COLUMNS = (
    *("lead_id", "number", "status", "desk_status", "business_type", "desk", "source", "source_url"),
    *Contact.model_fields,
    *("message", "intent", "urgency", "urgency_score", "quality_score", "summary", "owner"),
    *("crm_status", "crm_record_id", "received_at", "created_at", "updated_at", "version"),
)
"""Of an export as CSV."""


@dataclass(frozen=True, kw_only=True)
class Leads:
    """The operations on leads that are there."""

    records: Records

    def operations(self) -> list[Operation]:
        """All of them."""
        return [
            Operation(
                method="GET",
                path="/leads",
                name="listLeads",
                summary="List leads",
                handle=self.list,
                scope=Scope.READ,
                query=ListQuery,
                answers={200: list[Lead]},
                paged=True,
            ),
            Operation(
                method="POST",
                path="/leads/check-similar",
                name="checkSimilar",
                summary="Ask what a lead would be if it was sent: the same again, a known person's, or alike",
                handle=self.check_similar,
                scope=Scope.READ,
                body=CheckIn,
                answers={200: list[FoundOut]},
                paged=True,
            ),
            Operation(
                method="GET",
                path="/leads/export",
                name="exportLeads",
                summary="All leads of a list, as CSV or a JSON array, as they are read",
                handle=self.export,
                scope=Scope.READ,
                query=ExportQuery,
                answers={200: None},
            ),
            Operation(
                method="GET",
                path="/stats",
                name="stats",
                summary="How many leads there are, by what they are",
                handle=self.stats,
                scope=Scope.READ,
                query=FilterQuery,
                answers={200: StatsOut},
            ),
            Operation(
                method="GET",
                path="/leads/{lead_id}",
                name="readLead",
                summary="Read a lead, by id or number",
                handle=self.read,
                scope=Scope.READ,
                answers={200: Lead},
            ),
            Operation(
                method="PUT",
                path="/leads/{lead_id}",
                name="changeLead",
                summary="Change what is named of a lead",
                handle=self.change,
                scope=Scope.WRITE,
                body=ChangeIn,
                answers={200: Lead},
                headers=("If-Match", "Idempotency-Key"),
                refuses=(409, 412),
            ),
            Operation(
                method="DELETE",
                path="/leads/{lead_id}",
                name="eraseLead",
                summary="Erase a lead and what was merged into it, for good and everywhere",
                handle=self.erase,
                scope=Scope.WRITE,
                answers={200: ErasedOut},
                refuses=(409,),
            ),
            Operation(
                method="GET",
                path="/leads/{lead_id}/similar",
                name="similarLeads",
                summary="Find leads like this one",
                handle=self.similar,
                scope=Scope.READ,
                query=SimilarQuery,
                answers={200: list[SimilarOut]},
                paged=True,
            ),
        ]

    async def list(self, call: Call) -> web.StreamResponse:
        """A page, and the cursor of the next."""
        query: ListQuery = call.query
        listing = query.listing(utcnow().replace(hour=0, minute=0, second=0, microsecond=0))
        after = None if query.cursor is None else read_cursor(query.cursor, listing)
        page = await self.records.page(listing, after=after, limit=query.limit, caller=call.caller)
        pagination = {
            "has_more": page.cursor is not None,
            "cursor": page.cursor,
            "limit": query.limit,
            "total_estimate": page.total,
        }
        return answer(call.request, [public(lead) for lead in page.leads], pagination=pagination)

    async def read(self, call: Call) -> web.StreamResponse:
        """The lead, and its version as ETag."""
        return _one(call, await self.records.read(call.name, call.caller))

    async def similar(self, call: Call) -> web.StreamResponse:
        """The nearest first."""
        said = {name: value for name, value in call.query.model_dump().items() if value is not None}
        desk = self.records.desk
        wanted = search_options.wanted(said, business_types=desk.business_types, now=utcnow())
        found = await desk.reader(call.caller.actor).similar(await desk.lead(call.name), wanted)
        return self._nearest(call, wanted, [public(lead) | _alike(cosine) for lead, cosine in found])

    async def check_similar(self, call: Call) -> web.StreamResponse:
        """What a lead with this body would be to those there are; nothing of it is kept."""
        asked, desk = call.body(CheckIn), self.records.desk
        if asked.business_type not in {None, *desk.business_types}:
            raise InvalidSearch("business_type", f"is one of {', '.join(sorted(desk.business_types))}")
        wanted = Wanted(**asked.model_dump(include=LIMITS))
        sent = {name: value for name, value in call.fields.items() if name not in LIMITS}
        draft = intake.read(sent, source=API, now=utcnow(), business_types=desk.business_types)
        found = await self.records.check(draft, wanted, call.caller)
        told = {"kind", "score", "sure", "evidence"}
        data = [public(lead) | match.model_dump(mode="json", include=told) for lead, match in found]
        return self._nearest(call, wanted, data)

    def _nearest(self, call: Call, wanted: Wanted, data: Sequence[Mapping[str, Any]]) -> web.StreamResponse:
        """Those that are first of all: there is no next page."""
        pagination = {
            "has_more": False,
            "cursor": None,
            "limit": wanted.limit or self.records.desk.parts.search.limit,
            "total_estimate": len(data),
        }
        return answer(call.request, data, pagination=pagination)

    async def change(self, call: Call) -> web.StreamResponse:
        """The lead as it is then; 412 or 409 when somebody was faster."""
        asked, seen = call.body(ChangeIn), _if_match(call.request)
        change = Change(
            version=asked.version if seen is None else seen,
            message=asked.message,
            typed=asked.typed,
            custom_fields=asked.custom_fields or {},
            owner=asked.owner,
            says_owner="owner" in asked.model_fields_set,
            desk_status=asked.desk_status,
        )
        key = event_key(call.request) or str(uuid4())
        try:
            lead = await self.records.change(call.name, change, key=key, caller=call.caller)
        except Outdated as error:
            if seen is None:
                raise
            raise Rejected(412, "PRECONDITION_FAILED", str(error), field="If-Match") from None
        except NotAllowed as error:
            raise Rejected(409, "NOT_POSSIBLE", str(error), field=error.field or LEAD_ID) from None
        return _one(call, lead)

    async def erase(self, call: Call) -> web.StreamResponse:
        """Gone for good, here at once."""
        try:
            lead = await self.records.erase(call.name, key=str(uuid4()), caller=call.caller)
        except NotAllowed as error:
            raise Rejected(409, "NOT_POSSIBLE", str(error), field=LEAD_ID) from None
        data = {"lead_id": lead.lead_id, "number": lead.number, "erased": True}
        return answer(call.request, data)

    async def stats(self, call: Call) -> web.StreamResponse:
        """Figures, and how soon somebody acted lately."""
        figures = await self.records.figures(call.query.filters(utcnow()))
        timed = await self.records.desk.reader(call.caller.actor).responses(utcnow() - STATS_DAYS)
        responses = {
            **timed.model_dump(include={"met", "missed", "overdue", "running"}),
            "median_seconds": timed.median and timed.median.total_seconds(),
            "p90_seconds": timed.p90 and timed.p90.total_seconds(),
        }
        return answer(call.request, figures.model_dump() | {"responses": responses})

    async def export(self, call: Call) -> web.StreamResponse:
        """A stream: however many there are, few are in memory."""
        as_csv = call.query.format == "csv"
        listing = call.query.listing(utcnow())
        response = web.StreamResponse()
        response.content_type = "text/csv" if as_csv else "application/json"
        response.charset = "utf-8"
        response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="leads.{call.query.format}"'
        await response.prepare(call.request)
        await response.write((_rows([COLUMNS]) if as_csv else "[").encode())
        before = ""
        async for batch in self.records.export(listing, call.caller):
            if as_csv:
                text = _rows([_cells(lead) for lead in batch])
            else:
                text = before + ",\n".join(as_json(public(lead)) for lead in batch)
                before = ",\n"
            await response.write(text.encode())
        if not as_csv:
            await response.write(b"]")
        await response.write_eof()
        return response


def _alike(cosine: float) -> dict[str, float]:
    return {"score": round(cosine, 4)}


def _one(call: Call, lead: Lead) -> web.Response:
    response = answer(call.request, public(lead))
    response.headers[hdrs.ETAG] = f'"{lead.version}"'
    return response


def _if_match(request: web.Request) -> int | None:
    """The version that If-Match names; None without it or for any; 412 for what no lead's can be."""
    said = request.headers.get(hdrs.IF_MATCH)
    if said is None or said.strip() == "*":
        return None
    digits = said.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004 - fits 32 bits
        raise Rejected(412, "PRECONDITION_FAILED", "That is no version of this lead.", field="If-Match")
    return int(digits)


def _rows(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(lead: Lead) -> list[str]:
    """The lead's row, each cell safe to open in a spreadsheet."""
    document = public(lead)
    flat: Mapping[str, Any] = {
        **(document["analysis"] or {}),
        **{name: document["contact"][name] for name in Contact.model_fields},
        "crm_status": document["crm"]["status"],
        "crm_record_id": document["crm"]["record_id"],
        **document,
    }
    return [csv_safe(flat.get(name)) for name in COLUMNS]
