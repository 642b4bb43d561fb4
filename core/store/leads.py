"""The leads: read whole, changed in one transaction each, with a version that grows at every change."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import NotFound
from core.lead import Analysis, Contact, Crm, DeskStatus, Event, Lead, Match, Part, Status, SyncStatus, utcnow
from core.ports import CrmRecord, Vector
from core.store.database import Database
from core.store.events import add_event
from core.store.submissions import lead_number
from core.store.tables import analyses, lead_events, leads, matches, vectors, waiting

Decide = Callable[[Lead], Mapping[str, Any]]
"""A pure decision: the lead as it is now -> the columns that change (maybe none); may raise NotAllowed."""


class Leads:
    """The table of leads, with their analyses, matches and vectors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, lead_id: str) -> Lead:
        """The lead of that id; NotFound if there is none."""
        found = await self.get_many([lead_id])
        if not found:
            raise NotFound(f"There is no lead {lead_id}.")
        return found[0]

    async def by_number(self, number: str) -> Lead:
        """The lead people call ``L-1042`` (also ``l-1042``, ``1042``); NotFound if there is none."""
        digits = number.strip().upper().removeprefix("L-").removeprefix("#")
        if digits.isascii() and digits.isdigit() and len(digits) < 10:  # noqa: PLR2004 - fits a 32-bit column
            async with self._database.read() as connection:
                found = await _whole(connection, select(leads).where(leads.c.number == int(digits)))
            if found:
                return found[0]
        raise NotFound(f"There is no lead {number.strip()[:20]}.")

    async def get_many(self, lead_ids: Sequence[str]) -> list[Lead]:
        """Those that exist, in the order asked for."""
        async with self._database.read() as connection:
            found = await _whole(connection, select(leads).where(leads.c.lead_id.in_(lead_ids)))
        by_id = {lead.lead_id: lead for lead in found}
        return [by_id[lead_id] for lead_id in lead_ids if lead_id in by_id]

    async def newest(
        self,
        *,
        limit: int,
        desk_status: Sequence[DeskStatus] = (),
        owner: str | None = None,
        before: int | None = None,
    ) -> list[Lead]:
        """Newest first; of those statuses (any if none is named), of that owner, below that number."""
        query = select(leads).order_by(leads.c.number.desc()).limit(limit)
        if desk_status:
            query = query.where(leads.c.desk_status.in_(desk_status))
        if owner is not None:
            query = query.where(leads.c.owner == owner)
        if before is not None:
            query = query.where(leads.c.number < before)
        async with self._database.read() as connection:
            return await _whole(connection, query)

    async def every(self, *, batch: int = 500) -> AsyncIterator[list[Lead]]:
        """All leads, oldest first, in batches."""
        after = 0
        while True:
            query = select(leads).where(leads.c.number > after).order_by(leads.c.number).limit(batch)
            async with self._database.read() as connection:
                found = await _whole(connection, query)
            if not found:
                return
            yield found
            after = int(found[-1].number.removeprefix("L-"))

    async def count(self) -> int:
        """How many leads there are."""
        async with self._database.read() as connection:
            return (await connection.execute(select(func.count()).select_from(leads))).scalar_one()

    async def act(self, event: Event, decide: Decide) -> None:
        """Let the decision see the lead as it is now and change it, in one transaction with its history line.

        An event that is known already changes nothing: the engine may run a step twice.
        """
        async with self._database.write() as connection:
            query = select(leads).where(leads.c.lead_id == event.lead_id).with_for_update()
            found = await _whole(connection, query)
            if not found:
                raise NotFound(f"There is no lead {event.lead_id}.")
            known = select(lead_events.c.seq).where(lead_events.c.event_id == event.event_id)
            if (await connection.execute(known)).first() is not None:
                return
            if changes := decide(found[0]):
                await _change(connection, event.lead_id, changes)
                await add_event(connection, event)

    async def vector(self, lead_id: str, model: str) -> Vector | None:
        """The message's embedding by that model, if it was kept."""
        query = select(vectors.c.vector).where(vectors.c.lead_id == lead_id, vectors.c.model == model)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else np.frombuffer(row.vector, dtype="<f4")

    async def keep_vectors(self, model: str, vectors_by_lead: Mapping[str, Vector]) -> None:
        """Keep embeddings, replacing those of the same model."""
        rows = [
            {"lead_id": lead_id, "model": model, "vector": vector.astype("<f4").tobytes()}
            for lead_id, vector in vectors_by_lead.items()
        ]
        async with self._database.write() as connection:
            upsert = self._upsert(vectors)
            await connection.execute(
                upsert.on_conflict_do_update(
                    index_elements=["lead_id", "model"], set_={"vector": upsert.excluded.vector}
                ),
                rows,
            )

    async def keep_matches(self, lead_id: str, found: Sequence[Match]) -> None:
        """Replace the lead's matches; its matches wait for nothing any more."""
        async with self._database.write() as connection:
            await connection.execute(delete(matches).where(matches.c.lead_id == lead_id))
            rows = [
                {
                    "lead_id": lead_id,
                    "other_id": match.lead_id,
                    "kind": match.kind,
                    "score": match.score,
                    "evidence": [evidence.model_dump() for evidence in match.evidence],
                }
                for match in found
            ]
            if rows:
                await connection.execute(insert(matches), rows)
            await _no_longer_waiting(connection, lead_id, Part.MATCHES)

    async def answer(self, lead_id: str, prompt_digest: str, model: str) -> Analysis | None:
        """What that model answered to that prompt for this lead, if it was ever asked."""
        query = select(analyses.c.analysis).where(
            analyses.c.lead_id == lead_id,
            analyses.c.prompt_digest == prompt_digest,
            analyses.c.model == model,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Analysis.model_validate(row.analysis)

    async def keep_analysis(self, lead_id: str, analysis: Analysis, *, final: bool) -> None:
        """Keep an answer and show it; final: the analysis waits for nothing better."""
        document = analysis.model_dump(mode="json")
        key = {"lead_id": lead_id, "prompt_digest": analysis.prompt_digest, "model": analysis.model_used}
        async with self._database.write() as connection:
            await connection.execute(
                self._upsert(analyses)
                .values(**key, analysis=document)
                .on_conflict_do_update(index_elements=list(key), set_={"analysis": document})
            )
            await _change(connection, lead_id, {"analysis": document, "status": Status.ENRICHED})
            if final:
                await _no_longer_waiting(connection, lead_id, Part.ANALYSIS)

    async def keep_crm(self, lead_id: str, record: CrmRecord) -> None:
        """The lead is in the CRM, there."""
        synced = {
            "crm_status": SyncStatus.SUCCESS,
            "crm_record_id": record.record_id,
            "crm_url": record.url,
            "status": Status.SYNCED,
        }
        async with self._database.write() as connection:
            await _change(connection, lead_id, synced)
            await _no_longer_waiting(connection, lead_id, Part.CRM)

    def _upsert(self, table: Any) -> Any:
        return sqlite.insert(table) if self._database.is_sqlite else postgresql.insert(table)


async def _change(connection: AsyncConnection, lead_id: str, changes: Mapping[str, Any]) -> None:
    values = dict(changes) | {"updated_at": utcnow(), "version": leads.c.version + 1}
    await connection.execute(update(leads).where(leads.c.lead_id == lead_id).values(**values))


async def _no_longer_waiting(connection: AsyncConnection, lead_id: str, part: Part) -> None:
    await connection.execute(delete(waiting).where(waiting.c.lead_id == lead_id, waiting.c.part == part))


async def _whole(connection: AsyncConnection, query: Select[Any]) -> list[Lead]:
    """The leads of the query, with their matches and what they wait for."""
    rows = (await connection.execute(query)).mappings().all()
    lead_ids = [row["lead_id"] for row in rows]
    if not lead_ids:
        return []
    found = (
        await connection.execute(
            select(matches, leads.c.number)
            .join(leads, leads.c.lead_id == matches.c.other_id)
            .where(matches.c.lead_id.in_(lead_ids))
            .order_by(matches.c.score.desc())
        )
    ).mappings()
    matches_of: dict[str, list[Match]] = {}
    for row in found:
        matches_of.setdefault(row["lead_id"], []).append(_match(row))
    missing_of: dict[str, dict[Part, str]] = {}
    for waits in await connection.execute(select(waiting).where(waiting.c.lead_id.in_(lead_ids))):
        missing_of.setdefault(waits.lead_id, {})[Part(waits.part)] = waits.why
    return [
        _lead(row, matches_of.get(row["lead_id"], []), missing_of.get(row["lead_id"], {})) for row in rows
    ]


def _match(row: RowMapping) -> Match:
    return Match(
        lead_id=row["other_id"],
        number=lead_number(row["number"]),
        kind=row["kind"],
        score=row["score"],
        evidence=row["evidence"],
    )


def _lead(row: RowMapping, found: Sequence[Match], missing: Mapping[Part, str]) -> Lead:
    return Lead(
        lead_id=row["lead_id"],
        number=lead_number(row["number"]),
        status=row["status"],
        desk_status=row["desk_status"],
        business_type=row["business_type"],
        desk=row["desk"],
        source=row["source"],
        source_url=row["source_url"],
        contact=Contact(**{name: row[name] for name in Contact.model_fields}),
        message=row["message"],
        custom_fields=row["custom_fields"],
        analysis=None if row["analysis"] is None else Analysis.model_validate(row["analysis"]),
        matches=tuple(found),
        owner=row["owner"],
        crm=Crm(status=row["crm_status"], record_id=row["crm_record_id"], url=row["crm_url"]),
        missing=missing,
        received_at=row["received_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
