"""What leads and their CRM records last agreed on, why a lead is not there, and when callers may call."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("leads", sa.Column("crm_why", sa.Text(), nullable=True))
    op.create_table(
        "crm_links",
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("link", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name=op.f("fk_crm_links_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_crm_links")),
    )
    op.create_table(
        "crm_marks",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_crm_marks")),
    )
    op.create_table(
        "call_slots",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("free_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_call_slots")),
    )
