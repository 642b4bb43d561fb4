"""What the pipelines work with, and how a lead comes to its card and to its record in the CRM."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from core import waits
from core.actions import Action
from core.analyze import Analyst
from core.conversation.places import Voice
from core.crm.sync import CrmSync, Outcome
from core.desks import Desks
from core.errors import NotFound, Refused, Unavailable
from core.hooks.calls import HookEvent
from core.hooks.telling import Telling
from core.lead import SYSTEM, Event, Part, Status, SyncStatus, utcnow
from core.noise.notices import Notices
from core.ports import Board, FormVendor, Journal, ShapeBoard
from core.recognise import Recogniser
from core.rights import Role
from core.routing.assigning import Router
from core.similar.search import Search
from core.sla.timing import Timing
from core.store import Store

CRM_PATIENCE = 5.0
"""Seconds for which a lead's pipeline waits for the CRM; what takes longer is tried again by the clock."""

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
    """What the steps work with, and the steps that all pipelines have.

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
            await waits.put_off(self.store, lead_id, Part.CARD, error)
            return
        if Part.CARD in lead.missing:
            await self.store.waiting.done(lead_id, Part.CARD)

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
            changed = await waits.put_off_crm(self.store, self.crm, before, slow)
        except (Unavailable, Refused) as error:
            ready = isinstance(error, Refused) or not error.retry_after
            changed = await waits.put_off_crm(self.store, self.crm, before, error)
        else:
            waited = Part.CRM in before.missing
            if (
                waited and outcome == Outcome.SAME
            ):  # else what was agreed on and that it is done were kept at once
                await self.store.waiting.done(lead_id, Part.CRM)
            changed = (
                waited
                or before.crm.status == SyncStatus.FAILED
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
