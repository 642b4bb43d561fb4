"""The desk: everything that a door (Slack, HTTP, command line) may ask for, with who asked for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection
from uuid_utils.compat import uuid4

from core import metrics
from core.actions import OPEN, Action
from core.errors import InvalidLead, NotAllowed
from core.lead import Draft, Event, Lead, utcnow
from core.pipeline import NOT_A_MEMBER, Parts
from core.store.submissions import Accepted, Submission

log = structlog.get_logger()


class Queue(Protocol):
    """The engine, as the desk knows it."""

    def enlist(self, connection: Connection, lead_id: str) -> None:
        """Enqueue the lead's pipeline inside the caller's transaction."""

    async def act(self, action: Action) -> None:
        """Enqueue the action; the same key twice is one."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One channel's desk.

    Attributes:
        channel: where its cards go: a channel id or #name.
        watched: channels whose messages become leads: ids or #names.
        business_type: of leads that do not say another.
        by_source: name of a source or form, or id of a Slack channel -> the business type of its leads.
        business_types: all that a lead may say.
        region: ISO 3166 country of phone numbers without one.
        hidden: business type -> entities that the desk does not show.
    """

    parts: Parts
    queue: Queue
    channel: str
    watched: Sequence[str]
    business_type: str
    by_source: Mapping[str, str]
    business_types: frozenset[str]
    region: str
    hidden: Callable[[str], frozenset[str]]

    async def submit(self, submission: Submission, read: Callable[[], Draft], *, actor: str) -> Accepted:
        """Keep the submission, make its lead and start its pipeline, all at once; then it is safe.

        A submission that cannot be read is kept with the reason, and its InvalidLead raised.
        """
        store = self.parts.store
        try:
            draft = read()
        except InvalidLead as error:
            await store.submissions.refuse(submission, error)
            metrics.deliveries.labels(submission.source, "refused").inc()
            log.info("delivery", outcome="refused", source=submission.source, code=error.code)
            raise
        accepted = await store.submissions.accept(
            submission,
            draft,
            desk=self.channel,
            business_type=self._business_of(submission.source, draft),
            actor=actor,
            enlist=self.queue.enlist,
        )
        outcome = "accepted" if accepted.fresh else "repeated"
        metrics.deliveries.labels(submission.source, outcome).inc()
        log.info("delivery", outcome=outcome, source=submission.source, lead_id=accepted.lead_id)
        return accepted

    async def act(self, action: Action) -> None:
        """Start what a person asked for; refusals reach that person privately."""
        await self.queue.act(action)

    async def admit(self, user: str) -> None:
        """NotAllowed unless the user is a member of the desk."""
        if not await self.parts.members.may_work(user, self.channel):
            raise NotAllowed(NOT_A_MEMBER)

    async def show(self, number: str, *, reader: str) -> tuple[Lead, list[Event]]:
        """A lead with its contact data and history; that it was read becomes part of the history."""
        lead = await self.parts.store.leads.by_number(number)
        history = await self.parts.store.events.of(lead.lead_id)
        await self._note_reading([lead], reader)
        return lead, history

    async def similar(self, text_or_number: str, *, reader: str) -> list[tuple[Lead, float]]:
        """Leads like a lead or like a text, nearest first, with their cosines."""
        if text_or_number.strip().upper().startswith("L-"):
            lead = await self.parts.store.leads.by_number(text_or_number)
            found = [pair for pair in await self._near(lead.message) if pair[0].lead_id != lead.lead_id]
        else:
            found = await self._near(text_or_number)
        await self._note_reading([lead for lead, _ in found], reader)
        return found

    async def open_leads(self, *, limit: int) -> list[Lead]:
        """The newest open leads, for lists without contact data."""
        return await self.parts.store.leads.newest(limit=limit, desk_status=sorted(OPEN))

    def _business_of(self, source: str, draft: Draft) -> str:
        """The business type of a lead that does not say it: by its door, its named source or its channel."""
        places = (source, draft.source, str(draft.custom_fields.get("slack_channel")), self.channel)
        return next(
            (self.by_source[place] for place in places if place in self.by_source), self.business_type
        )

    async def _near(self, text: str) -> list[tuple[Lead, float]]:
        return await self.parts.search.near_text(text)

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
