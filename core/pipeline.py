"""The way of a lead once it is safe, as one readable function; every step may run twice and does no harm."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from core import corrections, edits, metrics
from core import crm as crm_fields
from core.actions import ANSWERS, API, OF_TWO_LEADS, PAST, Action, ActionName, asked_about, decide, question
from core.analyze import Analyst
from core.dedupe import Decision
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.lead import OPEN, SYSTEM, Contact, DeskStatus, Event, Lead, MatchKind, Part, age_seconds, utcnow
from core.model.opinion import with_opinion
from core.ports import Board, CrmTable, Vector
from core.recognise import Recognised, Recogniser
from core.similar.search import Search
from core.store import Store
from core.store.people import Labelled

log = structlog.get_logger()

RETRY_REFUSED = timedelta(hours=1)
"""A firm no does not change by itself; once an hour somebody may have mended it."""

PLACEHOLDER_SECONDS = 0.7
"""A lead that takes longer to recognise and to read by rules gets a placeholder card first."""

JOIN_TRIES = 3
"""Equal leads that come at once are merged at once: what one of them joins may itself just be joining."""

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
    recogniser: Recogniser
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
        await self.show(lead_id)
        if self.analyst.has_model:
            await self._ask_model(await self.store.leads.get(lead_id), None)
            await self._second_opinion(lead_id)
        return None

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
        return False

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

    async def publish(self, lead_id: str) -> None:
        """Bring what is known now to the card, then to the CRM."""
        await self.show(lead_id)
        await self.sync(lead_id)

    async def publish_merged(self, key: str) -> None:
        """Bring to cards and CRM what this merge or undo, by its key, changed: the kept lead first."""
        for lead_id in await self.store.merges.touched(key):
            await self.show(lead_id)
            await self.sync(lead_id, after_merge=True)

    async def sync(self, lead_id: str, *, after_merge: bool = False) -> None:
        """Bring the lead to the CRM; the card only speaks of it when that fails.

        A merged lead is written once more, to say that it is, if it has a record; it never gets one, and is
        not synced after that. after_merge: cells that a merge filled and its undo emptied are cleared.
        """
        lead = await self.store.leads.get(lead_id)
        was_missing = Part.CRM in lead.missing
        last_word = lead.crm.record_id is not None and (after_merge or was_missing)
        if lead.desk_status == DeskStatus.MERGED and not last_word:
            await self.store.waiting.done(lead_id, Part.CRM)
            return
        # After an outage too: what could not be written may have been an undo.
        undone = await self.store.merges.set_back(lead_id) if after_merge or was_missing else frozenset[str]()
        try:
            options = await self.crm.table_options()
            fields = crm_fields.to_fields(lead, self.crm_mapping, options, set_back=undone)
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
            if action.actor not in {API, SYSTEM} and not await self.members.may_work(
                action.actor, action.desk
            ):
                return NOT_A_MEMBER
            owner = action.target if action.name == ActionName.REASSIGN else None
            if owner is not None and not await self.members.may_own(owner, action.desk):
                return NOT_AN_OWNER.format(target=owner)
        except (Unavailable, Refused) as error:
            log.warning("members_unknown", service=error.service, why=error.why)
            return MEMBERS_UNKNOWN
        try:
            if action.name in ANSWERS:
                await self._answer(action)
            elif action.name in OF_TWO_LEADS:
                await self._merge(action)
            elif action.name == ActionName.NOTE:
                await self.store.leads.note(_line(action))
            elif action.name == ActionName.EDIT:
                await self._edit(action)
            elif action.name == ActionName.SPAM:
                await self._not_a_lead(action)
            else:
                await self.store.leads.act(_line(action), lambda lead: decide(lead, action))
        except (NotAllowed, NotFound) as error:
            return f"{error} You wrote: “{action.words}”" if action.words else str(error)
        return None

    async def _edit(self, action: Action) -> None:
        """Change what the form changed; what it says of the reading is kept to learn from."""
        before, edit = await self.store.leads.get(action.lead_id), action.edit or edits.Edit()
        business = self.analyst.business(before.business_type)

        def change(lead: Lead) -> Mapping[str, Any]:
            return edits.decide(lead, edit, business, by=action.actor)

        await self._correct(action, edits.correction_of(edit), change)
        if set(edit.typed) & set(edits.CONTACT):  # another address may be another person's
            await self.recogniser.renew(await self.store.leads.get(action.lead_id))
            await self.compare(action.lead_id)

    async def _not_a_lead(self, action: Action) -> None:
        """What was taken for a lead is none: said of its reading too, to learn from."""
        lead = await self.store.leads.get(action.lead_id)
        said = corrections.Correction(not_a_lead=lead.analysis is not None)
        business = self.analyst.business(lead.business_type)

        def change(lead: Lead) -> Mapping[str, Any]:
            spam = edits.Edit(not_a_lead=said.not_a_lead)
            return {**edits.decide(lead, spam, business, by=action.actor), **decide(lead, action)}

        await self._correct(action, said, change)

    async def _correct(
        self,
        action: Action,
        correction: corrections.Correction,
        change: Callable[[Lead], Mapping[str, Any]],
    ) -> None:
        line = _line(action)
        if correction.empty:
            await self.store.leads.act(line, change)
            return
        await self.store.labels.correct(
            action.lead_id,
            line,
            lambda lead: corrections.label(lead, correction, key=action.key, by=action.actor, at=line.at),
            lambda lead, _label: change(lead),
        )

    async def _answer(self, action: Action) -> None:
        """Keep what a person says of two leads, and look again at what that makes of this one."""
        lead = await self.store.leads.get(action.lead_id)
        other = asked_about(lead, action)
        line = _line(action).model_copy(update={"why": other.number})
        said = Labelled(
            lead_id=lead.lead_id,
            other_id=other.lead_id,
            answer=ANSWERS[action.name],
            actor=action.actor,
            at=line.at,
        )
        await self.store.people.answer(said, line)
        if action.name == ActionName.SAME_REQUEST:
            first = await self.store.leads.standing_for(other.lead_id)
            await self.store.merges.merge(
                action.key, lead.lead_id, into=first.lead_id, actor=action.actor, reason="the same request"
            )
        else:
            await self.compare(lead.lead_id)

    async def _merge(self, action: Action) -> None:
        merges, (key, lead_id, actor) = self.store.merges, (action.key, action.lead_id, action.actor)
        if action.name == ActionName.MERGE:
            await merges.merge(key, lead_id, into=action.target or "", actor=actor)
        else:
            await merges.undo(key, lead_id, actor=actor)

    async def _wait(self, lead_id: str, part: Part, error: Unavailable | Refused) -> None:
        retry_after = timedelta(seconds=(isinstance(error, Unavailable) and error.retry_after) or 0)
        pause = RETRY_REFUSED if isinstance(error, Refused) else retry_after
        metrics.failures.labels(error.service).inc()
        log.warning("part_waits", lead_id=lead_id, part=part.value, service=error.service, why=error.why)
        await self.store.waiting.put(lead_id, part, str(error), utcnow(), not_before=pause)


def again_key(lead_id: str) -> str:
    """The key of the merge of a lead that only repeats another one."""
    return f"again:{lead_id}"


def _line(action: Action) -> Event:
    return Event(
        event_id=action.key,
        lead_id=action.lead_id,
        at=utcnow(),
        actor=action.actor,
        what=PAST[action.name],
        why=_why(action),
        told=True,
    )


def _why(action: Action) -> str | None:
    """What the history line says beside who did what."""
    if action.name == ActionName.EDIT and action.edit is not None:
        changed = [edits.label(name) for name in action.edit.typed]
        return ", ".join([*changed, *(["not a lead"] if action.edit.not_a_lead else [])])
    if action.name == ActionName.SNOOZE and action.until is not None:
        return " ".join(filter(None, [action.until.isoformat(timespec="seconds"), action.words]))
    return action.words or action.target


def _reading(lead: Lead) -> tuple[str, Contact, str, datetime]:
    return lead.message, lead.contact, lead.business_type, lead.received_at


async def lead_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """From stored to shown, understood, compared and synced."""
    first = await step("understand", parts.understand, lead_id)
    if first is not None and await step("join", parts.join, lead_id, first):
        await step("publish", parts.publish_merged, again_key(lead_id))
    else:
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
    if asked.name in OF_TWO_LEADS:
        await step("publish", parts.publish_merged, asked.key)
    else:
        await step("publish", parts.publish, asked.lead_id)


def waking(lead: Lead) -> Action:
    """What ends a lead's snooze, the same whichever process asks for it, however often."""
    since = (lead.snoozed_until or lead.updated_at).timestamp()
    return Action(
        key=f"action:{lead.lead_id}:wake:{since:.0f}",
        name=ActionName.WAKE,
        lead_id=lead.lead_id,
        desk=lead.desk,
        actor=SYSTEM,
        target=lead.owner,
        until=lead.snoozed_until,
    )


async def redo_pipeline(step: Step, parts: Parts, lead_id: str, part: str) -> None:
    """Do a part again that was missing, and show what came of it."""
    if part != Part.CARD:
        redo = {Part.MATCHES: parts.compare, Part.ANALYSIS: parts.reread, Part.CRM: parts.sync}[Part(part)]
        await step(part, redo, lead_id)
    await step("publish", parts.publish if part == Part.ANALYSIS else parts.show, lead_id)
