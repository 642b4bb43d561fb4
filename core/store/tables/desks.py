"""Desks and their people: own settings, whose lead it is and until when, what is said to whom."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from core.store.tables.base import UtcDateTime, lead_id, metadata

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
    lead_id(nullable=False, index=True),
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

clocks = Table(  # until when somebody must act on a lead, and when somebody did
    "clocks",
    metadata,
    lead_id(primary_key=True),
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

notices = Table(  # what people were told, or will be: pings are counted by it
    "notices",
    metadata,
    Column("key", String(300), primary_key=True),
    lead_id(nullable=False),
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
    lead_id(primary_key=True),
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
