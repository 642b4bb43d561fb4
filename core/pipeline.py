"""The way of a lead once it is safe, as one readable function; every step may run twice and does no harm."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from core import metrics
from core.actions import Action, question
from core.analyze import Analyst
from core.conversation import Kept
from core.conversation.changes import told
from core.conversation.places import Voice
from core.crm.sync import CrmSync, Outcome
from core.dedupe import Decision
from core.desks import Desks
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.hooks.calls import HookEvent
from core.hooks.telling import Telling
from core.lead import (
    OPEN,
    SYSTEM,
    Contact,
    Event,
    Lead,
    MatchKind,
    Part,
    Status,
    SyncStatus,
    age_seconds,
    utcnow,
)
from core.model.opinion import with_opinion
from core.noise.notices import Notice, Notices, Reason
from core.ports import Board, FormVendor, Journal, ShapeBoard, Vector
from core.recognise import Recognised, Recogniser
from core.rights import Role
from core.routing.assigning import Router, assignment_key
from core.similar.search import Search
from core.sla.timing import Timing
from core.store import Store

log = structlog.get_logger()

RETRY_REFUSED = timedelta(hours=1)
"""A firm no does not change by itself; once an hour somebody may have mended it."""

GIVE_UP = timedelta(days=1)
"""After so long the CRM is not tried any more by itself: the card says why, and has a button."""

DRIFT = "The CRM's table was changed, and leads go on without this: {}."

CRM_PATIENCE = 5.0
"""Seconds for which a lead's pipeline waits for the CRM; what takes longer is tried again by the clock."""

PLACEHOLDER_SECONDS = 0.7
"""A lead that takes longer to recognise and to read by rules gets a placeholder card first."""

JOIN_TRIES = 3
"""Equal leads that come at once are merged at once: what one of them joins may itself just be joining."""

LOCAL_TURNS = 2
"""Leads compared and read by rules at once: CPU work, of which more at once only delays the doors."""

T = TypeVar("T")


class Step(Protocol):
    """Runs one step: the engine's makes it durable, a test's just calls it."""

    async def __call__(self, name: str, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run function(*args), or give back what it returned when it ran before."""


class Members(Protocol):
    """Who belongs to a desk."""

    async def role(self, user: str, desk: str) -> Role | None:
        """What this user is at the desk, None: nothing; Unavailable when nobody can tell."""

    async def may_own(self, user: str, desk: str) -> bool:
        """Whether a lead can be handed to this user: a person who may work it; else as above."""

    async def check(self, desk: str) -> None:
        """Return if the desk's channel is there and we are in it; else raise, the mend in the message."""

    async def has_left(self, user: str) -> bool:
        """Whether this user's account is deactivated; Unavailable when nobody can tell."""

    async def tell(self, action: Action, text: str, *, desk: str) -> None:
        """Say something about the action to its actor only: where they acted, else in the desk's channel."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the steps work with, and the steps themselves.

    Attributes:
        open_talk: starts the conversation with a lead's writer; the same lead twice is one.
    """

    store: Store
    search: Search
    recogniser: Recogniser
    analyst: Analyst
    crm: CrmSync
    board: Board
    members: Members
    notices: Notices
    voice: Voice
    open_talk: Callable[[str], Awaitable[None]]
    desks: Desks
    timing: Timing
    routing: Router
    journal: Journal
    shape_board: ShapeBoard
    form_vendors: Mapping[str, FormVendor] = field(default_factory=dict)
    telling: Telling
    local_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOCAL_TURNS))

    async def show(self, lead_id: str, *, at_once: bool = False) -> None:
        """Make the card say what the store says, and the lead's clock what its history says.

        at_once: somebody clicked and looks at it; else it may wait for what else changes in a moment.
        """
        await self.timing.keep(lead_id)
        try:
            lead = await self.board.show(lead_id, at_once=at_once)
        except (Unavailable, Refused) as error:
            await self._wait(lead_id, Part.CARD, error)
            return
        if Part.CARD in lead.missing:
            await self.store.waiting.done(lead_id, Part.CARD)

    async def understand(self, lead_id: str) -> str | None:
        """Recognise the lead and read it, then show it; the model, if any, reads it after the card is there.

        The id of the lead whose request this surely is again, and which is open: such a lead gets no card.
        """
        local = asyncio.create_task(self._take_in(lead_id), name=f"understand:{lead_id}")
        try:
            first = await asyncio.wait_for(asyncio.shield(local), PLACEHOLDER_SECONDS)
        except TimeoutError:
            await self.show(lead_id)
            first = await local
        except asyncio.CancelledError:
            local.cancel()
            raise
        if first is not None:
            return first
        await self.give(lead_id)
        if await self.store.conversations.of(lead_id):
            await self.open_talk(lead_id)
        if self.analyst.has_model:
            await self._ask_model(await self.store.leads.get(lead_id), None)
            await self._second_opinion(lead_id)
        return None

    async def give(self, lead_id: str, occasion: str | None = None) -> None:
        """Decide whose the lead is, once, then show it and tell its owner.

        occasion: the key of what put it up again, such as a move; None: it is new.
        """
        key = occasion or assignment_key(lead_id)
        decision = await self.routing.assign(lead_id, key)
        await self.show(lead_id, at_once=occasion is not None)
        if decision is None or decision.owner is None:
            return
        notice = Notice(
            key=f"{key}:{decision.owner}",
            reason=Reason.ASSIGNED,
            lead_id=lead_id,
            desk=decision.desk,
            to=decision.owner,
            why=decision.reason,
        )
        try:
            await self.notices.give(notice)
        except (Unavailable, Refused) as error:  # the card says it too
            metrics.failures.labels(error.service).inc()
            log.warning("owner_not_told", lead_id=lead_id, service=error.service, why=error.why)

    async def compare(self, lead_id: str) -> None:
        """Find the earlier leads that belong with this one, which was not possible before.

        The lead has its card: a duplicate that shows only now is for a person to merge.
        """
        lead = await self.store.leads.get(lead_id)
        seen = await self._recognise(lead)
        await self.recogniser.keep(lead, replace(seen, decision=seen.decision.asked()))

    async def join(self, lead_id: str, first_id: str) -> bool:
        """Let the first lead stand for this one, which only repeats it; False where that may not be."""
        key, merges = again_key(lead_id), self.store.merges
        for _ in range(JOIN_TRIES):
            first = await self.store.leads.standing_for(first_id)
            try:
                await merges.merge(key, lead_id, into=first.lead_id, actor=SYSTEM, reason="asked again")
            except NotAllowed as error:  # the first was merged at this moment, or closed
                log.info("not_joined", lead_id=lead_id, why=str(error))
            else:
                return True
        await self.give(lead_id)  # it stays a lead of its own
        return False

    async def asked_again(self, lead_id: str) -> None:
        """Whose request it is that this lead repeats is told."""
        lead = await self.store.leads.get(lead_id)
        first = await self.store.leads.standing_for(lead_id)
        if first.owner is not None:
            await self.notices.give(
                Notice(
                    key=again_key(lead_id),
                    reason=Reason.ASKED_AGAIN,
                    lead_id=first.lead_id,
                    desk=first.desk,
                    to=first.owner,
                    why=lead.number,
                )
            )

    async def read_again(self, lead_id: str) -> None:
        """Recognise and read a lead whose message was edited; what it asks now is for a person to judge."""
        lead = await self.store.leads.get(lead_id)
        seen = await self._recognise(lead)
        by_rules = await self.analyst.by_rules(*_reading(lead), seen.vector)
        asked = replace(seen, decision=seen.decision.asked())
        await self.recogniser.keep(lead, asked, analysis=by_rules, final=not self.analyst.has_model)
        await self._retell(lead_id)
        if self.analyst.has_model:
            await self._ask_model(lead, seen.vector)

    async def reread(self, lead_id: str) -> None:
        """Let the model read the message, which was not possible before."""
        await self._ask_model(await self.store.leads.get(lead_id), None)

    async def _take_in(self, lead_id: str) -> str | None:
        """What needs nobody outside this process: recognised, read by rules and kept."""
        async with self.local_turns:
            lead = await self.store.leads.get(lead_id)
            seen = await self._recognise(lead)
            first = await self._first_of(seen.decision)
            if first is not None and first.analysis is not None:  # the same request is not read twice
                await self.recogniser.keep(lead, seen, analysis=first.analysis, final=True)
            else:
                by_rules = await self.analyst.by_rules(*_reading(lead), seen.vector)
                final = first is not None or not self.analyst.has_model
                await self.recogniser.keep(lead, seen, analysis=by_rules, final=final)
            return None if first is None else first.lead_id

    async def _recognise(self, lead: Lead) -> Recognised:
        seen = await self.recogniser.recognise(lead)
        if seen.away is not None:
            await self._wait(lead.lead_id, Part.MATCHES, seen.away)
        return seen

    async def _first_of(self, decision: Decision) -> Lead | None:
        """The open lead that this one only repeats; one that is closed does not swallow a new message."""
        for match in decision.matches:
            if match.kind == MatchKind.DUPLICATE:
                lead = await self.store.leads.standing_for(match.lead_id)
                if lead.desk_status in OPEN:
                    return lead
        return None

    async def _ask_model(self, lead: Lead, vector: Vector | None) -> None:
        digest, model = self.analyst.digest(lead.business_type), self.analyst.model_name
        answer = await self.store.leads.answer(lead.lead_id, digest, model)
        try:
            if answer is None:
                answer = await self.analyst.by_model(*_reading(lead), vector)
        except (Unavailable, Refused) as error:
            await self._wait(lead.lead_id, Part.ANALYSIS, error)
        else:
            await self.store.leads.understood(lead.lead_id, analysis=answer, final=True)
            await self._retell(lead.lead_id)

    async def _retell(self, lead_id: str) -> None:
        """What the writer said in conversation stands in a new reading too."""

        def retell(lead: Lead, kept: tuple[Kept, ...]) -> dict[str, Any]:
            if lead.analysis is None or lead.analysis.corrected_by is not None:
                return {}
            business = self.analyst.business(lead.business_type)
            analysis = told(lead.analysis, kept, lead.message, lead.contact, business)
            return {"analysis": analysis.model_dump(mode="json")} if analysis != lead.analysis else {}

        await self.store.conversations.retell(lead_id, retell)

    async def _second_opinion(self, lead_id: str) -> None:
        """Let the model compare the two messages of an open question; without it, it stays as it is."""
        lead = await self.store.leads.get(lead_id)
        asked = question(lead)
        if asked is None or not self.analyst.model_ready():
            return
        earlier = await self.store.leads.get(asked.lead_id)
        try:
            same = await self.analyst.same_request(lead.message, earlier.message)
        except (Unavailable, Refused) as error:
            log.info("no_second_opinion", lead_id=lead_id, why=error.why)
            return
        if same is not None:
            thought = with_opinion(asked, same=same, model=self.analyst.model_name)
            await self.store.leads.weigh(lead_id, thought)

    async def publish(self, lead_id: str, *, at_once: bool = False) -> None:
        """Bring what is known now to the card (as show), then to the CRM."""
        await self.show(lead_id, at_once=at_once)
        await self.sync(lead_id)

    async def publish_merged(self, key: str, *, at_once: bool = False) -> None:
        """Publish what this merge or undo, by its key, changed: the kept lead first."""
        for lead_id in await self.store.merges.touched(key):
            with suppress(NotFound):  # of two that were parted again one may be erased by now
                await self.publish(lead_id, at_once=at_once)

    async def sync(self, lead_id: str, *, show: bool = True) -> bool:
        """Bring the lead and its record in the CRM together; the card only speaks of it when that fails.

        Whether it may be asked on: not where it wants to be left alone, or did not answer several times.

        show: at once, and wait only so long; else the card waits for its turn, and the lead for the CRM's, so
        that an outage's thousands go on without it.
        """
        before, ready = await self.store.leads.get(lead_id), True
        try:
            async with asyncio.timeout(CRM_PATIENCE if show else None):
                outcome = await self.crm.sync(lead_id)
        except TimeoutError:
            slow = Unavailable(self.crm.table.name, "has not answered yet")
            changed = await self._wait_for_crm(before, slow)
        except (Unavailable, Refused) as error:
            ready = isinstance(error, Refused) or not error.retry_after
            changed = await self._wait_for_crm(before, error)
        else:
            if outcome == Outcome.SAME:  # else what was agreed on and that it is done were kept at once
                await self.store.waiting.done(lead_id, Part.CRM)
            said = Part.CRM in before.missing or before.crm.status == SyncStatus.FAILED
            changed = (
                said
                or outcome in {Outcome.TAKEN, Outcome.ASKED}
                or (await self.store.leads.get(lead_id)).crm.why != before.crm.why
            )
        if changed and show:
            await self.show(lead_id)
        elif changed:
            await self.store.waiting.put(lead_id, Part.CARD, "its turn", utcnow(), not_before=timedelta())
        return ready

    async def give_up(self, lead_id: str) -> None:
        """Our processing of the lead broke: it says so, and others are told, once."""
        line = Event(
            event_id=f"failed:{lead_id}",
            lead_id=lead_id,
            at=utcnow(),
            actor=SYSTEM,
            what=Status.FAILED,
            told=True,
        )
        failed = HookEvent.FAILED, lead_id, line.event_id
        await self.store.leads.act(
            line,
            lambda _: {"status": Status.FAILED},
            follow=lambda connection: self.telling.announce_in(connection, *failed),
        )

    async def pull(self) -> None:
        """Take over what people changed in the CRM, and show it."""
        for lead_id in await self.crm.pull(utcnow()):
            await self.show(lead_id)

    async def watch_crm(self) -> None:
        """Tell the admins, once, what the CRM's table does not take any more; leads go on without it."""
        for sentence in await self.crm.drift(self.desks.channels):
            log.warning("crm_drift", why=sentence)
            await self.board.warn(f"crm:{utcnow():%Y%m%d}:{sentence}", DRIFT.format(sentence))

    async def _wait_for_crm(self, lead: Lead, error: Unavailable | Refused) -> bool:
        """The lead is tried again later; whether its card has to say something else now."""
        since = await self._wait(lead.lead_id, Part.CRM, error)
        over = utcnow() - since > GIVE_UP
        if not over and isinstance(error, Unavailable):
            return Part.CRM not in lead.missing
        news = await self.crm.fail(lead, str(error))
        if over:  # from now on a person decides: the card has a button
            await self.store.waiting.done(lead.lead_id, Part.CRM)
        return news

    async def _wait(self, lead_id: str, part: Part, error: Unavailable | Refused) -> datetime:
        """The part is tried again; since when it waits."""
        retry_after = timedelta(seconds=(isinstance(error, Unavailable) and error.retry_after) or 0)
        pause = RETRY_REFUSED if isinstance(error, Refused) else retry_after
        metrics.failures.labels(error.service).inc()
        log.warning("part_waits", lead_id=lead_id, part=part.value, service=error.service, why=error.why)
        return await self.store.waiting.put(lead_id, part, str(error), utcnow(), not_before=pause)


def again_key(lead_id: str) -> str:
    """The key of the merge of a lead that only repeats another one."""
    return f"again:{lead_id}"


def _reading(lead: Lead) -> tuple[str, Contact, str, datetime]:
    return lead.message, lead.contact, lead.business_type, lead.received_at


async def lead_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """From stored to shown, understood, compared and synced."""
    first = await step("understand", parts.understand, lead_id)
    if first is not None and await step("join", parts.join, lead_id, first):
        await step("publish", parts.publish_merged, again_key(lead_id))
        await step("notify", parts.asked_again, lead_id)
    else:
        await step("publish", parts.publish, lead_id)
    await step("announce", parts.telling.announce, HookEvent.PROCESSED, lead_id, f"processed:{lead_id}")
    log.info("lead_processed", lead_id=lead_id)
    metrics.leads_processed.inc()
    metrics.lead_processing_seconds.observe(age_seconds(lead_id))


async def redo_pipeline(step: Step, parts: Parts, lead_id: str, part: str) -> None:
    """Do a part again that was missing, and show what came of it; what waits for the CRM goes another way."""
    if part != Part.CARD:
        redo = {Part.MATCHES: parts.compare, Part.ANALYSIS: parts.reread}[Part(part)]
        await step(part, redo, lead_id)
    await step("publish", parts.publish if part == Part.ANALYSIS else parts.show, lead_id)


async def card_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """The card's turn in its channel has come."""
    await step("show", parts.show, lead_id)


async def summary_pipeline(step: Step, parts: Parts, key: str) -> None:
    """A summary of many leads has more to say."""
    await step("show", parts.board.show_summary, key)
