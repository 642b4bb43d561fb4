"""The composition root: every part of the product is made and wired here, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.crm_hook import CrmHook
from bot.doors import bolt_app, serve
from bot.engine import Engine
from bot.executors import Executors
from bot.making import (
    form_vendors,
    heads_of,
    listed,
    load_businesses,
    load_desks,
    load_embedder,
    load_mappings,
    load_weights,
    make_crm,
    make_model,
    make_telling,
    secret,
)
from bot.schedule import Schedule
from bot.settings import Settings
from core.adapters.airtable import Airtable
from core.adapters.chroma import Chroma
from core.adapters.known_texts import KnownTexts
from core.analyze import Analyst
from core.crm.sync import CrmSync
from core.desk import Desk
from core.desks import Desks
from core.hooks.telling import Telling
from core.noise.reporting import Reporting
from core.noise.telling import Ringing
from core.parts import Parts
from core.ports import CrmTable, Embedder, LanguageModel, VectorIndex
from core.recognise import Recogniser
from core.routing.assigning import Router
from core.routing.rulebook import tell_what_ended
from core.similar.search import Search
from core.sla.timing import Timing
from core.store import Store, open_store
from handlers.asking import SlackShapeBoard
from handlers.board import SlackBoard
from handlers.posting import Posting
from handlers.reporting import SlackReporter
from handlers.slack.api import SECONDS_A_POST, Slack
from handlers.slack.directory import Directory
from handlers.slack.socket import Socket
from handlers.slack.turns import Turns
from handlers.telling import SlackTeller
from handlers.web import crm_changes
from handlers.web.reading import body_reader

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class App:
    """The running product, as tests and the command line see it.

    Attributes:
        url: where its web server listens.
        warming: ends when nothing is loaded any more that the first leads would wait for.
    """

    desk: Desk
    engine: Engine
    schedule: Schedule
    url: str
    warming: asyncio.Task[None]

    @property
    def store(self) -> Store:
        """The open store."""
        return self.desk.parts.store


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    embedder: Embedder | None = None,
    index: VectorIndex | None = None,
    model: LanguageModel | None = None,
    crm: CrmTable | None = None,
) -> AsyncIterator[App]:
    """The product from open to closed; what is given replaces what the settings would make."""
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database)
        stack.push_async_callback(store.close)
        slack = Slack(secret(settings.slack_bot_token), settings.slack_api_url, pace=settings.slack_pace)
        stack.push_async_callback(slack.close)
        businesses = load_businesses(settings)
        desks = load_desks(settings, businesses)
        directory = Directory(slack, listed=listed(settings), desks=desks)
        if embedder is None:
            loaded = await asyncio.to_thread(load_embedder, settings)
            stack.callback(loaded.close)
            embedder = loaded
        if index is None:
            chroma = Chroma(settings.data_dir / "chroma", settings.chroma_url)
            stack.push_async_callback(chroma.close)
            index = chroma
        if model is None and (ollama := make_model(settings)) is not None:
            stack.push_async_callback(ollama.close)
            model = ollama

        def hidden(business_type: str) -> frozenset[str]:
            return businesses[business_type].hidden

        search = Search(
            store,
            embedder,
            index,
            threshold=settings.lead_similarity_threshold,
            limit=settings.max_similar_leads,
            search_threshold=settings.search_threshold,
        )
        stack.push_async_callback(search.close)
        pace = timedelta(seconds=SECONDS_A_POST / settings.slack_pace)
        board, ringing, reporting = _voices(store, slack, directory, desks, hidden=hidden, pace=pace)
        engine = Engine(
            database=store.database, database_url=settings.database, executor_id=settings.executor_id
        )
        telling = make_telling(settings, store, engine, stack)
        parts = Parts(
            store=store,
            search=search,
            recogniser=Recogniser(
                store=store, search=search, region=settings.phone_region, weights=load_weights(settings)
            ),
            analyst=Analyst(
                businesses,
                KnownTexts(embedder, settings.model_dir),
                model,
                answers=store.answers,
                heads=heads_of(settings, businesses),
                time_zone=settings.zone,
            ),
            crm=_crm(stack, settings, store, desks, crm, telling=telling),
            board=board,
            members=directory,
            notices=ringing,
            voice=board,
            open_talk=engine.open_talk,
            desks=desks,
            telling=telling,
            timing=Timing(store=store, desks=desks, set_alarm=engine.set_alarm, leaders=directory.leaders),
            routing=Router(store=store, desks=desks, accounts=directory),
            journal=engine,
            shape_board=SlackShapeBoard(store, Posting(store.posts, slack), directory),
            form_vendors=form_vendors(settings, stack),
        )
        desk = Desk(
            parts=parts,
            queue=engine,
            watched=settings.slack_watch_channels or desks.channels,
            business_type=settings.business_type,
            by_source=settings.business_types,
            business_types=frozenset(businesses),
            region=settings.phone_region,
            hidden=hidden,
            read_body=body_reader(settings.phone_region),
        )
        executors = None
        if not store.database.is_sqlite:
            executors = await Executors.join(settings.database, engine, settings.executor_id)
            stack.push_async_callback(executors.leave)
        stack.push_async_callback(engine.stop)  # after the doors are closed, before what its steps use
        turns = Turns(desk, slack, directory)
        await engine.start(desk, ringing, reporting, turns)
        warming = asyncio.create_task(_warm_up(parts), name="warm-up")
        stack.callback(warming.cancel)
        hook = _hook(settings, store, parts.crm.table)
        schedule = Schedule(engine, parts, executors, pace=pace, hook=hook)
        schedule.start()
        stack.push_async_callback(schedule.stop)
        bolt = bolt_app(settings, slack, desk, directory, turns)
        changes = crm_changes.routes(secret=hook.secret, ring=schedule.ring) if hook else ()
        url = await serve(stack, settings, desk, bolt, changes=changes)
        if settings.slack_app_token is not None:
            socket = Socket(bolt, secret(settings.slack_app_token))
            socket.start()
            stack.push_async_callback(socket.stop)
        yield App(desk=desk, engine=engine, schedule=schedule, url=url, warming=warming)


def _voices(
    store: Store,
    slack: Slack,
    directory: Directory,
    desks: Desks,
    *,
    hidden: Callable[[str], frozenset[str]],
    pace: timedelta,
) -> tuple[SlackBoard, Ringing, Reporting]:
    """What speaks in Slack by itself: cards, notices and reports."""
    posting = Posting(store.posts, slack)
    teller = SlackTeller(store.posts, posting, slack, directory, hidden=hidden)
    reporter = SlackReporter(store.posts, posting, directory, hidden=hidden)
    return (
        SlackBoard(store, posting, directory, desks, hidden=hidden, pace=pace),
        Ringing(store=store, desks=desks, teller=teller),
        Reporting(store=store, desks=desks, reporter=reporter),
    )


async def _warm_up(parts: Parts) -> None:
    """What the first leads would otherwise wait for; they may come before it is done."""
    await tell_what_ended(parts)
    await parts.search.warm_up()
    await parts.analyst.warm_up()


def _crm(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    desks: Desks,
    table: CrmTable | None,
    *,
    telling: Telling,
) -> CrmSync:
    mappings = load_mappings(settings, desks)
    if table is None:
        table = make_crm(settings, store, mappings)
        stack.push_async_callback(table.close)
    return CrmSync(store=store, table=table, mapping=mappings.of, announce=telling.announce_in)


def _hook(settings: Settings, store: Store, table: CrmTable) -> CrmHook | None:
    if settings.public_url is None or not isinstance(table, Airtable):
        return None
    return CrmHook(store, table, settings.public_url)
