"""What the settings make: business types, desks, the embedding, the model, the CRM. Commands use it too."""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError

import prompts
from bot.engine import Engine
from bot.settings import Settings
from core.adapters.airtable import Airtable
from core.adapters.embedder import LoadedEmbedder, NoEmbedder, open_embedder
from core.adapters.facebook import FacebookLeads
from core.adapters.hook_post import HookPost
from core.adapters.hubspot import HubSpotContacts
from core.adapters.local_crm import LocalCrm
from core.adapters.ollama import Ollama
from core.crm.mapping import FieldMapping, load_mapping
from core.deskfile import BadDeskFile, load_desk_files
from core.desks import Desks
from core.desks import desks as desks_of
from core.errors import Refused
from core.hooks.telling import Telling
from core.identity import SHIPPED, Weights
from core.learning.head import Head, load_heads
from core.pace import SECOND
from core.ports import CrmTable, FormVendor
from core.store import Store
from core.store.call_slots import CallSlots
from handlers.slack.directory import Listed
from prompts import BadBusinessFile, BusinessType

log = structlog.get_logger()


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


def heads_of(settings: Settings, businesses: Mapping[str, BusinessType]) -> Mapping[str, Head]:
    """What was learned of intents, as far as it fits the business types of today."""
    heads, left_out = load_heads(
        settings.data_dir, {name: business.digest for name, business in businesses.items()}
    )
    for why in left_out:
        log.warning("head_left_out", why=why)
    return heads


def make_model(settings: Settings) -> Ollama | None:
    """The language model of the settings; None: leads are read by rules."""
    if settings.ollama_model is None:
        return None
    return Ollama(settings.ollama_host, settings.ollama_model, settings.ollama_timeout)


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
        api_key=secret(settings.airtable_api_key),
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
        found["facebook"] = FacebookLeads(secret(settings.facebook_token), settings.facebook_api_url)
    if settings.hubspot_token is not None:
        found["hubspot"] = HubSpotContacts(secret(settings.hubspot_token), settings.hubspot_api_url)
    for vendor in found.values():
        stack.push_async_callback(vendor.close)
    return found


def make_telling(settings: Settings, store: Store, engine: Engine, stack: AsyncExitStack) -> Telling:
    """Who is told of what happens to leads."""
    post = HookPost(private=settings.hooks_private)
    stack.push_async_callback(post.close)
    return Telling(store=store, post=post, enlist=engine.tell)


def secret(value: object) -> str:
    """A secret of the settings as text; empty when it is not set."""
    return value.get_secret_value() if hasattr(value, "get_secret_value") else ""
