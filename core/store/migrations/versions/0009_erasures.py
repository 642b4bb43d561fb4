"""That leads were erased, and the way from a card back to its lead."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "erasures",
        sa.Column("lead_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("left", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("lead_number", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_key", "erasures", ["key"], unique=False)
    op.create_index("ix_posts_ts", "posts", ["ts"], unique=False)
