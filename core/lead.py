"""The lead and everything said about it, as frozen values; the JSON of these models is the public JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MESSAGE_MAX = 10_000
"""Longest message, in characters (the original's limit, SEED.md)."""


def utcnow() -> datetime:
    """The current time, aware, UTC."""
    return datetime.now(UTC)


def age_seconds(lead_id: str) -> float:
    """Seconds since the lead was stored: a UUIDv7 begins with its time in ms (RFC 9562, 5.7)."""
    return utcnow().timestamp() - int(lead_id.replace("-", "")[:12], 16) / 1000


SYSTEM = "system"
"""The actor of what happened without anybody being asked."""


class Value(BaseModel):
    """An immutable value with exactly its declared fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Intent(StrEnum):
    """What the writer wants (SEED.md; spam and solicitation are ours)."""

    INQUIRY = "inquiry"
    APPOINTMENT_REQUEST = "appointment_request"
    QUOTE_REQUEST = "quote_request"
    SUPPORT = "support"
    COMPLAINT = "complaint"
    GENERAL = "general"
    SPAM = "spam"
    SOLICITATION = "solicitation"


class SubIntent(StrEnum):
    """Intents of the earlier system (SEED.md): each is one of ours, and kept beside it."""

    SERVICE_REQUEST = "service_request"
    CONSULTATION_REQUEST = "consultation_request"
    PACKAGE_INQUIRY = "package_inquiry"
    INFORMATION_REQUEST = "information_request"
    PROJECT_INQUIRY = "project_inquiry"
    EFFICIENCY_PROJECT = "efficiency_project"
    SUPPORT_REQUEST = "support_request"
    GENERAL_INQUIRY = "general_inquiry"


class Urgency(StrEnum):
    """How soon somebody must act, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Status(StrEnum):
    """How far our own processing has come."""

    RAW = "raw"
    PROCESSING = "processing"
    ENRICHED = "enriched"
    SYNCED = "synced"
    FAILED = "failed"


class DeskStatus(StrEnum):
    """What the sales team has made of the lead."""

    NEW = "new"
    CLAIMED = "claimed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SNOOZED = "snoozed"
    WON = "won"
    LOST = "lost"
    SPAM = "spam"
    MERGED = "merged"
    ARCHIVED = "archived"  # brought in from earlier years without a word on how it ended


OPEN = frozenset({DeskStatus.NEW, DeskStatus.CLAIMED, DeskStatus.APPROVED, DeskStatus.SNOOZED})
"""The states in which there is still something to do."""


class SyncStatus(StrEnum):
    """Where the CRM record stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"


class MatchKind(StrEnum):
    """Why an earlier lead belongs with this one."""

    DUPLICATE = "duplicate"  # same person, same request
    REPEAT = "repeat"  # same person, new request
    SIMILAR = "similar"  # another person, alike request


class Part(StrEnum):
    """A part of a lead's processing that may be missing a while; redone when its service is back."""

    CARD = "card"
    MATCHES = "matches"
    ANALYSIS = "analysis"
    CRM = "crm"


class Contact(Value):
    """Who to answer, as the sender gave it; every field may be missing."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None

    @property
    def name(self) -> str | None:
        """First and last name as people write them, or None."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None


class Also(Value):
    """What leads that were merged into this one say of the person, beside its own contact."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()


class Entity(Value):
    """A fact found in the message, with the literal words it was found in."""

    value: str
    quote: str


Unit = Annotated[float, Field(ge=0, le=1)]


class Analysis(Value):
    """What the message says, by whom it was read, and why it was read so."""

    wants: str = Field(description="Headline of the request, at most 80 characters, e.g. 'Brake repair'")
    intent: Intent
    sub_intent: str | None = None
    intent_confidence: Unit
    urgency: Urgency
    urgency_score: Unit
    urgency_confidence: Unit
    urgency_reason: str
    entities: Mapping[str, tuple[Entity, ...]] = Field(default_factory=dict)
    mentions: Mapping[str, tuple[Entity, ...]] = Field(
        default_factory=dict,
        description="people, phones, emails, party_size, money named in any trade's message",
    )
    quality_score: int = Field(ge=0, le=100)
    quality_reasons: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str = Field(default="en", description="ISO 639-1, of the message")
    summary: str
    business_insights: Mapping[str, str] = Field(default_factory=dict)
    model_used: str = Field(description="'rules' or the model's name")
    prompt_digest: str = Field(description="digest of the business type's file and prompt this came from")
    processing_time: float = Field(description="seconds")
    analyzed_at: AwareDatetime
    corrected_by: str | None = Field(
        default=None, description="who corrected it last: Slack user id, or 'api:<key name>'"
    )

    @property
    def is_urgent(self) -> bool:
        """High or urgent, the original's is_urgent."""
        return self.urgency in {Urgency.HIGH, Urgency.URGENT}


class Evidence(Value):
    """One field's part in a match, in words: what agrees or clashes and how much it weighs."""

    field: str
    says: str
    weight: float


class Match(Value):
    """An earlier lead that belongs with this one."""

    lead_id: str
    number: str
    kind: MatchKind
    score: Unit
    evidence: tuple[Evidence, ...] = ()
    sure: bool = Field(default=True, description="False: a person is asked")
    desk_status: DeskStatus | None = Field(default=None, description="where the earlier lead stands")
    owner: str | None = Field(default=None, description="of the earlier lead: Slack user id")
    received_at: AwareDatetime | None = Field(default=None, description="of the earlier lead")


class Crm(Value):
    """The lead's record in the CRM."""

    status: SyncStatus = SyncStatus.PENDING
    record_id: str | None = None
    url: str | None = None
    why: str | None = Field(default=None, description="why the lead is not there, or what is left out")


class Draft(Value):
    """A lead as it came through a door, validated, before it has a number.

    Everything the sender said beside the known fields is in custom_fields.
    """

    contact: Contact = Contact()
    message: str = Field(min_length=1, max_length=MESSAGE_MAX)
    source: str
    source_url: str | None = None
    business_type: str | None = Field(default=None, description="None: the desk's own")
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)
    received_at: AwareDatetime
    ip_address: str | None = None


class Lead(Value):
    """One request by one person, with all that is known of it."""

    lead_id: str = Field(description="UUIDv7")
    number: str = Field(description="for people, e.g. 'L-1042'")
    status: Status
    desk_status: DeskStatus
    business_type: str
    desk: str = Field(description="the desk's channel id")
    source: str
    source_url: str | None = None
    contact: Contact
    also: Also = Also()
    message: str
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)
    analysis: Analysis | None = None
    matches: tuple[Match, ...] = ()
    owner: str | None = Field(default=None, description="Slack user id")
    owner_reason: str | None = Field(default=None, description="why it was given to its first owner")
    snoozed_until: AwareDatetime | None = Field(default=None, description="when it comes back by itself")
    snoozed_from: DeskStatus | None = Field(default=None, description="the state it comes back to")
    person_id: str | None = Field(default=None, description="whose lead it is: that person's oldest lead")
    merged_into: str | None = Field(default=None, description="id of the lead that stands for this one")
    merged_number: str | None = Field(default=None, description="what people call that lead")
    crm: Crm = Crm()
    withdrawn_at: AwareDatetime | None = Field(
        default=None, description="when its writer deleted the message it came from"
    )
    missing: Mapping[Part, str] = Field(default_factory=dict, description="parts that wait, and for what")
    received_at: AwareDatetime
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


OWN = frozenset({"missing", "owner_reason", "withdrawn_at"})
"""Fields that are the desk's own affair."""


def public(lead: Lead) -> dict[str, Any]:
    """The lead in JSON, the same everywhere (DESIGN 10): all of it but OWN."""
    return lead.model_dump(mode="json", exclude=set(OWN))


class Event(Value):
    """One line of a lead's history: who did what to it, when, and why. Never changed, never deleted."""

    event_id: str
    lead_id: str
    at: AwareDatetime
    actor: str = Field(description="SYSTEM, 'api:<key name>' or a Slack user id")
    what: str = Field(description="a verb in the past, e.g. 'claimed', 'contact_read'")
    why: str | None = None
    told: bool = Field(description="whether the desk's thread should say it")
