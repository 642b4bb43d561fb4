"""What people are told, and where the cards of many leads at once go."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "notices",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("to", sa.String(length=50), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch", sa.String(length=320), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.String(length=50), nullable=True),
        sa.Column("ts", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_notices_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_at", ["at"], unique=False)
        batch_op.create_index("ix_notices_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_notices_batch", ["batch"], unique=False)
        batch_op.create_index("ix_notices_lead_id", ["lead_id", "to"], unique=False)
    op.create_table(
        "bursts",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bursts")),
    )
    with op.batch_alter_table("bursts", schema=None) as batch_op:
        batch_op.create_index("ix_bursts_desk", ["desk"], unique=False)
        batch_op.create_index("ix_bursts_stale_at", ["stale_at"], unique=False)
    op.create_table(
        "places",
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("burst", sa.String(length=100), nullable=True),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["burst"], ["bursts.key"], name=op.f("fk_places_burst"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_places_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_places")),
    )
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.create_index("ix_places_burst", ["burst"], unique=False)
        batch_op.create_index("ix_places_desk", ["desk", "at"], unique=False)
        batch_op.create_index("ix_places_waits", ["waits", "desk"], unique=False)
    op.create_table(
        "paces",
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("desk", name=op.f("pk_paces")),
    )
