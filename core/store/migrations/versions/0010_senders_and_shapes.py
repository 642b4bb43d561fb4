"""What is not a lead yet: deliveries that wait, and the shapes that people confirm."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("submissions", sa.Column("fields", sa.JSON(), nullable=True))
    op.add_column("submissions", sa.Column("desk", sa.String(length=50), nullable=True))
    op.add_column("submissions", sa.Column("shape_id", sa.String(length=64), nullable=True))
    op.add_column("submissions", sa.Column("fetch", sa.String(length=300), nullable=True))
    op.create_index(op.f("ix_submissions_shape_id"), "submissions", ["shape_id"])
    op.create_table(
        "shapes",
        sa.Column("shape_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("form", sa.String(length=300), nullable=True),
        sa.Column("desk", sa.String(length=50), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=50), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shape_id", name=op.f("pk_shapes")),
    )
    op.create_index(op.f("ix_shapes_source"), "shapes", ["source"])
