"""What all tables share: the moment in UTC, the naming of keys, references to leads."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    String,
)
from sqlalchemy.types import TypeDecorator

FIRST_NUMBER = 1001
"""The first lead is L-1001: four digits from the start, so that numbers line up."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite has no time zones, so it keeps the naive UTC time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; hand the database UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def lead_id(**options: Any) -> Column[str]:
    """Of the lead that a row belongs to, and goes with."""
    return Column("lead_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), **options)


def other_id(**options: Any) -> Column[str]:
    """Of another, earlier lead."""
    return Column("other_id", String(36), ForeignKey("leads.lead_id", ondelete="CASCADE"), **options)
