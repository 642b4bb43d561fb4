"""What came in and who may send: deliveries, shapes of fields, keys, calls to others."""

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.store.tables.base import UtcDateTime, lead_id, metadata

submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", String(36), primary_key=True),
    Column("source", String(100), nullable=False),
    Column("event_key", String(300)),  # null when refused: the mended delivery may use the same key
    Column("fingerprint", String(64)),  # sha256 of the canonical body, for senders without event ids
    Column("content_type", String(200)),
    Column("body", LargeBinary),  # null where nothing may be kept: no right to send, or too large
    Column("received_at", UtcDateTime, nullable=False),
    Column(
        "lead_id",
        String(36),
        # checked at commit: the submission goes in first, since its key decides whether there is a lead
        ForeignKey("leads.lead_id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
    ),
    Column("code", String(50)),  # with field and why: what was refused
    Column("field", String(200)),
    Column("why", Text),
    # As long as it is no lead, to read it again: what it said, decoded, and the desk whose door it was.
    Column("fields", JSON),
    Column("desk", String(50)),
    Column("shape_id", String(64), index=True),  # it waits until a person says what its fields are
    Column("fetch", String(300)),  # its sender keeps the lead, under this id
    Column("read_key", String(200)),  # of the click for which it was last read again
    UniqueConstraint("source", "event_key"),
    Index("ix_submissions_fingerprint", "source", "fingerprint", "received_at"),
    Index("ix_submissions_received_at", "received_at"),
    # SQLite looks here at every new lead, since the key is deferred: without it 15 ms at 100,000 leads
    Index("ix_submissions_lead_id", "lead_id"),
)

shapes = Table(  # which of a sender's fields is which of ours
    "shapes",
    metadata,
    Column("shape_id", String(64), primary_key=True),
    Column("source", String(100), nullable=False, index=True),
    Column("form", String(300)),  # which of the source's forms, where its fields have no names
    Column("desk", String(50), nullable=False),
    Column("columns", JSON, nullable=False),  # name, field or null, sample: guessed, then confirmed
    Column("confirmed_by", String(50)),
    Column("confirmed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

api_keys = Table(  # the keys themselves are nowhere: only what tells that one is right
    "api_keys",
    metadata,
    Column("key_id", String(36), primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("prefix", String(20), nullable=False),  # of the key, to know it by
    Column("digest", String(64), nullable=False, unique=True),  # sha256 of the key, which is random
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

signing_keys = Table(  # with which we sign what comes back to us; the same for every process
    "signing_keys",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

hooks = Table(  # who is told of what happens to leads
    "hooks",
    metadata,
    Column("hook_id", String(36), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", String(100), nullable=False),  # needed in clear: it signs
    Column("events", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_why", Text),
)

hook_calls = Table(  # what was told, or is still to be told; the lead is read when it is
    "hook_calls",
    metadata,
    Column("call_id", String(100), primary_key=True),  # the message's id: the same at every attempt
    Column(
        "hook_id", String(36), ForeignKey("hooks.hook_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    lead_id(nullable=False, index=True),
    Column("event", String(30), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", Text),  # what came of the last attempt, in words
    Column("next_at", UtcDateTime),
)
