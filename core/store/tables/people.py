"""Who stands behind the leads: what they are recognised by, and what was merged."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Identity, Integer, String, Table, true

from core.store.tables.base import UtcDateTime, lead_id, metadata, other_id

matches = Table(
    "matches",
    metadata,
    lead_id(primary_key=True),
    other_id(primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("sure", Boolean, nullable=False, server_default=true()),  # false: a person is asked
)

profiles = Table(  # what a lead says about its person, in comparable form
    "profiles",
    metadata,
    Column("seq", Integer, Identity(), primary_key=True),  # the order in which leads were compared
    lead_id(nullable=False, unique=True),
    Column("profile", JSON, nullable=False),
    sqlite_autoincrement=True,
)

person_keys = Table(  # under what a lead is found again
    "person_keys",
    metadata,
    Column("key", String(120), primary_key=True),
    lead_id(primary_key=True, index=True),
)

links = Table(  # pairs of leads that are surely one person's: what holds a person's leads together
    "links",
    metadata,
    lead_id(primary_key=True),
    other_id(primary_key=True, index=True),  # the earlier one
    Column("weight", Float, nullable=False),
)

match_answers = Table(  # what people said about two leads: the labels that learning goes by
    "match_answers",
    metadata,
    lead_id(primary_key=True),
    other_id(primary_key=True),
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
