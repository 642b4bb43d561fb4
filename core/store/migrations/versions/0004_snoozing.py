"""When a snoozed lead comes back, and to which state."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("snoozed_from", sa.String(length=20), nullable=True))
        batch_op.create_index("ix_leads_snoozed_until", ["snoozed_until"], unique=False)
