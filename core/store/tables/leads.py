"""The leads, how they were read, what happened to them, and what waits."""

from sqlalchemy import JSON, Boolean, Column, Identity, Index, Integer, LargeBinary, String, Table, Text

from core.store.tables.base import FIRST_NUMBER, UtcDateTime, lead_id, metadata

leads = Table(
    "leads",
    metadata,
    Column("number", Integer, Identity(start=FIRST_NUMBER), primary_key=True),
    Column("lead_id", String(36), nullable=False, unique=True),
    Column("status", String(20), nullable=False),
    Column("desk_status", String(20), nullable=False),
    Column("business_type", String(50), nullable=False),
    Column("desk", String(50), nullable=False),
    Column("source", String(100), nullable=False),
    Column("source_url", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("company", Text),
    Column("also", JSON),  # what merged leads say of the person beside that
    Column("message", Text, nullable=False),
    Column("custom_fields", JSON, nullable=False),
    Column("ip_address", String(45)),
    Column("analysis", JSON),  # the one to show; every answer ever given is in analyses
    Column("owner", String(50)),
    Column("owner_reason", String(200)),  # why it was given to its first owner
    Column("snoozed_until", UtcDateTime),
    Column("snoozed_from", String(20)),  # the state that a snoozed lead comes back to
    Column("person_id", String(36)),  # the oldest lead of this person; null until it was compared
    Column("merged_into", String(36)),  # the lead that stands for this one
    Column("withdrawn_at", UtcDateTime),  # when its writer deleted the message it came from
    Column("crm_status", String(20), nullable=False),
    Column("crm_record_id", String(100)),
    Column("crm_url", Text),
    Column("crm_why", Text),  # why it is not there
    Column("received_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_leads_desk_status", "desk", "desk_status", "number"),
    Index("ix_leads_person_id", "person_id"),
    Index("ix_leads_snoozed_until", "snoozed_until"),
    Index("ix_leads_merged_into", "merged_into"),
    sqlite_autoincrement=True,
)

analyses = Table(
    "analyses",
    metadata,
    lead_id(primary_key=True),
    Column("prompt_digest", String(64), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("analysis", JSON, nullable=False),
)

answers = Table(  # of language models, as they came
    "answers",
    metadata,
    Column("message_digest", String(64), primary_key=True),  # sha256 of the message as the model reads it
    Column("prompt_digest", String(64), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    lead_id(primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian
)

labels = Table(  # what people corrected
    "labels",
    metadata,
    Column("label_id", String(300), primary_key=True),
    lead_id(nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("said", JSON, nullable=False),
    Column("corrected", JSON, nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_labels_kind", "kind", "at"),
)

lead_events = Table(
    "lead_events",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),
    Column("event_id", String(300), nullable=False, unique=True),
    lead_id(nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("what", String(50), nullable=False),
    Column("why", Text),
    Column("told", Boolean, nullable=False),
    Index("ix_lead_events_lead_id", "lead_id", "seq"),
    sqlite_autoincrement=True,
)

waiting = Table(  # parts of a lead that wait for a service to come back
    "waiting",
    metadata,
    lead_id(primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("why", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False, index=True),
)

erasures = Table(  # that a lead was erased, by whom and when: nothing of what it said
    "erasures",
    metadata,
    Column("lead_number", Integer, primary_key=True, autoincrement=False),
    Column("key", String(300), nullable=False, index=True),  # of the action that asked for it
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(100), nullable=False),
    Column("left", JSON(none_as_null=True)),  # what is still to be removed elsewhere: ids and places
)
