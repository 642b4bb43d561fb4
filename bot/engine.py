"""The durable engine, the only module that imports dbos: what was enqueued completes, come what may."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from core import metrics
from core.acting import action_pipeline
from core.actions import Action
from core.conversation.places import Conversation
from core.conversation.sources import Change, source_pipeline
from core.conversation.talking import nudge_pipeline, opening_pipeline, turn_pipeline
from core.desk import Desk
from core.errors import LeadDeskError, Unavailable
from core.hooks.calls import Call
from core.hooks.telling import hook_pipeline
from core.intake.again import reading_pipeline
from core.intake.deliveries import delivery_pipeline
from core.lead import utcnow
from core.noise.reporting import Report, Reporting, report_pipeline
from core.noise.telling import Ringing, ring_pipeline
from core.parts import Parts
from core.pipeline import lead_pipeline
from core.questions.asking import ASKED, Agent, Turn, asked_pipeline
from core.redo import card_pipeline, redo_pipeline, summary_pipeline
from core.sla.alarm import Alarm
from core.sla.ringing import sla_pipeline
from core.store.database import BUSY_TIMEOUT_MS, Database, with_driver
from core.store.waiting import Waiting

log = structlog.get_logger()

T = TypeVar("T")

APPLICATION_VERSION = "1"
"""Never changes: dbos' default, a hash of the code, would strand all work in flight at every edit."""

LEADS, ACTIONS, ALARMS, HOOKS, TURNS = "leads", "actions", "alarms", "hooks", "turns"

POLL_SECONDS = 0.1
"""Polling governs latency (ENGINE.md 1c): a workflow waits half of this on average."""

CALM_POLL_SECONDS = 1.0
"""dbos looks for delayed workflows that are due once a second anyway."""

HOOKS_POLL_SECONDS = 0.25

STEP_RETRIES: dict[str, Any] = {
    "retries_allowed": True,
    "max_attempts": 4,
    "interval_seconds": 0.5,
    "should_retry": lambda error: isinstance(error, Unavailable | OperationalError),
}

KEEP_FINISHED = timedelta(days=7)
"""A week is enough to look into what happened. Finished workflows hold ids, outcomes and what people typed
into forms (notes, reasons, corrected contacts): erasing a lead removes those of it too (forget). What
people write to the bot alone goes as soon as it is answered (forget_answered)."""

BEHIND_NEW_LEADS = 10
"""Priority of what is done again; a larger number comes later."""

ENDING_SECONDS = 5.0
"""How long work on a lead that is erased may take to come to its end."""

ADOPTIONS = 5
"""Resuming resets dbos' own count of attempts: a lead that kills its process must not kill them all."""

RECOVERY_ATTEMPTS = 100
"""A workflow that was under way at so many crashes is not started again.

Each crash counts against all that run beside the guilty one, and so does each kill from outside: with 10,
twenty quick kills in a row left 34 innocent leads and clicks undone for good (tests/test_crash.py).
"""


class Engine:
    """Runs the pipelines of core on dbos, in this event loop, beside our tables in the same database."""

    def __init__(self, *, database: Database, database_url: str, executor_id: str) -> None:
        self._database = database
        driver_url = with_driver(database_url)
        config = DBOSConfig(
            name="basecamp",
            system_database_url=driver_url,
            system_database_engine=_sqlite_engine(driver_url) if database.is_sqlite else None,
            application_version=APPLICATION_VERSION,
            executor_id=executor_id,
            log_level="WARNING",
            serializer=DBOSPortableJSONSerializer(),
            sys_db_pool_size=10,
            max_executor_threads=32,
            notification_listener_polling_interval_sec=0.1,
        )
        DBOS(config=config)
        self._client = DBOSClient(
            system_database_url=driver_url,
            serializer=DBOSPortableJSONSerializer(),
            system_database_pool_size=2,
            application_name="basecamp",
            lazy=True,
        )

    async def start(self, desk: Desk, ringing: Ringing, reporting: Reporting, agent: Agent) -> None:
        """Register the pipelines, take up what an earlier process left unfinished, and begin."""
        parts = desk.parts
        _register("delivery_pipeline", delivery_pipeline, desk, about="submission_id")
        _register("reading_pipeline", reading_pipeline, desk, about="submission_id")
        _register("lead_pipeline", lead_pipeline, parts)
        _register("action_pipeline", action_pipeline, parts)
        _register("redo_pipeline", redo_pipeline, parts)
        _register("sla_pipeline", sla_pipeline, parts)
        _register("card_pipeline", card_pipeline, parts)
        _register("summary_pipeline", summary_pipeline, parts, about="burst")
        _register("ring_pipeline", ring_pipeline, ringing, about="batch")
        _register("report_pipeline", report_pipeline, reporting, about="desk")
        _register("opening_pipeline", opening_pipeline, parts)
        _register("turn_pipeline", turn_pipeline, parts)
        _register("nudge_pipeline", nudge_pipeline, parts)
        _register("source_pipeline", source_pipeline, parts)
        _register("hook_pipeline", hook_pipeline, parts)
        _register("asked_pipeline", asked_pipeline, agent, about="ts")
        DBOS.launch()
        await DBOS.register_queue_async(LEADS, worker_concurrency=20, polling_interval_sec=POLL_SECONDS)
        await DBOS.register_queue_async(ACTIONS, worker_concurrency=20, polling_interval_sec=POLL_SECONDS)
        await DBOS.register_queue_async(TURNS, worker_concurrency=20, polling_interval_sec=POLL_SECONDS)
        await DBOS.register_queue_async(ALARMS, worker_concurrency=20, polling_interval_sec=CALM_POLL_SECONDS)
        await DBOS.register_queue_async(HOOKS, worker_concurrency=10, polling_interval_sec=HOOKS_POLL_SECONDS)

    async def stop(self, *, drain_seconds: int = 20) -> None:
        """Let what runs come to its end, then stop; what did not make it goes on at the next start."""
        await _in_own_thread(
            lambda: DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=drain_seconds)
        )
        self._client.destroy()
        # dbos had put its executor in the loop's place, and has ended it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    def enlist(self, connection: Connection, lead_id: str) -> None:
        """Enqueue the lead's pipeline inside the caller's transaction."""
        options = _options("lead_pipeline", LEADS, f"lead:{lead_id}")
        self._client.enqueue_in_transaction(connection, options, lead_id)

    async def act(self, action: Action) -> None:
        """Enqueue the action; the same key twice is one."""
        await self._database.write(lambda connection: self.follow(connection, action), first=True)

    def follow(self, connection: Connection, action: Action) -> None:
        """Enqueue the action inside the caller's transaction."""
        options = _options("action_pipeline", ACTIONS, action.key)
        self._client.enqueue_in_transaction(connection, options, action.model_dump(mode="json"))

    async def answer(self, turn: Turn) -> None:
        """Enqueue the answer to a message to the bot; the same message twice is one."""
        options = _options("asked_pipeline", TURNS, turn.key)
        await self._enqueue(options, turn.model_dump(mode="json"), first=True)

    async def read_again(self, key: str, reading: Mapping[str, str]) -> None:
        """Enqueue what an admin asked for; the same key twice is one."""
        await self._enqueue(_options("reading_pipeline", ACTIONS, key), dict(reading))

    def set_alarm(self, connection: Connection, alarm: Alarm) -> None:
        """Enqueue the alarm inside the caller's transaction, to run when it is due."""
        options = _options("sla_pipeline", ALARMS, alarm.key)
        if (wait := (alarm.at - utcnow()).total_seconds()) > 0:
            options["delay_seconds"] = wait + 0.002  # dbos cuts it to milliseconds: never too early
        self._client.enqueue_in_transaction(connection, options, alarm.model_dump(mode="json"))

    def post(self, connection: Connection, lead_id: str) -> None:
        """Enqueue the posting of a card whose turn has come, inside the caller's transaction.

        Among the actions, which are quick: many leads may be on their way.
        """
        options = _options("card_pipeline", ACTIONS, f"card:{lead_id}")
        self._client.enqueue_in_transaction(connection, options, lead_id)

    def ring(self, connection: Connection, batch: str) -> None:
        """Enqueue what somebody is told, inside the caller's transaction."""
        self._client.enqueue_in_transaction(connection, _options("ring_pipeline", ACTIONS, batch), batch)

    async def summarise(self, key: str, edition: int) -> None:
        """Enqueue the showing of a summary; the same edition twice is one."""
        await self._enqueue(_options("summary_pipeline", ACTIONS, f"{key}:{edition}"), key)

    async def report(self, report: Report) -> None:
        """Enqueue a report; the same desk's of the same day is one, whoever asks for it."""
        await self._enqueue(_options("report_pipeline", ACTIONS, report.key), report.model_dump(mode="json"))

    def deliver(self, connection: Connection, submission_id: str, key: str) -> None:
        """Enqueue another reading of a kept delivery inside the caller's transaction; the key says which."""
        options = _options("delivery_pipeline", LEADS, f"delivery:{submission_id}:{key}")
        self._client.enqueue_in_transaction(connection, options, submission_id)

    async def fetch(self, submission_id: str, attempt: int) -> None:
        """Enqueue another attempt to fetch a lead; the same attempt twice is one."""
        await self._database.write(lambda connection: self.deliver(connection, submission_id, str(attempt)))

    async def open_talk(self, lead_id: str) -> None:
        """Enqueue the first question to the lead's writer; twice is once."""
        await self._enqueue(_options("opening_pipeline", ACTIONS, f"open:{lead_id}"), lead_id)

    def hear(self, connection: Connection, lead_id: str, place: str, turn_id: str) -> None:
        """Enqueue what comes of a turn of a conversation inside the caller's transaction."""
        options = _options("turn_pipeline", ACTIONS, f"turn:{lead_id}:{turn_id}")
        turn = {"lead_id": lead_id, "place": place, "turn_id": turn_id}
        self._client.enqueue_in_transaction(connection, options, turn)

    async def reword(self, change: Change) -> None:
        """Enqueue what was done to a lead's message; the same key twice is one."""
        await self._database.write(lambda connection: self.reword_in(connection, change))

    def reword_in(self, connection: Connection, change: Change) -> None:
        """The same inside the caller's transaction."""
        options = _options("source_pipeline", ACTIONS, f"source:{change.lead_id}:{change.key}")
        self._client.enqueue_in_transaction(connection, options, change.model_dump(mode="json"))

    async def nudge(self, due: Conversation) -> None:
        """Enqueue the question after silence; the same silence twice is one."""
        since = 0 if due.nudge_at is None else due.nudge_at.timestamp()
        key = f"nudge:{due.lead_id}:{due.place.key}:{since:.0f}"
        nudge = {"lead_id": due.lead_id, "place": due.place.key, "key": key}
        await self._enqueue(_options("nudge_pipeline", ACTIONS, key), nudge)

    def tell(self, connection: Connection, call: Call) -> None:
        """Enqueue the next attempt of a call to a hook inside the caller's transaction."""
        options = _options("hook_pipeline", HOOKS, f"hook:{call.lead_id}:{call.call_id}:{call.attempts}")
        if call.next_at is not None and (wait := (call.next_at - utcnow()).total_seconds()) > 0:
            options["delay_seconds"] = wait
        subject = {"lead_id": call.lead_id, "call_id": call.call_id, "number": call.attempts}
        self._client.enqueue_in_transaction(connection, options, subject)

    async def redo(self, waiting: Waiting) -> None:
        """Enqueue another try at a part; the same attempt twice is one."""
        key = f"redo:{waiting.lead_id}:{waiting.part}:{waiting.since.timestamp():.0f}:{waiting.attempts}"
        options = _options("redo_pipeline", LEADS, key) | {"priority": BEHIND_NEW_LEADS}
        await self._enqueue(options, waiting.lead_id, waiting.part.value)

    async def forget(self, prefixes: Sequence[str]) -> None:
        """End and remove all work whose key begins with one of these, with what was asked for in it.

        What waits never starts; what runs has ENDING_SECONDS to come to its end.
        """
        waiting = await _keys(prefixes, status=["ENQUEUED", "DELAYED"])
        if waiting:
            await DBOS.cancel_workflows_async(waiting)
        patience = time.monotonic() + ENDING_SECONDS
        while await _keys(prefixes, status=["PENDING"]) and time.monotonic() < patience:  # noqa: ASYNC110 - dbos tells nobody
            await asyncio.sleep(POLL_SECONDS)
        if found := await _keys(prefixes):
            await DBOS.delete_workflows_async(found)

    async def forget_answered(self) -> None:
        """Remove what was written to the bot alone and is done: its answers stand in Slack, and say so."""
        if done := await _keys([ASKED], status=["SUCCESS", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]):
            await DBOS.delete_workflows_async(done)

    async def _enqueue(self, options: EnqueueOptions, *args: Any, first: bool = False) -> None:
        def enqueue(connection: Connection) -> None:
            self._client.enqueue_in_transaction(connection, options, *args)

        await self._database.write(enqueue, first=first)

    async def foreign_executors(self, own: str) -> set[str]:
        """The names of other processes that have work under way."""
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        return {each.executor_id for each in pending if each.executor_id not in {None, own}}

    async def adopt(self, executor: str) -> None:
        """Resume here what a dead process left PENDING; after ADOPTIONS times, a person has to look."""
        pending = await DBOS.list_workflows_async(
            status="PENDING", executor_id=executor, load_input=False, load_output=False
        )
        for each in pending:
            adopted = int((each.attributes or {}).get("adopted", 0))
            if adopted >= ADOPTIONS:
                log.error("workflow_left_alone", workflow=each.workflow_id, adopted=adopted)
                continue
            await DBOS.update_workflow_attributes_async(each.workflow_id, {"adopted": adopted + 1})
            await DBOS.resume_workflow_async(each.workflow_id, queue_name=each.queue_name)

    async def prune(self) -> None:
        """Delete what finished more than KEEP_FINISHED ago."""
        before = (utcnow() - KEEP_FINISHED).isoformat()
        done = await DBOS.list_workflows_async(
            status=["SUCCESS"], completed_before=before, limit=10_000, load_input=False, load_output=False
        )
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in done])


async def _keys(prefixes: Sequence[str], **more: Any) -> list[str]:
    """Of the work whose key begins so."""
    found = await DBOS.list_workflows_async(
        workflow_id_prefix=list(prefixes), load_input=False, load_output=False, **more
    )
    return [workflow.workflow_id for workflow in found]


async def _durable(name: str, function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """core.parts' Step: recorded when done, tried again when the weather was bad."""
    run: Callable[..., Awaitable[T]] = DBOS.run_step_async  # its overloads know no plain Awaitable
    return await run({"name": name, **STEP_RETRIES}, function, *args)


def _register(
    name: str,
    pipeline: Callable[..., Awaitable[None]],
    parts: Parts | Desk | Ringing | Reporting | Agent,
    *,
    about: str = "lead_id",
) -> None:
    """about: what the pipeline's first argument is or has, for the log."""

    async def run(subject: Any, *args: Any) -> None:
        bound = {about: subject if isinstance(subject, str) else subject[about]}
        with structlog.contextvars.bound_contextvars(**bound):
            try:
                await pipeline(_durable, parts, subject, *args)
            except Exception as error:
                # Where a pipeline's failure ends up: counted, logged without contact data, kept as ERROR.
                why = str(error) if isinstance(error, LeadDeskError) else type(error).__name__
                log.exception("pipeline_failed", pipeline=name, why=why)
                metrics.failures.labels("pipeline").inc()
                if name == "lead_pipeline" and isinstance(parts, Parts):
                    await _durable("announce_failure", parts.give_up, subject)
                    await _durable("show_failure", parts.show, subject)
                raise

    run.__qualname__ = name
    DBOS.workflow(name=name, max_recovery_attempts=RECOVERY_ATTEMPTS)(run)


def _sqlite_engine(url: str) -> sa.Engine:
    """Dbos' own connections, as it makes them, but without an fsync at each commit.

    Nothing acknowledged is lost by that: enqueueing happens on our connections, which sync; and a commit
    there syncs all that was written before it. What a power cut may take are records of steps done, and
    steps may run twice.
    """
    engine = sa.create_engine(url, pool_size=2, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        pragmas = ("foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _options(workflow: str, queue: str, key: str) -> EnqueueOptions:
    return {
        "workflow_name": workflow,
        "queue_name": queue,
        "workflow_id": key,
        "app_version": APPLICATION_VERSION,
    }


async def _in_own_thread(function: Callable[[], None]) -> None:
    """Run blocking code off the loop, not in the loop's default executor, which dbos is about to end."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def run() -> None:
        try:
            function()
        finally:
            loop.call_soon_threadsafe(done.set_result, None)

    threading.Thread(target=run, name="engine-stop").start()
    await done
