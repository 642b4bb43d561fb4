"""The desk: everything that a door (Slack, HTTP, command line) may ask for, with who asked for it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection

from core import edits, metrics
from core.actions import Action, ActionName, decide
from core.conversation import places
from core.conversation.sources import Change
from core.deskfile import DeskFile
from core.desks import Desks
from core.errors import InvalidLead, NotAllowed
from core.hooks.calls import HookEvent
from core.intake.sent import BodyReader
from core.lead import Analysis, Contact, Draft, Lead, MatchKind, Part, utcnow
from core.parts import Parts
from core.questions.asking import Turn
from core.reader import Reader
from core.reps import OwnSettings
from core.rights import NOT_A_MEMBER, check
from core.store.conversations import add_conversation
from core.store.posts import Spot
from core.store.submissions import Accepted, Submission

log = structlog.get_logger()

LEAD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Queue(Protocol):
    """The engine, as the desk knows it."""

    def enlist(self, connection: Connection, lead_id: str) -> None:
        """Enqueue the lead's pipeline inside the caller's transaction."""

    async def act(self, action: Action) -> None:
        """Enqueue the action; the same key twice is one."""

    def follow(self, connection: Connection, action: Action) -> None:
        """Enqueue the action inside the caller's transaction."""

    def deliver(self, connection: Connection, submission_id: str, key: str) -> None:
        """Enqueue another reading of a kept delivery inside the caller's transaction; the key says which."""

    def hear(self, connection: Connection, lead_id: str, place: str, turn_id: str) -> None:
        """Enqueue what comes of a turn of a conversation inside the caller's transaction."""

    async def reword(self, change: Change) -> None:
        """Enqueue what was done to a lead's message; the same key twice is one."""

    def reword_in(self, connection: Connection, change: Change) -> None:
        """The same inside the caller's transaction."""

    async def answer(self, turn: Turn) -> None:
        """Enqueue the answer to a message to the bot; the same message twice is one."""

    async def read_again(self, key: str, reading: Mapping[str, str]) -> None:
        """Enqueue what an admin asked for (core.intake.again); the same key twice is one."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """All desks of this deployment, as one counter.

    Attributes:
        watched: channels whose messages become leads: ids or #names; a desk's own among them is its door.
        business_type: of leads that do not say another, at desks that do not either.
        by_source: name of a source or form, or id of a Slack channel -> the business type of its leads.
        business_types: all that a lead may say.
        region: ISO 3166 country of phone numbers without one.
        hidden: business type -> entities that the desk does not show.
        read_body: reads the body of a kept delivery again, as its door does.
    """

    parts: Parts
    queue: Queue
    watched: Sequence[str]
    business_type: str
    by_source: Mapping[str, str]
    business_types: frozenset[str]
    region: str
    hidden: Callable[[str], frozenset[str]]
    read_body: BodyReader

    @property
    def desks(self) -> Desks:
        """The desks' files."""
        return self.parts.desks

    def now(self, channel: str | None = None) -> datetime:
        """The time, in the time zone of that desk, by default the first."""
        file = self.desks.first if channel is None else self.desks.of(channel)
        return utcnow().astimezone(file.zone)

    def reader(self, who: str) -> Reader:
        """Whoever looks at leads: a Slack user id, or a program."""
        return Reader(parts=self.parts, who=who)

    async def submit(
        self,
        submission: Submission,
        read: Callable[[], Draft],
        *,
        actor: str,
        desk: str | None = None,
        kept: str | None = None,
        talk: places.Place | None = None,
    ) -> Accepted:
        """Keep the submission, make its lead and start its pipeline, all at once; then it is safe.

        A submission that cannot be read is kept with the reason, and its InvalidLead raised.
        desk: the desk whose door it came through; None: whichever takes it.
        kept: the id of the submission, where it was kept before and is read again.
        talk: the thread in which its writer is asked for what is missing.
        """
        store = self.parts.store
        try:
            draft = read()
        except InvalidLead as error:
            await self.refuse(submission, error, kept=kept)
            raise
        file, business_type = self.place_of(submission.source, draft, desk)

        def enlist(connection: Connection, lead_id: str) -> None:
            self.queue.enlist(connection, lead_id)
            self.parts.telling.announce_in(connection, HookEvent.CREATED, lead_id, f"created:{lead_id}")
            if talk is not None and file.intake.ask:
                for turn_id in add_conversation(connection, talk, lead_id):
                    self.queue.hear(connection, lead_id, talk.key, turn_id)

        accepted = await store.submissions.accept(
            submission,
            draft,
            desk=file.channel,
            business_type=business_type,
            actor=actor,
            enlist=enlist,
            kept=kept,
        )
        outcome = "accepted" if accepted.fresh else "repeated"
        metrics.deliveries.labels(submission.source, outcome).inc()
        log.info("delivery", outcome=outcome, source=submission.source, lead_id=accepted.lead_id)
        return accepted

    async def refuse(self, submission: Submission, error: InvalidLead, *, kept: str | None = None) -> None:
        """Keep a submission that can be no lead, with the reason; ``kept`` as in ``submit``."""
        if kept is None:
            await self.parts.store.submissions.refuse(submission, error)
        else:
            await self.parts.store.kept.refuse(kept, error)
        metrics.deliveries.labels(submission.source, "refused").inc()
        log.info("delivery", outcome="refused", source=submission.source, code=error.code)

    async def act(self, action: Action) -> None:
        """Start what a person asked for; refusals reach that person privately."""
        await self.queue.act(action)

    async def answer(self, turn: Turn) -> None:
        """Start what comes of a message to the bot."""
        await self.queue.answer(turn)

    async def own_settings(self, user: str, channel: str | None) -> tuple[DeskFile, OwnSettings]:
        """A desk of this user's, that one if it is, and what they set there; NotAllowed without any."""
        channels = await self.reader(user).desks()
        file = self.desks.of(channel if channel in channels else channels[0])
        return file, await self.parts.store.reps.of(file.channel, user)

    async def set_own(self, user: str, channel: str, settings: OwnSettings) -> None:
        """Keep what this user set for themselves at this desk; NotAllowed where they are nobody."""
        if await self.parts.members.role(user, channel) is None:
            raise NotAllowed(NOT_A_MEMBER)
        await self.parts.store.reps.set(channel, user, settings)
        log.info("own_settings", user=user, desk=channel)

    async def hear(self, place: str, turn: places.NewTurn) -> bool:
        """Keep a message of a conversation's thread and start what comes of it; False where there is none."""
        return await self.parts.store.conversations.take(
            place, turn, lambda connection, lead_id: self.queue.hear(connection, lead_id, place, turn.turn_id)
        )

    async def hear_early(self, place: str, turn: places.NewTurn) -> None:
        """Keep a message of a thread whose first message may yet come and become a lead."""
        await self.parts.store.conversations.take_early(place, turn)

    async def reword(self, change: Change) -> None:
        """Start what comes of an edit or a deletion of the message of a lead."""
        await self.queue.reword(change)

    async def let_in(self) -> None:
        """A channel takes messages again: cards that were refused there need not wait any longer."""
        await self.parts.store.waiting.wake(Part.CARD, utcnow())

    async def precheck(self, action: Action) -> None:
        """NotAllowed or NotFound when the action could not be done now: a form can still say so.

        What counts is decided when it is done, against the lead as it is then.
        """
        lead = await self.parts.store.leads.get(action.lead_id)
        check(await self.parts.members.role(action.actor, lead.desk), action.name, lead, action.actor)
        if action.name not in {ActionName.NOTE, ActionName.EDIT, ActionName.MOVE, ActionName.FORGET}:
            decide(lead, action)

    async def form(self, lead_id: str) -> tuple[Lead, dict[str, str]]:
        """The lead and what the form of an edit shows of it, contact data too; NotFound."""
        lead = await self.lead(lead_id)
        business = self.parts.analyst.business(lead.business_type)
        return lead, edits.fields(lead, business, self.hidden(lead.business_type))

    async def lead(self, name: str) -> Lead:
        """The lead of that id or number (``L-1042``), by itself; NotFound if there is none."""
        if LEAD_ID.fullmatch(name.lower()):
            return await self.parts.store.leads.get(name.lower())
        return await self.parts.store.leads.by_number(name)

    async def lead_of(self, source: str, event_key: str) -> Lead | None:
        """The lead that this very delivery made, if it made one."""
        found = await self.parts.store.submissions.lead_of(source, event_key)
        return None if found is None else await self.parts.store.leads.get(found.lead_id)

    async def read(self, text: str, contact: Contact) -> Analysis:
        """What the rules read in a message that is no lead yet; never raises."""
        business = self.desks.first.business_type or self.business_type
        return await self.parts.analyst.by_rules(text, contact, business, utcnow())

    async def cards(self, leads: Sequence[Lead]) -> dict[str, Spot]:
        """Where the leads' cards are, as far as they are posted, by lead id."""
        return await self.parts.store.posts.cards([lead.lead_id for lead in leads])

    async def tell_apart(self, one: str, other: str, *, actor: str, key: str, reply_to: str | None) -> None:
        """Two leads that are taken for one person's are not; NotFound, NotAllowed when they are not so taken.

        Args:
            one: by number or id.
            other: by number or id; the order does not matter.
            actor: Slack user id of who says so.
            key: unique to this command.
            reply_to: as in Action.
        """
        pair = await self.lead(one), await self.lead(other)
        for lead, target in (pair, pair[::-1]):
            persons = {match.lead_id for match in lead.matches if match.kind != MatchKind.SIMILAR}
            if target.lead_id in persons:
                await self.act(
                    Action(
                        key=key,
                        name=ActionName.DIFFERENT,
                        lead_id=lead.lead_id,
                        actor=actor,
                        target=target.lead_id,
                        reply_to=reply_to,
                    )
                )
                return
        raise NotAllowed(f"{pair[0].number} and {pair[1].number} are not taken for one person's.")

    async def merge_now(self, action: Action) -> list[Lead]:
        """Do a merge or undo at once; cards and CRM follow. The leads it changed: kept, gone, gone before.

        For doors that answer with the outcome; raises NotFound and NotAllowed. The same key twice is one.
        """
        merges = self.parts.store.merges

        def follow(connection: Connection) -> None:
            self.queue.follow(connection, action)

        if action.name == ActionName.MERGE:
            await merges.merge(
                action.key, action.lead_id, into=action.target or "", actor=action.actor, follow=follow
            )
        else:
            await merges.undo(action.key, action.lead_id, actor=action.actor, follow=follow)
        found = await self.parts.store.leads.get_many(await merges.touched(action.key))
        await self.reader(action.actor).saw(found)
        return found

    def place_of(self, source: str, draft: Draft, desk: str | None) -> tuple[DeskFile, str]:
        """The desk of a new lead, and its business type: where the lead does not say it, its door does."""
        places = (source, draft.source, str(draft.custom_fields.get("slack_channel")))
        named = (self.by_source.get(place) for place in places)
        business = draft.business_type or next(filter(None, named), None)
        file = self.desks.of(desk) if desk else self.desks.taking(source=source, business_type=business)
        return file, business or self.by_source.get(file.channel) or file.business_type or self.business_type
