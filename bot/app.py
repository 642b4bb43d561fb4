"""The composition root: every part of the product is made and wired here, and nowhere else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web
from pydantic import ValidationError
from slack_bolt.async_app import AsyncApp

import prompts
from bot.crm_hook import CrmHook
from bot.engine import Engine
from bot.executors import Executors
from bot.schedule import Schedule
from bot.settings import Settings
from core import metrics
from core.adapters.airtable import Airtable
from core.adapters.chroma import Chroma
from core.adapters.embedder import LoadedEmbedder, NoEmbedder, open_embedder
from core.adapters.facebook import FacebookLeads
from core.adapters.hook_post import HookPost
from core.adapters.hubspot import HubSpotContacts
from core.adapters.known_texts import KnownTexts
from core.adapters.local_crm import LocalCrm
from core.adapters.ollama import Ollama
from core.analyze import Analyst
from core.crm.mapping import FieldMapping, load_mapping
from core.crm.sync import CrmSync
from core.desk import Desk
from core.deskfile import BadDeskFile, load_desk_files
from core.desks import Desks
from core.desks import desks as desks_of
from core.errors import Refused
from core.hooks.telling import Telling
from core.identity import SHIPPED, Weights
from core.learning.head import Head, load_heads
from core.noise.reporting import Reporting
from core.noise.telling import Ringing
from core.pace import SECOND
from core.pipeline import Parts
from core.ports import CrmTable, Embedder, FormVendor, LanguageModel, VectorIndex
from core.recognise import Recogniser
from core.routing.assigning import Router
from core.routing.rulebook import tell_what_ended
from core.similar.search import Search
from core.sla.timing import Timing
from core.store import Store, open_store
from core.store.call_slots import CallSlots
from handlers.asking import SlackShapeBoard
from handlers.board import SlackBoard
from handlers.posting import Posting
from handlers.reporting import SlackReporter
from handlers.slack import (
    actions,
    agent,
    bursts,
    commands,
    home,
    invitations,
    looks,
    me,
    mentions,
    menu,
    merge,
    messages,
    reactions,
    rules,
    shapes,
    shortcuts,
    similar,
    verbs,
)
from handlers.slack.api import SECONDS_A_POST, Slack
from handlers.slack.directory import Directory, Listed
from handlers.slack.homes import Homes
from handlers.slack.socket import Socket
from handlers.slack.turns import Turns
from handlers.telling import SlackTeller
from handlers.web import crm_changes, deliveries, health, webhooks
from handlers.web.api.routes import routes as api_routes
from handlers.web.app import slack_events, web_app
from handlers.web.forms.routes import Forms
from handlers.web.forms.routes import routes as form_routes
from handlers.web.forms.token import Tokens, key_in
from handlers.web.guards import KEEPALIVE_SECONDS, finish, guards
from handlers.web.keys import Keys
from handlers.web.limits import Limits
from prompts import BadBusinessFile, BusinessType

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class App:
    """The running product, as tests and the command line see it.

    Attributes:
        url: where its web server listens.
    """

    desk: Desk
    engine: Engine
    schedule: Schedule
    url: str

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
        slack = Slack(_secret(settings.slack_bot_token), settings.slack_api_url, pace=settings.slack_pace)
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
                heads=_heads(settings, businesses),
                time_zone=settings.zone,
            ),
            crm=_crm(stack, settings, store, desks, crm),
            board=board,
            members=directory,
            notices=ringing,
            voice=board,
            open_talk=engine.open_talk,
            desks=desks,
            telling=make_telling(settings, store, engine, stack),
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
        stack.callback(schedule.stop)
        bolt = _bolt(settings, slack, desk, directory, turns)
        changes = crm_changes.routes(secret=hook.secret, ring=schedule.ring) if hook else ()
        url = await _serve(stack, settings, desk, engine, bolt, changes=changes)
        if settings.slack_app_token is not None:
            socket = Socket(bolt, _secret(settings.slack_app_token))
            socket.start()
            stack.push_async_callback(socket.stop)
        yield App(desk=desk, engine=engine, schedule=schedule, url=url)


def _secret(value: object) -> str:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else ""


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


def _heads(settings: Settings, businesses: Mapping[str, BusinessType]) -> Mapping[str, Head]:
    """What was learned of intents, as far as it fits the business types of today."""
    heads, left_out = load_heads(
        settings.data_dir, {name: business.digest for name, business in businesses.items()}
    )
    for why in left_out:
        log.warning("head_left_out", why=why)
    return heads


async def _warm_up(parts: Parts) -> None:
    """What the first leads would otherwise wait for; they may come before it is done."""
    await tell_what_ended(parts)
    await parts.search.warm_up()
    await parts.analyst.warm_up()


def load_businesses(settings: Settings) -> Mapping[str, BusinessType]:
    """Every business type there is; Refused, each mistake on a line of its own, when a file is wrong."""
    try:
        return prompts.load_every(settings.prompts_dir)
    except BadBusinessFile as error:
        raise Refused("Business types", f"{error}\n(see `basecamp prompts check`)") from None


def load_desks(settings: Settings, businesses: Collection[str]) -> Desks:
    """All desks; Refused, each mistake on a line of its own, when a file is wrong."""
    try:
        files = load_desk_files(settings.desks_dir) if settings.desks_dir else ()
    except BadDeskFile as error:
        raise Refused("Desks", f"{error}\n(see `basecamp routing check`)") from None
    unknown = {each.business_type for each in files} - {None, *businesses}
    if unknown:
        there = f"there are {', '.join(sorted(businesses))}"
        raise Refused("Desks", f"there is no business type {', '.join(sorted(map(str, unknown)))}; {there}")
    return desks_of(
        files,
        settings.slack_desk_channel or "",
        time_zone=settings.time_zone,
        business_type=settings.business_type,
    )


def listed(settings: Settings) -> Listed:
    """Who the settings name."""
    return Listed(
        members=settings.slack_desk_members,
        admins=settings.desk_admins,
        managers=settings.desk_managers,
        viewers=settings.desk_viewers,
    )


def load_embedder(settings: Settings) -> LoadedEmbedder:
    """The embedding; where there is none, one that says so at each lead, since leads come first. Blocks."""
    try:
        return open_embedder(settings.model_dir, settings.embedding_model)
    except Refused as error:
        log.error("no_embedding", why=error.why)  # noqa: TRY400 - the sentence says it all
        return NoEmbedder(error)


def load_weights(settings: Settings) -> Weights:
    """The identity weights in use: learned ones if there are any, else those shipped; Refused if damaged."""
    file = settings.identity_weights
    try:
        return Weights.model_validate_json(file.read_bytes()) if file.exists() else SHIPPED
    except (OSError, ValidationError):
        mend = "run `basecamp learn identity --apply` anew, or remove it to use the shipped ones"
        raise Refused("Identity weights", f"{file} cannot be read; {mend}") from None


def make_model(settings: Settings) -> Ollama | None:
    """The language model of the settings; None: leads are read by rules."""
    if settings.ollama_model is None:
        return None
    return Ollama(settings.ollama_host, settings.ollama_model, settings.ollama_timeout)


def _crm(
    stack: AsyncExitStack, settings: Settings, store: Store, desks: Desks, table: CrmTable | None
) -> CrmSync:
    mappings = load_mappings(settings, desks)
    if table is None:
        table = make_crm(settings, store, mappings)
        stack.push_async_callback(table.close)
    return CrmSync(store=store, table=table, mapping=mappings.of)


def _hook(settings: Settings, store: Store, table: CrmTable) -> CrmHook | None:
    if settings.public_url is None or not isinstance(table, Airtable):
        return None
    return CrmHook(store, table, settings.public_url)


@dataclass(frozen=True)
class Mappings:
    """What each desk's leads say in the CRM; ``plain`` is CRM_MAPPING, of desks that name none."""

    plain: FieldMapping
    by_desk: Mapping[str, FieldMapping]

    def of(self, desk: str) -> FieldMapping:
        """The desk's."""
        return self.by_desk.get(desk, self.plain)

    @property
    def every(self) -> tuple[FieldMapping, ...]:
        """All of them, each once."""
        return tuple({each.name: each for each in (self.plain, *self.by_desk.values())}.values())

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that any of them names."""
        return tuple(dict.fromkeys(column.field for mapping in self.every for column in mapping.columns))


def load_mappings(settings: Settings, desks: Desks) -> Mappings:
    """The mappings; Refused, each mistake on a line of its own, when a file is wrong."""
    folder = settings.desks_dir or Path()
    try:
        return Mappings(
            load_mapping(settings.crm_mapping, Path()),
            {each.channel: load_mapping(each.crm.mapping, folder) for each in desks.files if each.crm},
        )
    except BadDeskFile as error:
        raise Refused("CRM mapping", str(error)) from None


def make_crm(settings: Settings, store: Store, mappings: Mappings) -> CrmTable:
    """The CRM of the settings."""
    if settings.crm_kind == "local":
        return LocalCrm(store.database, mappings.fields)
    return make_airtable(settings, store, mappings)


def make_airtable(settings: Settings, store: Store, mappings: Mappings) -> Airtable:
    """Airtable, its turns shared with all processes on this database."""
    base_id = settings.airtable_base_id or ""
    return Airtable(
        api_key=_secret(settings.airtable_api_key),
        base_id=base_id,
        table_name=settings.airtable_table_name,
        endpoint_url=settings.airtable_endpoint_url,
        fields=mappings.fields,
        pace=CallSlots(store.database, f"airtable:{base_id}", SECOND),
    )


def form_vendors(settings: Settings, stack: AsyncExitStack) -> Mapping[str, FormVendor]:
    """The senders that keep their leads and for which there is a token, by the names of their sources."""
    found: dict[str, FormVendor] = {}
    if settings.facebook_token is not None:
        found["facebook"] = FacebookLeads(_secret(settings.facebook_token), settings.facebook_api_url)
    if settings.hubspot_token is not None:
        found["hubspot"] = HubSpotContacts(_secret(settings.hubspot_token), settings.hubspot_api_url)
    for vendor in found.values():
        stack.push_async_callback(vendor.close)
    return found


def make_telling(settings: Settings, store: Store, engine: Engine, stack: AsyncExitStack) -> Telling:
    """Who is told of what happens to leads."""
    post = HookPost(private=settings.hooks_private)
    stack.push_async_callback(post.close)
    return Telling(store=store, post=post, enlist=engine.tell)


def _bolt(settings: Settings, slack: Slack, desk: Desk, directory: Directory, turns: Turns) -> AsyncApp:
    bolt = AsyncApp(
        client=slack.client,
        signing_secret=_secret(settings.slack_signing_secret) or None,
        logger=logging.getLogger("slack_bolt"),  # else at the root's level, where it logs whole messages
    )
    actions.register(bolt, desk)
    commands.register(bolt, desk, slack, directory)
    looks.register(bolt, desk, directory)
    verbs.register(bolt, desk)
    mentions.register(bolt, desk, slack, directory)
    shortcuts.register(bolt, desk, slack, directory)
    reactions.register(bolt, desk, slack, directory)
    similar.register(bolt, desk, directory)
    merge.register(bolt, desk, slack)
    menu.register(bolt, desk, slack)
    rules.register(bolt, desk, slack, directory)
    bursts.register(bolt, desk, directory)
    invitations.register(bolt, desk)
    shapes.register(bolt, desk, slack)
    messages.register(bolt, desk, directory, frozenset(settings.slack_source_bots))
    agent.register(bolt, desk, slack, turns)
    homes = Homes(desk, slack, directory)
    home.register(bolt, desk, homes)
    me.register(bolt, desk, slack, homes)
    return bolt


async def _serve(
    stack: AsyncExitStack,
    settings: Settings,
    desk: Desk,
    engine: Engine,
    bolt: AsyncApp,
    *,
    changes: Iterable[web.RouteDef],
) -> str:
    async def measure() -> None:
        await engine.measure()
        metrics.parts_waiting.clear()
        for part, count in (await desk.parts.store.waiting.counts()).items():
            metrics.parts_waiting.labels(part.value).set(count)

    secrets = {
        source: [secret.get_secret_value() for secret in listed]
        for source, listed in settings.webhook_secrets.items()
    }
    api_keys = [key.get_secret_value() for key in settings.api_keys]
    limits = Limits(settings.rate_limit_per_minute, settings.redis_url)
    keys = Keys(plain=api_keys, kept=desk.parts.store.api_keys, limits=limits)
    stack.push_async_callback(limits.close)
    app = web_app(
        webhooks.routes(
            desk,
            api_keys=api_keys,
            secrets=secrets,
            public_url=settings.public_url,
            facebook_verify_token=_secret(settings.facebook_verify_token),
        ),
        deliveries.routes(desk, keys),
        form_routes(
            Forms(
                desk=desk,
                tokens=Tokens(await asyncio.to_thread(key_in, settings.data_dir)),
                public_url=settings.public_url,
            )
        ),
        api_routes(desk, keys),
        health.routes(ready=lambda: True, measure=measure),
        changes,
        [] if settings.slack_app_token else slack_events(bolt),
        guards=guards(limits=limits, proxies=settings.trusted_proxies),
        finish=finish(settings.cors_origins),
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=10, keepalive_timeout=KEEPALIVE_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.http_host, settings.http_port)
    try:
        await site.start()
    except OSError as error:
        place = f"{settings.http_host}:{settings.http_port}"
        raise Refused("HTTP", f"cannot listen on {place} ({error.strerror}): set HTTP_PORT") from None
    port = runner.addresses[0][1]
    return f"http://{settings.http_host}:{port}"
