"""The tables, one schema for SQLite and PostgreSQL; migrations/ brings a database to it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.types import TypeDecorator

FIRST_NUMBER = 1001
"""The first lead is L-1001: four digits from the start, so that numbers line up."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite has no time zones, so it keeps the naive UTC time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; hand the database UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _lead_id(**options: Any) -> Column[str]:
    return Column("lead_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), **options)


def _other_id(**options: Any) -> Column[str]:
    return Column("other_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), **options)


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
    _lead_id(primary_key=True),
    Column("prompt_digest", String(64), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("analysis", JSON, nullable=False),
)

matches = Table(
    "matches",
    metadata,
    _lead_id(primary_key=True),
    _other_id(primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("sure", Boolean, nullable=False, server_default=true()),  # false: a person is asked
)

profiles = Table(  # what a lead says about its person, in comparable form
    "profiles",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),  # the order in which leads were compared
    _lead_id(nullable=False, unique=True),
    Column("profile", JSON, nullable=False),
    sqlite_autoincrement=True,
)

person_keys = Table(  # under what a lead is found again
    "person_keys",
    metadata,
    Column("key", String(120), primary_key=True),
    _lead_id(primary_key=True, index=True),
)

links = Table(  # pairs of leads that are surely one person's: what holds a person's leads together
    "links",
    metadata,
    _lead_id(primary_key=True),
    _other_id(primary_key=True, index=True),  # the earlier one
    Column("weight", Float, nullable=False),
)

match_answers = Table(  # what people said about two leads: the labels that learning goes by
    "match_answers",
    metadata,
    _lead_id(primary_key=True),
    _other_id(primary_key=True),
    Column("answer", String(20), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

merges = Table(  # never deleted but with a lead; an undo is written beside what it undid
    "merges",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),  # of two merges, which came first
    Column("merge_id", String(300), nullable=False, unique=True),
    Column(
        "kept_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column(
        "gone_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("actor", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("changes", JSON, nullable=False),  # lead id -> column -> [before, after]: what undo brings back
    Column("undo_id", String(300), unique=True),
    Column("undone_at", UtcDateTime),
    Column("undone_by", String(100)),
    sqlite_autoincrement=True,
)

labels = Table(  # what people corrected
    "labels",
    metadata,
    Column("label_id", String(300), primary_key=True),
    _lead_id(nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("said", JSON, nullable=False),
    Column("corrected", JSON, nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_labels_kind", "kind", "at"),
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
    _lead_id(primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian
)

lead_events = Table(
    "lead_events",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),
    Column("event_id", String(300), nullable=False, unique=True),
    _lead_id(nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("what", String(50), nullable=False),
    Column("why", Text),
    Column("told", Boolean, nullable=False),
    Index("ix_lead_events_lead_id", "lead_id", "seq"),
    sqlite_autoincrement=True,
)

clocks = Table(  # until when somebody must act on a lead, and when somebody did
    "clocks",
    metadata,
    _lead_id(primary_key=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("rung", Integer, nullable=False),  # steps of the ladder that were taken
    Column("next_at", UtcDateTime, index=True),  # of the next step; null: there is none
    Column("owner", String(50)),  # who had it last while the clock ran
    Column("stopped_at", UtcDateTime),
    Column("stopped_by", String(100)),
    Column("took", Float),  # seconds of business time from start to stop
)

posts = Table(  # every message of ours in Slack: its intent is written before it is posted
    "posts",
    metadata,
    Column("key", String(320), primary_key=True),  # "card:<lead id>", "event:<event id>"
    Column("channel", String(50), nullable=False),
    Column("ts", String(30)),
    Column("digest", String(64)),
    Column("intended_at", UtcDateTime, nullable=False),
    Index("ix_posts_ts", "ts"),  # whose card's thread somebody writes in
)

waiting = Table(  # parts of a lead that wait for a service to come back
    "waiting",
    metadata,
    _lead_id(primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("why", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False, index=True),
)

rep_settings = Table(  # what people set for themselves at a desk
    "rep_settings",
    metadata,
    Column("desk", String(50), primary_key=True),
    Column("user", String(50), primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

turns = Table(  # what each rep of a desk is owed, in shares of core.routing.turns
    "turns",
    metadata,
    Column("desk", String(50), primary_key=True),
    Column("user", String(50), primary_key=True),
    Column("credit", BigInteger, nullable=False),
)

assignments = Table(  # to whom a new lead was given, and why
    "assignments",
    metadata,
    Column("key", String(320), primary_key=True),
    _lead_id(nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("came_to", String(50), nullable=False),  # the desk at which it arrived
    Column("desk", String(50), nullable=False),  # where it was sent
    Column("owner", String(50)),  # null: the pool
    Column("reason", String(200), nullable=False),
    Column("trace", JSON, nullable=False),
    Column("credits", JSON, nullable=False),  # user -> by how much it changed their turn
    Column("given_back_at", UtcDateTime),  # when those credits were taken back
)

rule_revisions = Table(  # never changed: the newest of a desk counts while its file stays as it was
    "rule_revisions",
    metadata,
    Column("desk", String(50), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(50), nullable=False),
    Column("based_on", String(64), nullable=False),  # digest of the file's routing at that time
    Column("routing", JSON, nullable=False),
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

notices = Table(  # what people were told, or will be: pings are counted by it
    "notices",
    metadata,
    Column("key", String(300), primary_key=True),
    _lead_id(nullable=False),
    Column("desk", String(50), nullable=False),
    Column("to", String(50)),
    Column("reason", String(20), nullable=False),
    Column("why", Text),
    Column("level", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("due_at", UtcDateTime, index=True),  # null: nothing more is to be said
    Column("batch", String(320), index=True),  # the message that is being sent, with all that it says
    Column("sent", Integer, nullable=False),  # how often
    Column("sent_at", UtcDateTime),  # the first time
    Column("channel", String(50)),  # of the last message, with its ts
    Column("ts", String(30)),
    Index("ix_notices_lead_id", "lead_id", "to"),
)

bursts = Table(  # summaries of many leads at once
    "bursts",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("desk", String(50), nullable=False, index=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("edition", Integer, nullable=False),  # how often it was shown, or tried to
    Column("stale_at", UtcDateTime, index=True),  # when it is shown anew; null: it says all
)

places = Table(  # where each new card goes, and when its turn is
    "places",
    metadata,
    _lead_id(primary_key=True),
    Column("desk", String(50), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("burst", String(100), ForeignKey("bursts.key", ondelete="SET NULL"), index=True),
    Column("waits", Boolean, nullable=False),  # for its turn
    Index("ix_places_desk", "desk", "at"),
    Index("ix_places_waits", "waits", "desk"),
)

paces = Table(  # whose turn it is in a channel: when the next card may be posted
    "paces",
    metadata,
    Column("desk", String(50), primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)

conversations = Table(  # with the writers of leads, each in its thread
    "conversations",
    metadata,
    Column("place", String(100), primary_key=True),  # "<channel>:<ts of the thread's first message>"
    _lead_id(nullable=False, index=True),
    Column("channel", String(50), nullable=False),
    Column("thread_ts", String(30), nullable=False),
    Column("writer", String(50), nullable=False),
    Column("shared", Boolean, nullable=False),  # people of other organisations read along
    Column("state", JSON),  # null until it begins
    Column("nudge_at", UtcDateTime, index=True),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_conversations_writer", "channel", "writer", "updated_at"),
)

talk_turns = Table(  # the transcript: what was written in a conversation, and what we said to it
    "talk_turns",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),
    Column("turn_id", String(300), nullable=False, unique=True),
    Column(
        "place",
        String(100),
        ForeignKey("conversations.place", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("who", String(50), nullable=False),
    Column("part", String(20)),  # writer, team, other, bot; null until it was heard
    Column("text", Text, nullable=False),
    Column("said", JSON),  # of the bot: what it says, before the surface put it into words
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

early_turns = Table(  # in a thread whose first message has not reached us yet; swept away soon
    "early_turns",
    metadata,
    Column("turn_id", String(300), primary_key=True),
    Column("place", String(100), nullable=False, index=True),
    Column("who", String(50), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
)

local_crm = Table(
    "local_crm",
    metadata,
    _lead_id(primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

crm_links = Table(  # what a lead and its record in the CRM were when they last agreed
    "crm_links",
    metadata,
    _lead_id(primary_key=True),
    Column("link", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

crm_marks = Table(  # how far a run over many records has come
    "crm_marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

call_slots = Table(  # when a service with a rate may be called next, by whichever process
    "call_slots",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("free_at", Float, nullable=False),  # seconds since 1970, the database's clock
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
    _lead_id(nullable=False, index=True),
    Column("event", String(30), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("said", Text),  # what came of the last attempt, in words
    Column("next_at", UtcDateTime),
)
