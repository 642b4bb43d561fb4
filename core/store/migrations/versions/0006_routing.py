"""Who was given which lead and why, what each is owed, and the rules that admins set."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_reason", sa.String(length=200), nullable=True))
    op.create_table(
        "turns",
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("user", sa.String(length=50), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "user", name=op.f("pk_turns")),
    )
    op.create_table(
        "assignments",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_to", sa.String(length=50), nullable=False),
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("owner", sa.String(length=50), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.Column("credits", sa.JSON(), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_assignments_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_lead_id"), "assignments", ["lead_id"], unique=False)
    op.create_table(
        "rule_revisions",
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=50), nullable=False),
        sa.Column("based_on", sa.String(length=64), nullable=False),
        sa.Column("routing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "revision", name=op.f("pk_rule_revisions")),
    )
