"""People behind leads, what was answered about them, and merges."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_index("ix_submissions_lead_id", "submissions", ["lead_id"], unique=False)
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("also", sa.JSON(), nullable=True))
        batch_op.create_index("ix_leads_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_leads_merged_into", ["merged_into"], unique=False)
    with op.batch_alter_table("matches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sure", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "profiles",
        sa.Column("seq", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_profiles_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_profiles")),
        sa.UniqueConstraint("lead_id", name=op.f("uq_profiles_lead_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "person_keys",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_person_keys_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "lead_id", name=op.f("pk_person_keys")),
    )
    with op.batch_alter_table("person_keys", schema=None) as batch_op:
        batch_op.create_index("ix_person_keys_lead_id", ["lead_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_links_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["leads.lead_id"], name=op.f("fk_links_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", "other_id", name=op.f("pk_links")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index("ix_links_other_id", ["other_id"], unique=False)
    op.create_table(
        "match_answers",
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_match_answers_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["leads.lead_id"], name=op.f("fk_match_answers_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", "other_id", name=op.f("pk_match_answers")),
    )
    op.create_table(
        "merges",
        sa.Column("seq", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("merge_id", sa.String(length=300), nullable=False),
        sa.Column("kept_id", sa.String(length=36), nullable=False),
        sa.Column("gone_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("undo_id", sa.String(length=300), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["leads.lead_id"], name=op.f("fk_merges_kept_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["gone_id"], ["leads.lead_id"], name=op.f("fk_merges_gone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_merges")),
        sa.UniqueConstraint("merge_id", name=op.f("uq_merges_merge_id")),
        sa.UniqueConstraint("undo_id", name=op.f("uq_merges_undo_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.create_index("ix_merges_kept_id", ["kept_id"], unique=False)
        batch_op.create_index("ix_merges_gone_id", ["gone_id"], unique=False)
