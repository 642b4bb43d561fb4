"""For whom a delivery was last read again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("submissions", sa.Column("read_key", sa.String(length=200), nullable=True))
