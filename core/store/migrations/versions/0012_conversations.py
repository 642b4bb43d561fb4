"""Conversations with the writers of leads, and what became of the messages that leads came from."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("leads", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "conversations",
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=50), nullable=False),
        sa.Column("thread_ts", sa.String(length=30), nullable=False),
        sa.Column("writer", sa.String(length=50), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=True),
        sa.Column("nudge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_conversations_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_lead_id"), "conversations", ["lead_id"])
    op.create_index(op.f("ix_conversations_nudge_at"), "conversations", ["nudge_at"])
    op.create_index("ix_conversations_writer", "conversations", ["channel", "writer", "updated_at"])
    op.create_table(
        "talk_turns",
        sa.Column("seq", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("turn_id", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("who", sa.String(length=50), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["place"], ["conversations.place"], name=op.f("fk_talk_turns_place"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_talk_turns")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_talk_turns_turn_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_talk_turns_place"), "talk_turns", ["place"])
    op.create_table(
        "early_turns",
        sa.Column("turn_id", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("who", sa.String(length=50), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_early_turns")),
    )
    op.create_index(op.f("ix_early_turns_place"), "early_turns", ["place"])
