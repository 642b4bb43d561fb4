"""What happens by the clock: missing parts are tried again, finished work is swept away."""

import asyncio
from datetime import time, timedelta

import structlog
from apscheduler.triggers.cron import CronTrigger

from bot.crm_hook import CrmHook
from bot.engine import Engine
from bot.executors import Executors
from bot.ticks import Ticks
from core.acting import waking
from core.crm import looking
from core.crm.gone import ask_about_gone
from core.deskfile import WEEKDAYS, DeskFile
from core.errors import LeadDeskError, Refused, Unavailable
from core.intake.deliveries import attempt
from core.lead import Part, utcnow
from core.noise.reporting import due_reports
from core.parts import Parts
from core.privacy import clear_left, let_go
from core.store.places import TICK

log = structlog.get_logger()

MEND_SECONDS = 5
"""How often services that leads wait for are asked whether they are back."""

REAP_SECONDS = 5
"""How often work of dead processes is looked for."""

WAKE_SECONDS = 5
"""How often snoozed leads are looked for whose time has come."""

SWEEP_SECONDS = 10
"""How often alarms are looked for that should have rung."""

CLEAR_SECONDS = 60
"""How often it is tried to remove what is left elsewhere of erased leads."""

CLEAR_AFTER = timedelta(minutes=1)
"""How long the first try may take before that."""

FETCH_SECONDS = 5
"""How often leads are looked for that are still to be fetched from their senders."""

FETCH_BATCH = 200

WAKE_BATCH = 100
"""Leads woken, or writers nudged, at one tick; what is left is due at the next."""

KEEP_CALLS = timedelta(days=30)
"""How long it can be seen what was told to other programs (`basecamp hooks log`)."""

EARLY = timedelta(minutes=10)
"""How long a reply waits for the message it replies to: Slack delivers again for some six minutes."""

NUDGE_SECONDS = 30
"""How often conversations are looked for that fell silent."""

MEND_BATCH = 100
"""Parts tried again at once: new leads must not queue behind an outage's thousands."""


NOISE_SECONDS = TICK.total_seconds()
"""How often is looked for notices that are due, for cards whose turn it is, and for summaries that grew."""

NOTICES_BATCH = 200

PULL_SECONDS = 60
"""How often the CRM is asked for what people changed there; a webhook of its own is faster."""

HOOK_SECONDS = 12 * 3600
"""How often the CRM's webhook is renewed; it ends after seven days."""

GONE_AT = time(2, 40)
"""When records are looked for that were deleted there, in the first desk's time zone: people sleep, and the
requests are free."""

DRAIN = 100
"""Leads under way to the CRM at once after an outage: requests are full, and what a new lead's own sync then
waits for is two seconds of them (core.parts.CRM_PATIENCE)."""


class Schedule:
    """APScheduler's jobs. A tick in two processes does nothing twice: each takes other parts."""

    def __init__(
        self,
        engine: Engine,
        parts: Parts,
        executors: Executors | None,
        *,
        pace: timedelta,
        hook: CrmHook | None,
    ) -> None:
        """Takes its parts.

        executors: None where this process is the only one there can be.
        pace: the time between two posts that a channel takes for long.
        hook: of the CRM; None where there is none.
        """
        self._engine = engine
        self._parts = parts
        self._executors = executors
        self._pace = pace
        self._hook = hook
        self._ticks = Ticks()
        self._down: set[Part] = set()
        self._draining = asyncio.Lock()

    def start(self) -> None:
        """Begin."""
        ticks = self._ticks
        ticks.every(MEND_SECONDS, self.mend)
        ticks.every(WAKE_SECONDS, self.wake)
        ticks.every(SWEEP_SECONDS, self.sweep)
        ticks.every(CLEAR_SECONDS, self.clear)
        ticks.every(NOISE_SECONDS, self.speak)
        ticks.every(MEND_SECONDS, self.drain, at_once=2)  # the second sees that one is under way, and ends
        ticks.every(PULL_SECONDS, self.pull)
        if self._hook is not None:
            ticks.every(HOOK_SECONDS, self._hook.renew, first=utcnow())
        ticks.every(FETCH_SECONDS, self.fetch)
        ticks.every(NUDGE_SECONDS, self.nudge)
        if self._executors is not None:
            ticks.every(REAP_SECONDS, self.reap)
        for desk in self._parts.desks.files:
            self._report_by_the_clock(desk)
        ticks.now(self.report, name="report-now")  # what was due while nothing ran, of today
        zone = self._parts.desks.first.zone
        ticks.at(CronTrigger(hour=GONE_AT.hour, minute=GONE_AT.minute, timezone=zone), self.look_for_gone)
        ticks.at(CronTrigger(hour=3, minute=17, timezone="UTC"), self.prune)
        ticks.now(self.let_go, name="let-go-now")  # where nothing runs at night
        ticks.start()

    async def stop(self) -> None:
        """No further ticks; those under way are cut short, and what they left is due again."""
        await self._ticks.stop()

    async def reap(self) -> None:
        """Take over the work of dead processes, where there can be any."""
        if self._executors is not None:
            await self._executors.reap()

    async def clear(self) -> None:
        """Remove answered turns, and elsewhere what is left of erased leads; twice at once does no harm."""
        await self._engine.forget_answered()
        await clear_left(self._parts, before=utcnow() - CLEAR_AFTER)

    async def prune(self) -> None:
        """Remove what nobody looks at any more: finished work, calls to other programs, deliveries."""
        await self._engine.prune()
        forgotten = await self._parts.store.hooks.prune(utcnow() - KEEP_CALLS)
        log.info("pruned", hook_calls=forgotten)
        await self.let_go()

    async def let_go(self) -> None:
        """Remove deliveries that became no leads in their time."""
        await let_go(self._parts.store, utcnow())

    async def wake(self) -> None:
        """Bring snoozed leads back whose time has come; a tick that finds one again asks for nothing new."""
        now = utcnow()
        for lead in await self._parts.store.leads.due(now, limit=WAKE_BATCH):
            await self._engine.act(waking(lead, now))

    async def sweep(self) -> None:
        """Set alarms of leads' clocks anew that should have rung and did not."""
        await self._parts.timing.sweep(utcnow())

    async def report(self) -> None:
        """Send the reports that are due today; one that was sent, by whatever process, is not sent again."""
        for desk in self._parts.desks.files:
            for report in due_reports(desk, utcnow()):
                await self._engine.report(report)

    def _report_by_the_clock(self, desk: DeskFile) -> None:
        """Look for due reports at the desk's times, in its zone: APScheduler knows when clocks change."""
        weekly = desk.noise.weekly_at()
        times = [("*", desk.noise.digest)] if desk.noise.digest else []
        times += [(WEEKDAYS[weekly[0]], weekly[1])] if weekly else []
        for day, at in times:
            when = CronTrigger(day_of_week=day, hour=at.hour, minute=at.minute, timezone=desk.zone)
            self._ticks.at(when, self.report, late=None)

    async def speak(self) -> None:
        """Say what is due: to people, and the cards and summaries of many leads at once."""
        store, now = self._parts.store, utcnow()
        await store.notices.take(now, limit=NOTICES_BATCH, enlist=self._engine.ring)
        for key, edition in await store.places.stale(now):
            await self._engine.summarise(key, edition)
        await store.places.take(now, pace=self._pace, enlist=self._engine.post)

    async def fetch(self) -> None:
        """Ask senders again for leads that they keep and did not give; a tick asks for nothing twice."""
        now = utcnow()
        for submission_id, received_at in await self._parts.store.kept.fetching(now, limit=FETCH_BATCH):
            await self._engine.fetch(submission_id, attempt(received_at, now))

    async def nudge(self) -> None:
        """Speak up once in conversations that fell silent; a tick that finds one again asks nothing new."""
        await self._parts.store.conversations.sweep_early(utcnow() - EARLY)
        for due in await self._parts.store.conversations.due(utcnow(), limit=WAKE_BATCH):
            await self._engine.nudge(due)

    async def mend(self) -> None:
        """Try the missing parts again whose service answers; when it just came back, all of them."""
        counts = await self._parts.store.waiting.counts()
        if not counts:
            return
        for part in counts:
            if part == Part.CRM and self._draining.locked():
                continue  # its answers are coming in: no request is spent on asking
            if not await self._is_back(part):
                self._down.add(part)
            elif part in self._down:
                self._down.discard(part)
                log.info("service_is_back", part=part.value)
                await self._parts.store.waiting.wake(part, utcnow())
        due = set(counts) - self._down - {Part.CRM}
        for waiting in await self._parts.store.waiting.take(utcnow(), parts=due, limit=MEND_BATCH):
            await self._engine.redo(waiting)

    async def drain(self) -> None:
        """Sync all that is due for the CRM, so many at once that its requests are full.

        Not by workflows: a lead a workflow would be slower than the CRM takes them. What is cut short here is
        due again: the table of what waits is durable. When it wants to be left alone, so are the others.
        """
        if self._draining.locked() or Part.CRM in self._down:
            return
        async with self._draining:
            under_way: set[asyncio.Task[bool]] = set()
            ready = True
            try:
                while True:
                    if ready and (room := DRAIN - len(under_way)) >= DRAIN // 4:
                        due = await self._parts.store.waiting.take(utcnow(), parts={Part.CRM}, limit=room)
                        under_way |= {asyncio.create_task(self._sync(each.lead_id)) for each in due}
                    if not under_way:
                        return
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    ready = ready and all(each.result() for each in done)
            finally:  # at a stop: what is left is due again at the next start
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    async def _sync(self, lead_id: str) -> bool:
        """Whether the CRM may be asked on."""
        try:
            return await self._parts.sync(lead_id, show=False)
        except LeadDeskError as error:  # erased meanwhile
            log.info("not_synced", lead_id=lead_id, why=str(error))
            return True

    def ring(self) -> None:
        """The CRM says that something was changed there: look now; rung again meanwhile, once more."""
        self._ticks.now(self.pull, name="pull-now")

    async def pull(self) -> None:
        """Take over what people changed in the CRM; not while thousands of our own changes would be read.

        And tell once what its table does not take any more.
        """
        if self._draining.locked() or Part.CRM in self._down:
            return
        try:
            await looking.pull(self._parts)
            await looking.watch_table(self._parts)
        except (Unavailable, Refused) as error:
            log.info("not_pulled", why=error.why)

    async def look_for_gone(self) -> None:
        """Ask about records that people deleted in the CRM; else seen when a lead changes."""
        try:
            await ask_about_gone(self._parts)
        except (Unavailable, Refused) as error:
            log.warning("not_looked_for_gone_records", why=error.why)

    async def _is_back(self, part: Part) -> bool:
        check = {
            Part.MATCHES: self._parts.search.check,
            Part.ANALYSIS: self._parts.analyst.check,
            Part.CRM: self._parts.crm.table.check,
        }.get(part)
        if check is None:
            return True  # the card: Slack has no cheaper question than the post itself
        try:
            await check()
        except (Unavailable, Refused):
            return False
        return True
