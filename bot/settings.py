"""Every setting of the product, in one class: the one place that reads the environment (and .env)."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    IPvAnyNetwork,
    PositiveFloat,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticUseDefault
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import prompts

SLACK_API_URL = "https://slack.com/api/"

MENDS = {
    "SLACK_BOT_TOKEN": "copy the Bot User OAuth Token (xoxb-…) from your app's OAuth & Permissions page",
    "SLACK_APP_TOKEN": "make an app-level token (xapp-…) with connections:write under Basic Information",
    "SLACK_SIGNING_SECRET": "copy the Signing Secret from Basic Information",
    "SLACK_DESK_CHANNEL": "the channel where cards are posted: its id (C…) or #name",
    "DATABASE_URL": "sqlite:///path/to/file.db or postgresql://user:password@host/database",
    "CRM": "airtable or local",
    "CRM_MAPPING": "notes, later, or the path of a mapping file (docs/crm.md)",
    "HTTP_PORT": "a port number, 0 to 65535",
    "BUSINESS_TYPES": 'JSON, source or Slack channel id to business type, such as {"spa-form": "medspa"}',
    "DESKS_DIR": "a folder with a .yaml file for each desk (`basecamp routing check`)",
    "PUBLIC_URL": "where it is reached from outside, without a path: https://leads.example.com",
    "PROMPTS_DIR": "a folder of further business types, one .toml file each",
    "TRUSTED_PROXIES": "addresses or networks of your reverse proxies: 10.0.0.2, 172.16.0.0/12",
    "CORS_ORIGINS": "web pages' origins that may call the API: https://www.example.com",
    "REDIS_URL": "redis://host:6379/0",
    "TIME_ZONE": "a name such as Europe/Berlin or America/New_York",
    "WEBHOOK_SECRETS": 'JSON such as {"typeform": ["new secret", "old secret"]}',
}


class BadSettings(Exception):
    """What is wrong with the settings: one line a mistake, each with its mend."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class NeededToRun(BaseSettings):
    """The settings without a default, as the environment has them; what is empty is not set."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_desk_channel: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_set(cls, value: Any, info: ValidationInfo) -> Any:
        if value == "" and info.field_name != "ollama_model":
            raise PydanticUseDefault
        return value

    def mistakes(self) -> list[str]:
        """What still keeps the bot from running, each with its mend; empty when it can run."""
        missing = []
        if self.slack_bot_token is None:
            missing.append("SLACK_BOT_TOKEN")
        if self.slack_app_token is None and self.slack_signing_secret is None:
            missing.append("SLACK_APP_TOKEN")
        if self.slack_desk_channel is None:
            missing.append("SLACK_DESK_CHANNEL")
        return [f"{name} is missing: {MENDS[name]}" for name in missing]


class Settings(NeededToRun):
    """Names are those of the environment, in lower case (DESIGN 7)."""

    slack_api_url: str = SLACK_API_URL
    slack_watch_channels: Annotated[tuple[str, ...], NoDecode] = ()
    slack_source_bots: Annotated[tuple[str, ...], NoDecode] = ()
    slack_desk_members: Annotated[tuple[str, ...], NoDecode] = ()
    desk_admins: Annotated[tuple[str, ...], NoDecode] = ()
    desk_managers: Annotated[tuple[str, ...], NoDecode] = ()
    desk_viewers: Annotated[tuple[str, ...], NoDecode] = ()
    desks_dir: Path | None = None
    slack_pace: PositiveFloat = 1.0

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=3000, ge=0, le=65535)
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    webhook_secrets: Annotated[dict[str, tuple[Annotated[SecretStr, Field(min_length=1)], ...]], NoDecode] = (
        Field(default_factory=dict)
    )

    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+$")
    facebook_token: SecretStr | None = None
    facebook_verify_token: SecretStr | None = None
    facebook_api_url: str = "https://graph.facebook.com/v23.0"
    hubspot_token: SecretStr | None = None
    hubspot_api_url: str = "https://api.hubapi.com"
    rate_limit_per_minute: int = Field(default=0, ge=0)
    forms_per_ten_minutes: int = Field(default=20, ge=0)
    wrong_keys_per_minute: int = Field(default=30, ge=0)
    redis_url: str | None = Field(default=None, pattern="^rediss?://")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    hooks_private: bool = False

    data_dir: Path = Path("data")
    database_url: str | None = None
    model_dir: Path = Path(sys.prefix) / "share" / "basecamp" / "models"
    chroma_url: str | None = None
    embedding_model: str = "all-MiniLM-L6-v2"

    ollama_host: str = "http://127.0.0.1:11434"
    ollama_model: str | None = "qwen3:4b"
    ollama_timeout: PositiveFloat = 60.0

    airtable_api_key: SecretStr | None = None
    airtable_base_id: str | None = None
    airtable_table_name: str = "Leads"
    airtable_endpoint_url: str = "https://api.airtable.com"
    crm: Literal["airtable", "local"] | None = None
    crm_mapping: str = "notes"

    prompts_dir: Path | None = None
    business_type: str = "general"
    business_types: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    time_zone: str = "UTC"
    phone_region: str = Field(default="US", pattern="^[A-Z]{2}$")
    lead_similarity_threshold: float = Field(default=0.85, ge=-1, le=1)
    search_threshold: float = Field(default=0.35, ge=-1, le=1)
    max_similar_leads: int = Field(default=5, ge=1, le=50)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    executor_id: str = "basecamp-1"

    @field_validator(
        "slack_watch_channels",
        "slack_source_bots",
        "slack_desk_members",
        "desk_admins",
        "desk_managers",
        "desk_viewers",
        "api_keys",
        "trusted_proxies",
        "cors_origins",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("webhook_secrets", "business_types", mode="before")
    @classmethod
    def _as_json(cls, value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) and value else value
        except ValueError:
            raise ValueError("is not JSON") from None

    @field_validator("slack_desk_channel")
    @classmethod
    def _is_a_channel(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"#\S+|[CG][A-Z0-9]+", value):
            raise ValueError("is no channel")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(f"{origin} is no origin")
        return value

    @field_validator("prompts_dir", "desks_dir")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder")
        return value

    @field_validator("business_type", "business_types")
    @classmethod
    def _known_business(cls, value: Any, info: ValidationInfo) -> Any:
        known = prompts.names(info.data.get("prompts_dir"))
        named = value.values() if isinstance(value, dict) else [value]
        if unknown := sorted(set(named) - set(known)):
            there = ", ".join(known)
            raise ValueError(f"there is no business type {', '.join(unknown)}; there are {there}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {value}") from None
        return value

    @field_validator("ollama_model", mode="before")
    @classmethod
    def _no_model(cls, value: Any) -> Any:
        return None if value == "" else value  # empty: by rules alone

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("only sqlite:/// and postgresql:// are supported")
        return value

    @field_validator("crm")
    @classmethod
    def _airtable_is_whole(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value == "airtable" and not (info.data["airtable_api_key"] and info.data["airtable_base_id"]):
            raise ValueError("airtable needs AIRTABLE_API_KEY and AIRTABLE_BASE_ID")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL, without a driver; by default a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'basecamp.db'}"

    @property
    def identity_weights(self) -> Path:
        """Where `basecamp learn identity --apply` keeps the weights it learned."""
        return self.data_dir / "identity_weights.json"

    @property
    def crm_kind(self) -> Literal["airtable", "local"]:
        """The CRM in use: as set, else Airtable when its key and base are set, else the local one."""
        return self.crm or ("airtable" if self.airtable_api_key and self.airtable_base_id else "local")


def load(*, to_run: bool = False) -> Settings:
    """The settings from the environment and .env; raise BadSettings with every mistake at once.

    to_run: what is missing to run the bot is a mistake too.
    """
    mistakes = NeededToRun().mistakes() if to_run else []
    try:
        settings = Settings()
    except ValidationError as error:
        raise BadSettings([_mistake(e["loc"], e["msg"]) for e in error.errors()] + mistakes) from None
    if mistakes:
        raise BadSettings(mistakes)
    return settings


def _mistake(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]).upper() if location else "settings"
    mend = f": {MENDS[name]}" if name in MENDS else ""
    return f"{name}: {message.removeprefix('Value error, ')}{mend}"
