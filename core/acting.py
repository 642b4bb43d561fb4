"""What people ask for with a lead, done durably: decided, kept, shown, or refused in private."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from core import corrections, edits, privacy
from core.actions import (
    ABOUT_CRM,
    ANSWERS,
    OF_TWO_LEADS,
    PAST,
    Action,
    ActionName,
    asked_about,
    decide,
    is_program,
    moved,
    tried_again,
)
from core.conversation.talking import Talks, resumed_key
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.giving import give
from core.hooks.calls import HookEvent
from core.lead import SYSTEM, Event, Lead, utcnow
from core.noise.notices import Notice, Reason
from core.parts import Parts, Step
from core.rights import check
from core.store.people import Labelled
from core.understanding import Understanding

log = structlog.get_logger()

WAKE_AGAIN = 3_600.0
"""Seconds after which a snoozed lead that could not be woken is tried again."""

NOT_AN_OWNER = "The lead was not handed over: <@{target}> is no person of this desk."

MEMBERS_UNKNOWN = "Nobody can tell right now who belongs to this desk. Please click again in a moment."


@dataclass(frozen=True, kw_only=True)
class Acts:
    """The steps of what people ask for."""

    parts: Parts

    async def act(self, action: Action) -> str | None:
        """Do what a person asked for; what is returned is the refusal to tell that person."""
        try:
            await self._authorise(action)
        except (Unavailable, Refused) as error:
            log.warning("members_unknown", service=error.service, why=error.why)
            return MEMBERS_UNKNOWN
        except (NotAllowed, NotFound) as error:
            return await self._refused(action, str(error))
        try:
            await self._carry_out(action)
        except (NotAllowed, NotFound) as error:
            return await self._refused(action, str(error))
        return None

    async def _carry_out(self, action: Action) -> None:
        of_one: Mapping[ActionName, Callable[[Action], Awaitable[None]]] = {
            ActionName.NOTE: self._note,
            ActionName.EDIT: self._edit,
            ActionName.MOVE: self._move,
            ActionName.SPAM: self._not_a_lead,
            ActionName.FORGET: self._forget,
            ActionName.SYNC: self._try_again,
            **dict.fromkeys(ABOUT_CRM, self._answer_about_crm),
            ActionName.ASK_ON: self._ask_on,
        }
        if action.name in ANSWERS:
            await self._answer(action)
        elif action.name in OF_TWO_LEADS:
            await self._merge(action)
        elif action.name in of_one:
            await of_one[action.name](action)
        else:
            await self.parts.store.leads.act(_line(action), lambda lead: decide(lead, action))
        if action.edit is not None and set(action.edit.typed) & set(edits.CONTACT):
            # another address may be another person's
            await self.parts.recogniser.renew(await self.parts.store.leads.get(action.lead_id))
            await Understanding(parts=self.parts).compare(action.lead_id)

    async def _note(self, action: Action) -> None:
        await self.parts.store.leads.note(_line(action))

    async def _forget(self, action: Action) -> None:
        await privacy.erase(self.parts, action)

    async def _try_again(self, action: Action) -> None:
        await self.parts.store.leads.act(_line(action), tried_again)

    async def _answer_about_crm(self, action: Action) -> None:
        """Keep which side's word counts; the sync that follows carries it out."""
        ours = action.name == ActionName.KEEP_OURS
        await self.parts.crm.answer(_line(action), action.target or "", keep_ours=ours)

    async def _ask_on(self, action: Action) -> None:
        await Talks(parts=self.parts).resume(action.lead_id, _line(action))

    async def _authorise(self, action: Action) -> None:
        """NotAllowed when the actor may not do this, or its target may not be given a lead."""
        store = self.parts.store
        if await store.events.has(action.key) or await store.erasures.has(action.key):
            return  # done before a crash: it was allowed then
        lead = await self.parts.store.leads.get(action.lead_id)
        if action.actor != SYSTEM and not is_program(action.actor):
            leads = [lead]
            if action.name in {*OF_TWO_LEADS, *ANSWERS} and action.target is not None:
                leads.append(await self.parts.store.leads.get(action.target))
            for each in leads:
                role = await self.parts.members.role(action.actor, each.desk)
                check(role, action.name, each, action.actor)
        owner = action.target if action.name == ActionName.REASSIGN else None
        if owner is not None and not await self.parts.members.may_own(owner, lead.desk):
            raise NotAllowed(NOT_AN_OWNER.format(target=owner))

    async def _refused(self, action: Action, why: str) -> str:
        """What to tell the actor; that it was refused stands in the lead's history, not in its thread."""
        line = Event(
            event_id=f"{action.key}:refused",
            lead_id=action.lead_id,
            at=utcnow(),
            actor=action.actor,
            what="refused",
            why=f"{action.name}: {why}",
            told=False,
        )
        with suppress(NotFound):
            await self.parts.store.leads.note(line)
        return f"{why} You wrote: “{action.words}”" if action.words else why

    async def tell(self, action: Action, text: str) -> None:
        """Say it to the actor only; a program had its answer."""
        if is_program(action.actor):
            return
        try:
            desk = (await self.parts.store.leads.get(action.lead_id)).desk
        except NotFound:
            desk = self.parts.desks.first.channel
        await self.parts.members.tell(action, text, desk=desk)

    async def publish(self, action: Action) -> None:
        """Bring what it changed to cards and CRM; whoever clicked sees it at once."""
        if action.name in OF_TWO_LEADS:
            await self.parts.publish_merged(action.key, at_once=True)
        else:
            await self.parts.publish(action.lead_id, at_once=True)

    async def notify(self, action: Action) -> None:
        """Tell the owner of the lead what others did to it that they have to know."""
        lead = await self.parts.store.leads.get(action.lead_id)
        reason = _TOLD.get(action.name)
        if reason is None or lead.owner in {None, action.actor} or lead.owner != action.target:
            return
        if await self.parts.store.events.has(action.key):  # it changed something
            by = None if action.actor == SYSTEM or is_program(action.actor) else f"by <@{action.actor}>"
            notice = Notice(
                key=action.key, reason=reason, lead_id=lead.lead_id, desk=lead.desk, to=lead.owner, why=by
            )
            await self.parts.notices.give(notice)

    async def announce_others(self, action: Action) -> None:
        """The other leads of a merge or undo changed too."""
        for lead_id in await self.parts.store.merges.touched(action.key):
            if lead_id != action.lead_id:
                key = f"updated:{action.key}:{lead_id}"
                await self.parts.telling.announce(HookEvent.UPDATED, lead_id, key)

    async def _edit(self, action: Action) -> None:
        """Change what the form changed; what it says of the reading is kept to learn from."""
        before, edit = await self.parts.store.leads.get(action.lead_id), action.edit or edits.Edit()
        business = self.parts.analyst.business(before.business_type)

        def change(lead: Lead) -> Mapping[str, Any]:
            return edits.decide(lead, edit, business, by=action.actor)

        await self.parts.store.labels.correct(_line(action), edits.correction_of(edit), change)

    async def _move(self, action: Action) -> None:
        """To another desk, with its owner if they belong there too."""
        desk, owner = action.target or "", (await self.parts.store.leads.get(action.lead_id)).owner
        if desk not in self.parts.desks.channels:
            there = ", ".join(self.parts.desks.channels)
            raise NotAllowed(f"There is no desk {desk}. There are: {there}.")
        keeps_owner = owner is not None and await self.parts.members.may_own(owner, desk)

        def change(lead: Lead) -> Mapping[str, Any]:
            if lead.owner != owner:
                raise NotAllowed(f"{lead.number} changed hands at this very moment. Please try again.")
            return moved(lead, desk, keeps_owner=keeps_owner)

        await self.parts.store.leads.act(_line(action), change)

    async def _not_a_lead(self, action: Action) -> None:
        """What was taken for a lead is none: said of its reading too, to learn from."""
        lead = await self.parts.store.leads.get(action.lead_id)
        said = corrections.Correction(not_a_lead=lead.analysis is not None)
        business = self.parts.analyst.business(lead.business_type)

        def change(lead: Lead) -> Mapping[str, Any]:
            spam = edits.Edit(not_a_lead=said.not_a_lead)
            return {**edits.decide(lead, spam, business, by=action.actor), **decide(lead, action)}

        await self.parts.store.labels.correct(_line(action), said, change)

    async def _answer(self, action: Action) -> None:
        """Keep what a person says of two leads, and look again at what that makes of this one."""
        lead = await self.parts.store.leads.get(action.lead_id)
        other_id = action.target or ""
        if not await self.parts.store.events.has(action.key):  # else a crash came in between, and it is kept
            other = asked_about(lead, action)
            line = _line(action).model_copy(update={"why": other.number})
            answer = ANSWERS[action.name]
            said = Labelled(
                lead_id=lead.lead_id, other_id=other_id, answer=answer, actor=action.actor, at=line.at
            )
            await self.parts.store.people.answer(said, line)
        if action.name == ActionName.SAME_REQUEST:
            first = await self.parts.store.leads.standing_for(other_id)
            await self.parts.store.merges.merge(
                action.key, lead.lead_id, into=first.lead_id, actor=action.actor, reason="the same request"
            )
        else:
            await Understanding(parts=self.parts).compare(lead.lead_id)

    async def _merge(self, action: Action) -> None:
        merges, (key, lead_id, actor) = self.parts.store.merges, (action.key, action.lead_id, action.actor)
        if action.name == ActionName.MERGE:
            await merges.merge(key, lead_id, into=action.target or "", actor=actor)
        else:
            await merges.undo(key, lead_id, actor=actor)


_TOLD = {ActionName.REASSIGN: Reason.HANDED_OVER, ActionName.WAKE: Reason.WOKEN}


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
    if action.name in ABOUT_CRM:
        return None
    return action.words or action.target


async def action_pipeline(step: Step, parts: Parts, action: Mapping[str, Any]) -> None:
    """From a click to the changed lead, its card, its thread and its CRM record, or to a private refusal."""
    asked = Action.model_validate(action)
    refusal = await step("act", Acts(parts=parts).act, asked)
    if refusal is not None:
        await step("tell", Acts(parts=parts).tell, asked, refusal)
        return
    if asked.name == ActionName.ASK_ON:
        talks = Talks(parts=parts)
        for place in await step("places", talks.places, asked.lead_id):
            await step("say", talks.say, place, resumed_key(asked.key, place))
    if asked.name == ActionName.FORGET:
        told = await step("clear", privacy.clear, parts, asked.key)
        await step("tell", Acts(parts=parts).tell, asked, told)
        return
    if asked.name == ActionName.MOVE:
        await step("give", give, parts, asked.lead_id, asked.key)
    await step("publish", Acts(parts=parts).publish, asked)
    if asked.name not in OF_TWO_LEADS:
        await step("notify", Acts(parts=parts).notify, asked)
    await step("announce", parts.telling.announce, HookEvent.UPDATED, asked.lead_id, f"updated:{asked.key}")
    if asked.name in OF_TWO_LEADS:
        await step("announce_others", Acts(parts=parts).announce_others, asked)


def waking(lead: Lead, now: datetime) -> Action:
    """What ends a lead's snooze: the same whoever asks for it, anew each hour if it came to nothing."""
    since = (lead.snoozed_until or lead.updated_at).timestamp()
    tries = int((now.timestamp() - since) // WAKE_AGAIN)
    return Action(
        key=f"action:{lead.lead_id}:wake:{since:.0f}:{tries}",
        name=ActionName.WAKE,
        lead_id=lead.lead_id,
        actor=SYSTEM,
        target=lead.owner,
        until=lead.snoozed_until,
    )
