"""The leads: read whole, changed in one transaction each, with a version that grows at every change."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, Table, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import NotFound
from core.lead import (
    Analysis,
    DeskStatus,
    Event,
    Lead,
    Match,
    Part,
    Status,
)
from core.ports import Vector
from core.store.database import Database
from core.store.events import add_event, is_known
from core.store.lead_rows import change_lead, read_lead, read_leads, read_numbers, whole_leads
from core.store.submissions import lead_number
from core.store.tables import analyses, leads, matches, vectors, waiting

Decide = Callable[[Lead], Mapping[str, Any]]
"""A pure decision: the lead as it is now -> the columns that change (maybe none); may raise NotAllowed."""


class Leads:
    """The table of leads, with their analyses, matches and vectors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, lead_id: str) -> Lead:
        """The lead of that id; NotFound if there is none."""
        return await self._database.read(lambda connection: read_lead(connection, lead_id))

    async def standing_for(self, lead_id: str) -> Lead:
        """The lead that stands for this one: itself, or what it was merged into."""
        lead = await self.get(lead_id)
        while lead.merged_into is not None:
            lead = await self.get(lead.merged_into)
        return lead

    async def by_number(self, number: str) -> Lead:
        """The lead people call ``L-1042`` (also ``l-1042``, ``1042``); NotFound if there is none."""
        digits = number.strip().upper().removeprefix("L-").removeprefix("#")
        if digits.isascii() and digits.isdigit() and len(digits) < 10:  # noqa: PLR2004 - fits a 32-bit column
            found = await self._read(select(leads).where(leads.c.number == int(digits)))
            if found:
                return found[0]
        raise NotFound(f"There is no lead {number.strip()[:20]}.")

    async def get_many(self, lead_ids: Sequence[str]) -> list[Lead]:
        """Those that exist, in the order asked for."""
        return await self._database.read(lambda connection: read_leads(connection, lead_ids))

    async def numbers(self, lead_ids: Collection[str]) -> dict[str, str]:
        """How people call those leads that exist: id -> ``L-1042``."""
        if not lead_ids:
            return {}
        found = await self._database.read(lambda connection: read_numbers(connection, lead_ids))
        return {lead_id: lead_number(number) for lead_id, number in found.items()}

    async def newest(self, *, limit: int, embedded_by: str | None = None, merged: bool = False) -> list[Lead]:
        """Newest first.

        embedded_by: only those with a vector by that model.
        merged: also those for which another lead stands.
        """
        query = select(leads).order_by(leads.c.number.desc()).limit(limit)
        if not merged:
            query = query.where(leads.c.merged_into.is_(None))
        if embedded_by is not None:
            vector = select(vectors.c.lead_id).where(
                vectors.c.lead_id == leads.c.lead_id, vectors.c.model == embedded_by
            )
            query = query.where(vector.exists())
        return await self._read(query)

    async def every(self, *, batch: int = 500) -> AsyncIterator[list[Lead]]:
        """All leads, oldest first, in batches."""
        after = 0
        while True:
            query = select(leads).where(leads.c.number > after).order_by(leads.c.number).limit(batch)
            found = await self._read(query)
            if not found:
                return
            yield found
            after = int(found[-1].number.removeprefix("L-"))

    async def merged_into(self, lead_id: str) -> list[Lead]:
        """The leads for which this one stands, oldest first."""
        return await self._read(select(leads).where(leads.c.merged_into == lead_id).order_by(leads.c.number))

    async def standing(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Lead id -> score, highest first, with the lead that stands for it in a merged lead's place.

        Leads that were erased are left out.
        """
        query = select(leads.c.lead_id, leads.c.merged_into).where(leads.c.lead_id.in_(list(scores)))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        found: dict[str, float] = {}
        for row in rows:
            stands = row.merged_into or row.lead_id
            found[stands] = max(scores[row.lead_id], found.get(stands, -1.0))
        return dict(sorted(found.items(), key=lambda item: (item[1], item[0]), reverse=True))

    async def count(self, *, since: datetime | None = None) -> int:
        """How many leads there are, or came in since then."""
        query = select(func.count()).select_from(leads)
        if since is not None:
            query = query.where(leads.c.received_at >= since)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def act(
        self, event: Event, decide: Decide, follow: Callable[[Connection], None] | None = None
    ) -> None:
        """Let the decision see the lead as it is now and change it, in one transaction with its history line.

        An event that is known already changes nothing: the engine may run a step twice.
        follow: what is enqueued with a change.
        """
        await self._database.write(lambda connection: act_in(connection, event, decide, follow))

    async def note(self, event: Event) -> None:
        """Add a line to the history of a lead that stays as it is; one that is known is not added again."""

        def write(connection: Connection) -> None:
            read_lead(connection, event.lead_id, for_update=True)
            if not is_known(connection, event):
                add_event(connection, event)

        await self._database.write(write)

    async def due(self, now: datetime, *, limit: int) -> list[Lead]:
        """Snoozed leads whose time has come, longest due first; one without a time is due."""
        query = (
            select(leads)
            .where(leads.c.desk_status == DeskStatus.SNOOZED)
            .where(or_(leads.c.snoozed_until <= now, leads.c.snoozed_until.is_(None)))
            .order_by(leads.c.snoozed_until)
            .limit(limit)
        )
        return await self._read(query)

    async def vectors(self, model: str, lead_ids: Collection[str]) -> dict[str, Vector]:
        """The messages' embeddings by that model, of those leads that have one."""
        return await self._database.read(lambda connection: read_vectors(connection, model, lead_ids))

    async def keep_vectors(self, model: str, by_lead: Mapping[str, Vector]) -> None:
        """Keep embeddings, replacing those of the same model."""
        await self._database.write(lambda connection: self.add_vectors(connection, model, by_lead))

    async def understood(
        self,
        lead_id: str,
        *,
        vector: tuple[str, Vector] | None = None,
        found: Sequence[Match] | None = None,
        compared: bool = True,
        analysis: Analysis | None = None,
        final: bool = False,
    ) -> None:
        """Keep what was found out, in one transaction; None: nothing was.

        Args:
            lead_id: whose.
            vector: the embedding's model and the message's vector by it.
            found: the earlier leads that belong with this one; replaces those known.
            compared: whether all of them could be found, so that nothing waits any more.
            analysis: is kept beside other answers, and shown.
            final: the analysis waits for nothing better.
        """

        def write(connection: Connection) -> None:
            if vector is not None:
                self.add_vectors(connection, vector[0], {lead_id: vector[1]})
            if found is not None:
                _replace_matches(connection, lead_id, found)
                if compared:
                    _no_longer_waiting(connection, lead_id, Part.MATCHES)
            if analysis is not None:
                self._keep_analysis(connection, lead_id, analysis)
                if final:
                    _no_longer_waiting(connection, lead_id, Part.ANALYSIS)

        await self._database.write(write)

    async def weigh(self, lead_id: str, match: Match) -> None:
        """Keep what is thought of this match now; nothing if it is none any more."""
        evidence = [piece.model_dump() for piece in match.evidence]
        this = matches.c.lead_id == lead_id, matches.c.other_id == match.lead_id, matches.c.kind == match.kind
        query = update(matches).where(*this).values(score=match.score, evidence=evidence)
        await self._database.write(lambda connection: connection.execute(query))

    async def answer(self, lead_id: str, prompt_digest: str, model: str) -> Analysis | None:
        """What that model answered to that prompt for this lead, if it was ever asked."""
        query = select(analyses.c.analysis).where(
            analyses.c.lead_id == lead_id,
            analyses.c.prompt_digest == prompt_digest,
            analyses.c.model == model,
        )
        kept = await self._database.read(lambda connection: connection.execute(query).scalar())
        return None if kept is None else Analysis.model_validate(kept)

    async def unread(self, lead_id: str) -> None:
        """Forget what models answered for this lead: its message says something else now."""
        query = delete(analyses).where(analyses.c.lead_id == lead_id)
        await self._database.write(lambda connection: connection.execute(query))

    async def _read(self, query: Select[Any]) -> list[Lead]:
        return await self._database.read(lambda connection: whole_leads(connection, query))

    def add_vectors(self, connection: Connection, model: str, by_lead: Mapping[str, Vector]) -> None:
        """``keep_vectors`` inside the caller's transaction."""
        upsert = self._upsert(vectors)
        query = upsert.on_conflict_do_update(
            index_elements=["lead_id", "model"], set_={"vector": upsert.excluded.vector}
        )
        rows = [
            {"lead_id": lead_id, "model": model, "vector": vector.astype("<f4").tobytes()}
            for lead_id, vector in by_lead.items()
        ]
        connection.execute(query, rows)

    def _keep_analysis(self, connection: Connection, lead_id: str, analysis: Analysis) -> None:
        document = analysis.model_dump(mode="json")
        key = {"lead_id": lead_id, "prompt_digest": analysis.prompt_digest, "model": analysis.model_used}
        connection.execute(
            self._upsert(analyses)
            .values(**key, analysis=document)
            .on_conflict_do_update(index_elements=list(key), set_={"analysis": document})
        )
        shown = connection.execute(_SHOWN, {"lead_id": lead_id}).scalar()
        if shown and shown.get("corrected_by"):  # what a person said stays, whatever a model answers later
            return
        change_lead(connection, lead_id, {"analysis": document, "status": Status.ENRICHED})

    def _upsert(self, table: Table) -> Any:
        return sqlite.insert(table) if self._database.is_sqlite else postgresql.insert(table)


def act_in(
    connection: Connection, event: Event, decide: Decide, follow: Callable[[Connection], None] | None = None
) -> bool:
    """``Leads.act`` inside the caller's transaction; whether it changed something."""
    lead = read_lead(connection, event.lead_id, for_update=True)
    changes = {} if is_known(connection, event) else decide(lead)
    if changes:
        change_lead(connection, event.lead_id, changes)
        add_event(connection, event)
        if follow is not None:
            follow(connection)
    return bool(changes)


def _no_longer_waiting(connection: Connection, lead_id: str, part: Part) -> None:
    connection.execute(delete(waiting).where(waiting.c.lead_id == lead_id, waiting.c.part == part))


def _replace_matches(connection: Connection, lead_id: str, found: Sequence[Match]) -> None:
    connection.execute(delete(matches).where(matches.c.lead_id == lead_id))
    add_matches(connection, {lead_id: found})


def add_matches(connection: Connection, by_lead: Mapping[str, Sequence[Match]]) -> None:
    """Write the matches of leads that have none, inside the caller's transaction: lead id -> its matches."""
    rows = [
        {
            "lead_id": lead_id,
            "other_id": match.lead_id,
            "kind": match.kind,
            "score": match.score,
            "evidence": [evidence.model_dump() for evidence in match.evidence],
            "sure": match.sure,
        }
        for lead_id, found in by_lead.items()
        for match in found
    ]
    if rows:
        connection.execute(insert(matches), rows)


def read_vectors(connection: Connection, model: str, lead_ids: Collection[str]) -> dict[str, Vector]:
    """The messages' embeddings by that model, inside the caller's transaction."""
    rows = connection.execute(_VECTORS, {"model": model, "lead_ids": list(lead_ids)})
    return {lead_id: np.frombuffer(vector, dtype="<f4") for lead_id, vector in rows}


# Built once: making a statement costs SQLAlchemy more than running it on SQLite.
_VECTORS = select(vectors.c.lead_id, vectors.c.vector).where(
    vectors.c.model == bindparam("model"), vectors.c.lead_id.in_(bindparam("lead_ids", expanding=True))
)
_SHOWN = select(leads.c.analysis).where(leads.c.lead_id == bindparam("lead_id"))
