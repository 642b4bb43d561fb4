"""Understanding a lead: recognised by those before it, read by rules, then by the model if there is one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from core import waits
from core.actions import question
from core.conversation import Kept
from core.conversation.changes import told
from core.dedupe import Decision
from core.errors import Refused, Unavailable
from core.lead import OPEN, Contact, Lead, MatchKind, Part
from core.model.opinion import with_opinion
from core.parts import Parts
from core.ports import Vector
from core.recognise import Recognised

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What is found out about a lead, at first and again."""

    parts: Parts

    async def take_in(self, lead_id: str) -> str | None:
        """What needs nobody outside this process: recognised, read by rules and kept."""
        async with self.parts.local_turns:
            lead = await self.parts.store.leads.get(lead_id)
            seen = await self._recognise(lead)
            first = await self._first_of(seen.decision)
            if first is not None and first.analysis is not None:  # the same request is not read twice
                await self.parts.recogniser.keep(lead, seen, analysis=first.analysis, final=True)
            else:
                by_rules = await self.parts.analyst.by_rules(*_reading(lead), seen.vector)
                final = first is not None or not self.parts.analyst.has_model
                await self.parts.recogniser.keep(lead, seen, analysis=by_rules, final=final)
            return None if first is None else first.lead_id

    async def compare(self, lead_id: str) -> None:
        """Find the earlier leads that belong with this one, which was not possible before.

        The lead has its card: a duplicate that shows only now is for a person to merge.
        """
        lead = await self.parts.store.leads.get(lead_id)
        seen = await self._recognise(lead)
        await self.parts.recogniser.keep(lead, replace(seen, decision=seen.decision.asked()))

    async def read_again(self, lead_id: str) -> None:
        """Recognise and read a lead whose message was edited; what it asks now is for a person to judge."""
        lead = await self.parts.store.leads.get(lead_id)
        seen = await self._recognise(lead)
        by_rules = await self.parts.analyst.by_rules(*_reading(lead), seen.vector)
        asked = replace(seen, decision=seen.decision.asked())
        await self.parts.recogniser.keep(
            lead, asked, analysis=by_rules, final=not self.parts.analyst.has_model
        )
        await self._retell(lead_id)
        if self.parts.analyst.has_model:
            await self._ask_model(lead, seen.vector)

    async def reread(self, lead_id: str) -> None:
        """Let the model read the message, which was not possible before."""
        await self._ask_model(await self.parts.store.leads.get(lead_id), None)

    async def second_opinion(self, lead_id: str) -> None:
        """Let the model compare the two messages of an open question; without it, it stays as it is."""
        lead = await self.parts.store.leads.get(lead_id)
        asked = question(lead)
        if asked is None or not self.parts.analyst.model_ready():
            return
        earlier = await self.parts.store.leads.get(asked.lead_id)
        try:
            same = await self.parts.analyst.same_request(lead.message, earlier.message)
        except (Unavailable, Refused) as error:
            log.info("no_second_opinion", lead_id=lead_id, why=error.why)
            return
        if same is not None:
            thought = with_opinion(asked, same=same, model=self.parts.analyst.model_name)
            await self.parts.store.leads.weigh(lead_id, thought)

    async def _recognise(self, lead: Lead) -> Recognised:
        seen = await self.parts.recogniser.recognise(lead)
        if seen.away is not None:
            await waits.put_off(self.parts.store, lead.lead_id, Part.MATCHES, seen.away)
        return seen

    async def _first_of(self, decision: Decision) -> Lead | None:
        """The open lead that this one only repeats; one that is closed does not swallow a new message."""
        for match in decision.matches:
            if match.kind == MatchKind.DUPLICATE:
                lead = await self.parts.store.leads.standing_for(match.lead_id)
                if lead.desk_status in OPEN:
                    return lead
        return None

    async def _ask_model(self, lead: Lead, vector: Vector | None) -> None:
        digest, model = self.parts.analyst.digest(lead.business_type), self.parts.analyst.model_name
        answer = await self.parts.store.leads.answer(lead.lead_id, digest, model)
        try:
            if answer is None:
                answer = await self.parts.analyst.by_model(*_reading(lead), vector)
        except (Unavailable, Refused) as error:
            await waits.put_off(self.parts.store, lead.lead_id, Part.ANALYSIS, error)
        else:
            await self.parts.store.leads.understood(lead.lead_id, analysis=answer, final=True)
            await self._retell(lead.lead_id)

    async def _retell(self, lead_id: str) -> None:
        """What the writer said in conversation stands in a new reading too."""

        def retell(lead: Lead, kept: tuple[Kept, ...]) -> dict[str, Any]:
            if lead.analysis is None or lead.analysis.corrected_by is not None:
                return {}
            business = self.parts.analyst.business(lead.business_type)
            analysis = told(lead.analysis, kept, lead.message, lead.contact, business)
            return {"analysis": analysis.model_dump(mode="json")} if analysis != lead.analysis else {}

        await self.parts.store.conversations.retell(lead_id, retell)


def _reading(lead: Lead) -> tuple[str, Contact, str, datetime]:
    return lead.message, lead.contact, lead.business_type, lead.received_at
