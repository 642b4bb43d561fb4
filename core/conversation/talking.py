"""Conversations with writers, done durably: what is heard is kept, shown, and answered in their thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from core import conversation
from core.conversation import Heard, Matter, Phase, Proposal, State, Turn
from core.conversation.changes import columns
from core.conversation.missing import fields
from core.conversation.places import Conversation, Line, Outcome, Part, Result
from core.conversation.silence import nudged_at, speaks_at
from core.errors import NotFound, Refused, Unavailable
from core.hooks.calls import HookEvent
from core.lead import SYSTEM, Event, Intent, Lead, utcnow
from core.parts import Parts, Step
from core.rules.language import language
from core.understanding import Understanding

log = structlog.get_logger()

TOOK_OVER, ASKED_BACK, ANSWERED = "took_over", "asked_back", "answered"
"""The verbs of what happens in a conversation, in the lead's history."""

UNWANTED = frozenset({Intent.SPAM, Intent.SOLICITATION})
"""Who surely writes that is not asked for more of it."""

SURE = 0.8
"""The confidence from which an intent is sure; people of a Slack channel seldom write spam."""


@dataclass(frozen=True, kw_only=True)
class Talks:
    """The steps of a conversation."""

    parts: Parts

    async def open(self, lead_id: str) -> list[str]:
        """Begin the lead's conversation where one can be had; its thread, if there is something to say."""
        lead = await self.parts.store.leads.get(lead_id)
        if lead.merged_into is not None or _is_junk(lead):
            return []
        opened = []
        for found in await self.parts.store.conversations.of(lead_id):

            def decide(kept: Conversation, lead: Lead, _later: bool) -> Outcome:  # noqa: FBT001 - as Decide has it
                matter = self._matter(lead, kept.state)
                first = Turn(who=kept.place.writer, text=lead.message, at=lead.received_at)
                said = conversation.propose(lead.message, (), matter)
                state = kept.state or conversation.begin(matter)
                return self._outcome(conversation.opening(state, first, said, matter), lead, matter.now)

            result = await self.parts.store.conversations.decide(found.place.key, f"open:{lead_id}", decide)
            await self._followed(result)
            if result.say is not None or result.changed:
                opened.append(found.place.key)
        return opened

    async def hear(self, turn_id: str) -> str | None:
        """Keep what a turn says, and decide what to say to it; the id of the lead if there is any of that."""
        try:
            place, line = await self.parts.store.conversations.turn(turn_id)
        except NotFound:
            return None
        found = await self.parts.store.conversations.at(place)
        if found is None:
            return None
        lead = await self.parts.store.leads.standing_for(found.lead_id)
        part = await self._part(line.who, found, lead)
        proposals: list[Proposal] = []
        if part == Part.WRITER:
            proposals = await self._proposals(line, found, lead)

        def decide(kept: Conversation, lead: Lead, later: bool) -> Outcome:  # noqa: FBT001 - as Decide has it
            return self._heard(kept, lead, line, part, proposals, speaks=not later)

        result = await self.parts.store.conversations.decide(place, turn_id, decide)
        await self._followed(result)
        return result.lead_id if result.say is not None or result.changed else None

    async def announce(self, lead_id: str, turn_id: str) -> None:
        """Others are told of a turn that said something of the lead."""
        if await self.parts.store.events.has(f"{turn_id}:{ANSWERED}"):
            await self.parts.telling.announce(HookEvent.UPDATED, lead_id, f"updated:{turn_id}")

    async def nudge(self, place: str, key: str) -> None:
        """Put the open question once more, after silence; at night, or while the desk is closed, later."""

        def decide(kept: Conversation, lead: Lead, _later: bool) -> Outcome:  # noqa: FBT001 - as Decide has it
            matter, state = self._matter(lead, kept.state), kept.state or State()
            if (later := speaks_at(self.parts.desks.of(lead.desk), matter.now)) != matter.now:
                return Outcome(state=state, nudge_at=later)
            return self._outcome(conversation.nudge(state, matter), lead, matter.now)

        await self.parts.store.conversations.decide(place, key, decide)

    async def resume(self, lead_id: str, line: Event) -> None:
        """Let the bot ask on in the conversations around the lead that somebody took over."""
        for found in await self.parts.store.conversations.around(lead_id):

            def decide(kept: Conversation, lead: Lead, _later: bool) -> Outcome:  # noqa: FBT001 - as Decide has it
                state = kept.state or State()
                if state.phase != Phase.PAUSED:
                    return Outcome(state=state, nudge_at=kept.nudge_at)
                matter = self._matter(lead, state)
                heard = conversation.resume(state, matter)
                return self._outcome(heard, lead, matter.now, events=[line])

            place = found.place.key
            await self.parts.store.conversations.decide(place, resumed_key(line.event_id, place), decide)

    async def places(self, lead_id: str) -> list[str]:
        """The keys of the threads in which is talked about the lead."""
        found = await self.parts.store.conversations.around(lead_id)
        return sorted(each.place.key for each in found)

    async def say(self, place: str, key: str) -> None:
        """Say what was decided under this key, if anything was."""
        found = await self.parts.store.conversations.at(place)
        if found is None:
            return
        say = await self.parts.store.conversations.to_say(key)
        if say is None:
            return
        lead = await self.parts.store.leads.standing_for(found.lead_id)
        try:
            slots = self.parts.analyst.business(lead.business_type).slots
            asks = [slots[slot].asks for slot in say.slots if slot in slots]
            guest = await self._is_guest(found, lead)
            words = await self.parts.voice.say(
                key, found.place, say, asks, lead, guest=guest, language=await self._language(found)
            )
        except Refused as error:  # the channel is archived, or the bot was removed: the lead goes on as it is
            log.warning("nothing_said", why=error.why)
            return
        await self.parts.store.conversations.spoken(key, words)

    async def _language(self, found: Conversation) -> str:
        """In what most of what the writer wrote is written; a number alone says nothing of it."""
        first = await self.parts.store.leads.get(found.lead_id)
        lines = await self.parts.store.conversations.transcript(found.lead_id)
        written = (line.text for line in lines if line.who == found.place.writer)
        return language("\n".join([first.message, *written]))

    async def _part(self, who: str, found: Conversation, lead: Lead) -> Part:
        if who == found.place.writer:
            return Part.WRITER
        try:
            role = await self.parts.members.role(who, lead.desk)
        except Refused:
            return Part.OTHER
        return Part.OTHER if role is None else Part.TEAM

    async def _is_guest(self, found: Conversation, lead: Lead) -> bool:
        """Whether what is said is read outside the desk; when nobody can tell, it may be."""
        try:
            role = await self.parts.members.role(found.place.writer, lead.desk)
        except (Unavailable, Refused):
            return True
        return found.place.shared or role is None

    async def _proposals(self, line: Line, found: Conversation, lead: Lead) -> list[Proposal]:
        """The rules', and the model's where they leave a question open."""
        matter = self._matter(lead, found.state)
        pending = found.state.pending if found.state else ()
        asked_for = found.state.asked_for if found.state else ()
        by_rules = conversation.propose(line.text, asked_for, matter)
        filled = {each.fills for each in by_rules}
        open_slots = [slot for slot in pending if not filled & fields([slot], matter)]
        if not open_slots:
            return by_rules
        return [*by_rules, *await self.parts.analyst.propose(line.text, pending, matter)]

    def _heard(
        self,
        kept: Conversation,
        lead: Lead,
        line: Line,
        part: Part,
        proposals: Sequence[Proposal],
        *,
        speaks: bool,
    ) -> Outcome:
        matter = self._matter(lead, kept.state)
        state = kept.state or conversation.begin(matter)
        if part == Part.TEAM and state.phase != Phase.PAUSED:
            event = _event(f"{line.turn_id}:{TOOK_OVER}", lead, TOOK_OVER, actor=line.who, told=True)
            return Outcome(state=conversation.take_over(state), events=[event], part=part)
        if part != Part.WRITER:
            return Outcome(state=state, part=part, nudge_at=kept.nudge_at)
        turn = Turn(who=line.who, text=line.text, at=line.at, edited=line.edited)
        # Before the first question nothing is said to a turn: the question follows.
        heard = conversation.hear(state, turn, proposals, matter, speaks=speaks and state.opened)
        events = []
        if heard.changes:
            why = ", ".join(dict.fromkeys(each.fills.replace("_", " ") for each in heard.changes))
            events.append(_event(f"{line.turn_id}:{ANSWERED}", lead, ANSWERED, actor=line.who, why=why))
        if heard.asks_back and heard.state.phase not in {Phase.PAUSED, Phase.CANCELLED}:
            events.append(_event(f"{line.turn_id}:{ASKED_BACK}", lead, ASKED_BACK, actor=line.who, told=True))
        return self._outcome(heard, lead, matter.now, events=events, part=part)

    def _outcome(
        self,
        heard: Heard,
        lead: Lead,
        now: datetime,
        *,
        events: Sequence[Event] = (),
        part: Part | None = None,
    ) -> Outcome:
        business = self.parts.analyst.business(lead.business_type)
        state = heard.state
        waits = state.phase == Phase.ASKING and bool(state.pending) and not state.nudged
        return Outcome(
            state=heard.state,
            columns=columns(lead, heard, heard.state.before, business, now),
            events=events,
            say=heard.say,
            nudge_at=nudged_at(self.parts.desks.of(lead.desk), now) if waits else None,
            part=part,
        )

    def _matter(self, lead: Lead, state: State | None) -> Matter:
        return matter_of(self.parts, lead, state)

    async def _followed(self, result: Result) -> None:
        """Another address may be another person's."""
        if result.contact:
            await self.parts.recogniser.renew(await self.parts.store.leads.get(result.lead_id))
            await Understanding(parts=self.parts).compare(result.lead_id)


def resumed_key(event_id: str, place: str) -> str:
    """Names what is said in one place when the bot is called back by that event: there may be several."""
    return f"{event_id}:{place}"


def _is_junk(lead: Lead) -> bool:
    read = lead.analysis
    return read is not None and read.intent in UNWANTED and read.intent_confidence >= SURE


def matter_of(parts: Parts, lead: Lead, state: State | None) -> Matter:
    """What a conversation about the lead is about, as it is now.

    What was kept counts as known even in the moment in which a new reading of the lead does not have it yet.
    """
    kept = {each.fills: each.value for each in state.kept} if state else {}
    business = parts.analyst.business(lead.business_type)
    now = utcnow().astimezone(parts.desks.of(lead.desk).zone)
    return Matter(
        business=business,
        known={**kept, **conversation.known(lead, business, now)},
        intent=None if lead.analysis is None else lead.analysis.intent,
        now=now,
        region=parts.recogniser.region,
    )


def _event(
    event_id: str, lead: Lead, what: str, *, actor: str = SYSTEM, why: str | None = None, told: bool = False
) -> Event:
    return Event(
        event_id=event_id, lead_id=lead.lead_id, at=utcnow(), actor=actor, what=what, why=why, told=told
    )


async def opening_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """The first question to the writer of a lead; beside its pipeline, which may wait for a model."""
    talks = Talks(parts=parts)
    for place in await step("open", talks.open, lead_id):
        await step("say", talks.say, place, f"open:{lead_id}")
        await step("publish", parts.publish, lead_id)


async def turn_pipeline(step: Step, parts: Parts, turn: Mapping[str, Any]) -> None:
    """From a message in a conversation's thread to the changed lead and the answer."""
    talks = Talks(parts=parts)
    lead_id = await step("hear", talks.hear, turn["turn_id"])
    if lead_id is not None:
        await step("say", talks.say, turn["place"], turn["turn_id"])
        await step("publish", parts.publish, lead_id)
        await step("announce", talks.announce, lead_id, turn["turn_id"])


async def nudge_pipeline(step: Step, parts: Parts, nudge: Mapping[str, Any]) -> None:
    """From silence to one more question."""
    talks = Talks(parts=parts)
    await step("nudge", talks.nudge, nudge["place"], nudge["key"])
    await step("say", talks.say, nudge["place"], nudge["key"])
