"""What one reader may see of the leads of all desks, and that they saw it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from uuid_utils.compat import uuid4

from core.actions import is_program
from core.conversation.places import Line
from core.errors import NotAllowed, Refused
from core.home import Home, Place, read_undone
from core.home import read as read_home
from core.lead import DeskStatus, Event, Lead, Match, MatchKind, utcnow
from core.listing import Filter, Listed, Page, terms
from core.merge import Merge, directed, preview
from core.parts import Parts
from core.questions import Found, Query, find
from core.rights import NOT_A_MEMBER, Role
from core.similar.wanted import Wanted
from core.stats import Responses, responses
from core.store.assignments import Assignment


@dataclass(frozen=True)
class Whose:
    """A lead, and the decision by which it was given to somebody, if there was one."""

    lead: Lead
    assignment: Assignment | None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody who looks at leads.

    A lead of a desk where they are nobody is NotAllowed, or left out of what has many. Whatever shows
    contact data is a line of the leads' histories.

    Attributes:
        who: Slack user id, or a program (core.actions).
    """

    parts: Parts
    who: str

    async def desks(self) -> tuple[str, ...]:
        """The desks whose leads they may see; NotAllowed when there is none.

        A desk whose people cannot be told, as its channel is gone, keeps nobody from the others.
        """
        channels, seen, refused = self.parts.desks.channels, list[str](), list[Refused]()
        for channel in channels:
            try:
                if await self.parts.members.role(self.who, channel) is not None:
                    seen.append(channel)
            except Refused as error:
                refused.append(error)
        if len(refused) == len(channels):
            raise refused[0]
        if not seen:
            raise NotAllowed(NOT_A_MEMBER)
        return tuple(seen)

    async def check(self, *leads: Lead) -> None:
        """NotAllowed unless they may see these leads."""
        for channel in dict.fromkeys(lead.desk for lead in leads):
            if not is_program(self.who) and await self.parts.members.role(self.who, channel) is None:
                raise NotAllowed(NOT_A_MEMBER)

    async def saw(self, leads: Sequence[Lead]) -> None:
        """Note that they saw these leads' contact data."""
        await self.parts.store.events.add([reading(lead, self.who) for lead in leads])

    async def home(self, place: Place) -> Home:
        """What their Home shows; NotAllowed for somebody who belongs to no desk."""
        channels = await self.desks()
        channel = place.desk if place.desk in channels else channels[0]
        role = await self.parts.members.role(self.who, channel)
        if role is None:  # left between the two looks
            raise NotAllowed(NOT_A_MEMBER)
        file, now = self.parts.desks.of(channel), utcnow()
        shown = await read_home(self.parts.store, file, self.who, role, place=place, now=now)
        if role == Role.ADMIN:
            undone = await read_undone(self.parts.store, self.parts.desks, channel, place=place)
            shown = replace(shown, undone=undone)
        return replace(shown, desks=channels)

    async def show(self, number: str) -> tuple[Lead, list[Event]]:
        """A lead with its contact data, and its history until now; NotFound, NotAllowed."""
        lead = await self.parts.store.leads.by_number(number)
        await self.check(lead)
        history = await self.parts.store.events.of(lead.lead_id)
        await self.saw([lead])
        return lead, history

    async def merged_into(self, lead: Lead) -> list[Lead]:
        """The leads for which this one stands, oldest first; NotAllowed."""
        await self.check(lead)
        return await self.parts.store.leads.merged_into(lead.lead_id)

    async def transcript(self, lead: Lead) -> list[Line]:
        """What was written in the conversations with the lead's writer; NotAllowed."""
        await self.check(lead)
        return await self.parts.store.conversations.transcript(lead.lead_id)

    async def why(self, lead: Lead) -> Whose:
        """Who has the lead and how that was decided; NotAllowed."""
        await self.check(lead)
        return Whose(lead, await self.parts.store.assignments.of(lead.lead_id))

    async def similar(self, subject: Lead | str, wanted: Wanted) -> list[tuple[Lead, float]]:
        """Leads like a lead or a text, nearest first, with their cosines."""
        desks = await self._only_of()
        if isinstance(subject, Lead):
            await self.check(subject)
        found = await self.parts.search.similar(subject, wanted)
        found = [(lead, cosine) for lead, cosine in found if desks is None or lead.desk in desks]
        await self.saw([lead for lead, _ in found])
        return found

    async def matched(self, lead: Lead) -> list[tuple[Match, Lead]]:
        """The leads it was matched with that can still be merged with it, the surest first; NotAllowed."""
        await self.check(lead)
        found = {
            each.lead_id: each
            for each in await self.parts.store.leads.get_many([m.lead_id for m in lead.matches])
        }
        pairs = [(match, found[match.lead_id]) for match in lead.matches if match.lead_id in found]
        order = list(MatchKind)
        pairs.sort(key=lambda pair: (order.index(pair[0].kind), -pair[0].score))
        return [(match, each) for match, each in pairs if each.desk_status != DeskStatus.MERGED]

    async def preview_merge(self, kept: Lead, gone: Lead, *, as_told: bool = True) -> Merge:
        """What merging the second lead into the first would do; NotAllowed when it may not be.

        as_told False: into whichever should be kept (core.merge).
        """
        await self.check(kept, gone)
        merge = preview(*((kept, gone) if as_told else directed(kept, gone)))
        await self.saw([kept, gone])
        return merge

    async def preview_unmerge(self, lead: Lead) -> tuple[Lead, Lead]:
        """Which merge an undo of this lead would undo, as (kept, gone); NotAllowed."""
        await self.check(lead)
        return await self.parts.store.merges.last(lead.lead_id)

    async def page(
        self, filter_: Filter, *, words: str = "", before: int | None = None, after: int | None = None
    ) -> Page:
        """A page of a list of leads, newest first (core.listing)."""
        desks, clocks = await self._only_of(), self.parts.store.clocks
        listed = Listed(
            filter=filter_,
            owner=self.who,
            desks=None if desks is None else frozenset(desks),
            overdue=await clocks.overdue(utcnow()) if filter_ == Filter.OVERDUE else frozenset(),
            terms=terms(words),
            before=before,
            after=after,
        )
        page = await self.parts.store.queues.page(listed)
        if filter_ == Filter.FOUND:  # that these words stand in it tells of the contact
            await self.saw(page.leads)
        return page

    async def ask(self, query: Query) -> Found:
        """What the leads answer to a question."""
        found = await find(self.parts.store, self.parts.search, query, await self._only_of())
        await self.saw(found.shown)
        return found

    async def responses(self, since: datetime) -> Responses:
        """How soon somebody acted on the leads that came since then."""
        now, desks = utcnow(), await self._only_of()
        timed = await self.parts.store.clocks.started(since, now, desks=desks)
        return responses(timed, lambda desk: self.parts.desks.of(desk).zone, now)

    async def _only_of(self) -> tuple[str, ...] | None:
        """The desks to which they are limited; None: all, those that are no more with them."""
        channels = self.parts.desks.channels
        seen = channels if is_program(self.who) else await self.desks()
        return None if seen == channels else seen


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
