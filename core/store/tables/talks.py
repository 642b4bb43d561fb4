"""Conversations with those who wrote."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Identity, Index, Integer, String, Table, Text

from core.store.tables.base import UtcDateTime, lead_id, metadata

conversations = Table(  # with the writers of leads, each in its thread
    "conversations",
    metadata,
    Column("place", String(100), primary_key=True),  # "<channel>:<ts of the thread's first message>"
    lead_id(nullable=False, index=True),
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
