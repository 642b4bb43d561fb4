"""The way of a lead once it is safe, as one readable function; every step may run twice and does no harm."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from core import crm as crm_fields
from core import metrics
from core.actions import PAST, Action, decide
from core.analyze import Analyst
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.lead import Contact, Event, Lead, Match, MatchKind, Part, age_seconds, utcnow
from core.ports import Board, CrmTable, Vector
from core.search import Search
from core.store import Store

log = structlog.get_logger()

RETRY_REFUSED = timedelta(hours=1)
"""A firm no does not change by itself; once an hour somebody may have mended it."""

LOCAL_TURNS = 2
"""Leads compared and read by rules at once: CPU work, of which more at once only delays the doors."""

NOT_A_MEMBER = "Only members of the desk's channel can see and work its leads."

NOT_AN_OWNER = "The lead was not handed over: <@{target}> is no person of this desk."

MEMBERS_UNKNOWN = "Nobody can tell right now who belongs to this desk. Please click again in a moment."

T = TypeVar("T")


class Step(Protocol):
    """Runs one step: the engine's makes it durable, a test's just calls it."""

    async def __call__(self, name: str, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run function(*args), or give back what it returned when it ran before."""


class Members(Protocol):
    """Who belongs to a desk."""

    async def may_work(self, user: str, desk: str) -> bool:
        """Whether this user may act on the desk's leads; Unavailable when nobody can tell."""

    async def may_own(self, user: str, desk: str) -> bool:
        """Whether a lead can be handed to this user: a person who may act on it; else as above."""

    async def tell(self, action: Action, text: str) -> None:
        """Say something about the action to its actor only."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the steps work with, and the steps themselves."""

    store: Store
    search: Search
    analyst: Analyst
    crm: CrmTable
    crm_mapping: crm_fields.FieldMapping
    board: Board
    members: Members
    local_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOCAL_TURNS))

    async def show(self, lead_id: str) -> None:
        """Make the card say what the store says."""
        try:
            lead = await self.board.show(lead_id)
        except (Unavailable, Refused) as error:
            await self._wait(lead_id, Part.CARD, error)
            return
        if Part.CARD in lead.missing:
            await self.store.waiting.done(lead_id, Part.CARD)

    async def understand(self, lead_id: str) -> None:
        """Compare the lead with the earlier ones and read it: by rules at once, then by the model, if any."""
        async with self.local_turns:
            lead = await self.store.leads.get(lead_id)
            vector, found = await self._look(lead)
            by_rules = await self.analyst.by_rules(*_reading(lead), vector)
            await self.store.leads.understood(
                lead_id,
                vector=None if vector is None else (self.search.model, vector),
                found=found,
                analysis=by_rules,
                final=not self.analyst.has_model,
            )
        if self.analyst.has_model:
            await self._ask_model(lead, vector)

    async def compare(self, lead_id: str) -> None:
        """Find the earlier leads that belong with this one, which was not possible before."""
        lead = await self.store.leads.get(lead_id)
        vector, found = await self._look(lead)
        if vector is not None:
            await self.store.leads.understood(lead_id, vector=(self.search.model, vector), found=found)

    async def reread(self, lead_id: str) -> None:
        """Let the model read the message, which was not possible before."""
        await self._ask_model(await self.store.leads.get(lead_id), None)

    async def _look(self, lead: Lead) -> tuple[Vector | None, list[Match] | None]:
        """The message's vector and the leads near it, as far as they are to be had."""
        vector = None
        try:
            vector = await self.search.embed(lead)
            cosines = await self.search.near_lead(lead, vector)
        except (Unavailable, Refused) as error:
            await self._wait(lead.lead_id, Part.MATCHES, error)
            return vector, None
        numbers = await self.store.leads.numbers(cosines)
        return vector, [
            Match(lead_id=other, number=numbers[other], kind=MatchKind.SIMILAR, score=max(cosine, 0.0))
            for other, cosine in cosines.items()
            if other in numbers  # the index may know leads that were erased
        ]

    async def _ask_model(self, lead: Lead, vector: Vector | None) -> None:
        digest, model = self.analyst.digest(lead.business_type), self.analyst.model_name
        answer = await self.store.leads.answer(lead.lead_id, digest, model)
        try:
            if answer is None:
                if self.analyst.model_ready():
                    await self.show(lead.lead_id)  # a useful card while the model thinks
                answer = await self.analyst.by_model(*_reading(lead), vector)
        except (Unavailable, Refused) as error:
            await self._wait(lead.lead_id, Part.ANALYSIS, error)
        else:
            await self.store.leads.understood(lead.lead_id, analysis=answer, final=True)

    async def publish(self, lead_id: str) -> None:
        """Bring what is known now to the card, then to the CRM."""
        await self.show(lead_id)
        await self.sync(lead_id)

    async def sync(self, lead_id: str) -> None:
        """Bring the lead to the CRM; the card only speaks of it when that fails."""
        lead = await self.store.leads.get(lead_id)
        was_missing = Part.CRM in lead.missing
        try:
            fields = crm_fields.to_fields(lead, self.crm_mapping, await self.crm.table_options())
            record = await self.crm.upsert(fields.values)
        except (Unavailable, Refused) as error:
            await self._wait(lead_id, Part.CRM, error)
            is_missing = True
        else:
            await self.store.leads.keep_crm(lead_id, record)
            is_missing = False
            if fields.unmapped:
                log.warning("crm_left_out", lead_id=lead_id, why=fields.unmapped)
        if is_missing != was_missing:
            await self.show(lead_id)

    async def act(self, action: Action) -> str | None:
        """Do what a person asked for; what is returned is the refusal to tell that person."""
        try:
            if not await self.members.may_work(action.actor, action.desk):
                return NOT_A_MEMBER
            if action.target is not None and not await self.members.may_own(action.target, action.desk):
                return NOT_AN_OWNER.format(target=action.target)
        except (Unavailable, Refused) as error:
            log.warning("members_unknown", service=error.service, why=error.why)
            return MEMBERS_UNKNOWN
        line = Event(
            event_id=action.key,
            lead_id=action.lead_id,
            at=utcnow(),
            actor=action.actor,
            what=PAST[action.name],
            why=action.target,
            told=True,
        )
        try:
            await self.store.leads.act(line, lambda lead: decide(lead, action))
        except (NotAllowed, NotFound) as error:
            return str(error)
        return None

    async def _wait(self, lead_id: str, part: Part, error: Unavailable | Refused) -> None:
        retry_after = timedelta(seconds=(isinstance(error, Unavailable) and error.retry_after) or 0)
        pause = RETRY_REFUSED if isinstance(error, Refused) else retry_after
        metrics.failures.labels(error.service).inc()
        log.warning("part_waits", lead_id=lead_id, part=part.value, service=error.service, why=error.why)
        await self.store.waiting.put(lead_id, part, str(error), utcnow(), not_before=pause)


def _reading(lead: Lead) -> tuple[str, Contact, str, datetime]:
    return lead.message, lead.contact, lead.business_type, lead.received_at


async def lead_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """From stored to shown, understood, compared and synced."""
    await step("announce", parts.show, lead_id)
    await step("understand", parts.understand, lead_id)
    await step("publish", parts.publish, lead_id)
    log.info("lead_processed", lead_id=lead_id)
    metrics.leads_processed.inc()
    metrics.lead_processing_seconds.observe(age_seconds(lead_id))


async def action_pipeline(step: Step, parts: Parts, action: Mapping[str, Any]) -> None:
    """From a click to the changed lead, its card, its thread and its CRM record, or to a private refusal."""
    asked = Action.model_validate(action)
    refusal = await step("act", parts.act, asked)
    if refusal is not None:
        await step("tell", parts.members.tell, asked, refusal)
        return
    await step("publish", parts.publish, asked.lead_id)


async def redo_pipeline(step: Step, parts: Parts, lead_id: str, part: str) -> None:
    """Do a part again that was missing, and show what came of it."""
    if part != Part.CARD:
        redo = {Part.MATCHES: parts.compare, Part.ANALYSIS: parts.reread, Part.CRM: parts.sync}[Part(part)]
        await step(part, redo, lead_id)
    await step("publish", parts.publish if part == Part.ANALYSIS else parts.show, lead_id)
