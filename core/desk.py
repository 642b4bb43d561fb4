"""The desk: everything that a door (Slack, HTTP, command line) may ask for, with who asked for it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection
from uuid_utils.compat import uuid4

from core import edits, metrics
from core.actions import Action, ActionName, decide, is_program
from core.conversation import places
from core.conversation.sources import Change
from core.deskfile import DeskFile
from core.desks import Desks
from core.errors import InvalidLead, NotAllowed, Refused
from core.home import Home, Place, read_undone
from core.home import read as read_home
from core.hooks.calls import HookEvent
from core.intake.sent import BodyReader
from core.lead import Analysis, Contact, DeskStatus, Draft, Event, Lead, Match, MatchKind, Part, utcnow
from core.listing import Filter, Listed, Page, terms
from core.merge import Merge, directed, preview
from core.pipeline import Parts
from core.questions import Found, Query, find
from core.questions.asking import Turn
from core.reps import OwnSettings
from core.rights import NOT_A_MEMBER, Role, check
from core.similar.wanted import Wanted
from core.stats import Responses, responses
from core.store.assignments import Assignment
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


@dataclass(frozen=True)
class Whose:
    """A lead, and the decision by which it was given to somebody, if there was one."""

    lead: Lead
    assignment: Assignment | None


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

    async def home(self, user: str, place: Place) -> Home:
        """What this user's Home shows; NotAllowed for somebody who belongs to no desk."""
        channels = await self.admit(user)
        channel = place.desk if place.desk in channels else channels[0]
        role = await self.parts.members.role(user, channel)
        if role is None:  # left between the two looks
            raise NotAllowed(NOT_A_MEMBER)
        file, now = self.desks.of(channel), utcnow()
        shown = await read_home(self.parts.store, file, user, role, place=place, now=now)
        if role == Role.ADMIN:
            undone = await read_undone(self.parts.store, self.desks, channel, place=place)
            shown = replace(shown, undone=undone)
        return replace(shown, desks=channels)

    async def own_settings(self, user: str, channel: str | None) -> tuple[DeskFile, OwnSettings]:
        """A desk of this user's, that one if it is, and what they set there; NotAllowed without any."""
        channels = await self.admit(user)
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

    async def transcript(self, lead: Lead) -> list[places.Line]:
        """What was written in the conversations with the lead's writer, for who may see the lead."""
        return await self.parts.store.conversations.transcript(lead.lead_id)

    async def let_in(self) -> None:
        """A channel takes messages again: cards that were refused there need not wait any longer."""
        await self.parts.store.waiting.wake(Part.CARD, utcnow())

    async def admit(self, user: str) -> tuple[str, ...]:
        """The desks whose leads this user may see; NotAllowed when there is none.

        A desk whose people cannot be told, as its channel is gone, keeps nobody from the others.
        """
        channels, seen, refused = self.desks.channels, list[str](), list[Refused]()
        for channel in channels:
            try:
                if await self.parts.members.role(user, channel) is not None:
                    seen.append(channel)
            except Refused as error:
                refused.append(error)
        if len(refused) == len(channels):
            raise refused[0]
        if not seen:
            raise NotAllowed(NOT_A_MEMBER)
        return tuple(seen)

    async def admit_to(self, user: str, *leads: Lead) -> None:
        """NotAllowed unless the user may see these leads."""
        for channel in dict.fromkeys(lead.desk for lead in leads):
            if not is_program(user) and await self.parts.members.role(user, channel) is None:
                raise NotAllowed(NOT_A_MEMBER)

    async def precheck(self, action: Action) -> None:
        """NotAllowed or NotFound when the action could not be done now: a form can still say so.

        What counts is decided when it is done, against the lead as it is then.
        """
        lead = await self.parts.store.leads.get(action.lead_id)
        check(await self.parts.members.role(action.actor, lead.desk), action.name, lead, action.actor)
        if action.name not in {ActionName.NOTE, ActionName.EDIT, ActionName.MOVE, ActionName.FORGET}:
            decide(lead, action)

    async def form(self, lead_id: str, *, reader: str | None = None) -> tuple[Lead, dict[str, str]]:
        """The lead and what the form of an edit shows of it; ``reader`` sees its contact data."""
        lead = await self.lead(lead_id)
        if reader is not None:
            await self.admit_to(reader, lead)
            await self._note_reading([lead], reader)
        business = self.parts.analyst.business(lead.business_type)
        return lead, edits.fields(lead, business, self.hidden(lead.business_type))

    async def show(self, number: str, *, reader: str) -> tuple[Lead, list[Event]]:
        """A lead with its contact data and history; that it was read becomes part of the history."""
        lead = await self.parts.store.leads.by_number(number)
        await self.admit_to(reader, lead)
        history = await self.parts.store.events.of(lead.lead_id)
        await self._note_reading([lead], reader)
        return lead, history

    async def why(self, number: str, *, reader: str) -> Whose:
        """Who has a lead and how that was decided; NotFound, NotAllowed."""
        lead = await self.lead(number)
        await self.admit_to(reader, lead)
        return Whose(lead, await self.parts.store.assignments.of(lead.lead_id))

    async def similar(self, subject: Lead | str, wanted: Wanted, *, reader: str) -> list[tuple[Lead, float]]:
        """Leads like a lead or a text that the reader may see, nearest first, with their cosines."""
        desks = await self._only_of(reader)
        if isinstance(subject, Lead):
            await self.admit_to(reader, subject)
        found = await self.parts.search.similar(subject, wanted)
        found = [(lead, cosine) for lead, cosine in found if desks is None or lead.desk in desks]
        await self._note_reading([lead for lead, _ in found], reader)
        return found

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

    async def merged_into(self, lead: Lead) -> list[Lead]:
        """The leads for which this one stands, oldest first."""
        return await self.parts.store.leads.merged_into(lead.lead_id)

    async def matched(self, lead: Lead) -> list[tuple[Match, Lead]]:
        """The leads it was matched with that can still be merged with it, the surest first."""
        found = {
            each.lead_id: each
            for each in await self.parts.store.leads.get_many([m.lead_id for m in lead.matches])
        }
        pairs = [(match, found[match.lead_id]) for match in lead.matches if match.lead_id in found]
        order = list(MatchKind)
        pairs.sort(key=lambda pair: (order.index(pair[0].kind), -pair[0].score))
        return [(match, each) for match, each in pairs if each.desk_status != DeskStatus.MERGED]

    async def preview_merge(self, kept: str, gone: str, *, reader: str, as_told: bool = True) -> Merge:
        """What merging the second lead into the first would do; each by number or id.

        NotFound; NotAllowed when it may not be. as_told False: into whichever should be kept (core.merge).
        """
        first, second = await self.lead(kept), await self.lead(gone)
        await self.admit_to(reader, first, second)
        merge = preview(*((first, second) if as_told else directed(first, second)))
        await self._note_reading([first, second], reader)
        return merge

    async def preview_unmerge(self, number_or_id: str) -> tuple[Lead, Lead]:
        """Which merge an undo of this lead would undo, as (kept, gone); NotFound, NotAllowed."""
        lead = await self.lead(number_or_id)
        return await self.parts.store.merges.last(lead.lead_id)

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
        await self._note_reading(found, action.actor)
        return found

    async def page(
        self,
        filter_: Filter,
        *,
        reader: str,
        words: str = "",
        before: int | None = None,
        after: int | None = None,
    ) -> Page:
        """A page of a list of leads that the reader may see, newest first (core.listing)."""
        desks, clocks = await self._only_of(reader), self.parts.store.clocks
        listed = Listed(
            filter=filter_,
            owner=reader,
            desks=None if desks is None else frozenset(desks),
            overdue=await clocks.overdue(utcnow()) if filter_ == Filter.OVERDUE else frozenset(),
            terms=terms(words),
            before=before,
            after=after,
        )
        page = await self.parts.store.queues.page(listed)
        if filter_ == Filter.FOUND:  # that these words stand in it tells of the contact
            await self._note_reading(page.leads, reader)
        return page

    async def ask(self, query: Query, *, reader: str) -> Found:
        """What the leads that the reader may see answer to a question; that they were named is noted."""
        found = await find(self.parts.store, self.parts.search, query, await self._only_of(reader))
        await self._note_reading(found.shown, reader)
        return found

    async def responses(self, since: datetime, *, reader: str) -> Responses:
        """How soon somebody acted on the leads that the reader may see and that came since then."""
        now, desks = utcnow(), await self._only_of(reader)
        timed = await self.parts.store.clocks.started(since, now, desks=desks)
        return responses(timed, lambda desk: self.desks.of(desk).zone, now)

    async def _only_of(self, reader: str) -> tuple[str, ...] | None:
        """The desks to which the reader is limited; None: all, those that are no more with them."""
        seen = self.desks.channels if is_program(reader) else await self.admit(reader)
        return None if seen == self.desks.channels else seen

    def place_of(self, source: str, draft: Draft, desk: str | None) -> tuple[DeskFile, str]:
        """The desk of a new lead, and its business type: where the lead does not say it, its door does."""
        places = (source, draft.source, str(draft.custom_fields.get("slack_channel")))
        named = (self.by_source.get(place) for place in places)
        business = draft.business_type or next(filter(None, named), None)
        file = self.desks.of(desk) if desk else self.desks.taking(source=source, business_type=business)
        return file, business or self.by_source.get(file.channel) or file.business_type or self.business_type

    async def _note_reading(self, leads: Sequence[Lead], reader: str) -> None:
        await self.parts.store.events.add([reading(lead, reader) for lead in leads])


def reading(lead: Lead, reader: str) -> Event:
    """The history line that says who saw the lead's contact data, and when."""
    return Event(
        event_id=f"read:{uuid4()}",
        lead_id=lead.lead_id,
        at=utcnow(),
        actor=reader,
        what="contact_read",
        told=False,
    )
