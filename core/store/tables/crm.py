"""The CRM: the local one, and how far ours and theirs agree."""

from sqlalchemy import JSON, Column, Float, Integer, String, Table, Text

from core.store.tables.base import UtcDateTime, lead_id, metadata

local_crm = Table(
    "local_crm",
    metadata,
    lead_id(primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

crm_links = Table(  # what a lead and its record in the CRM were when they last agreed
    "crm_links",
    metadata,
    lead_id(primary_key=True),
    Column("link", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

crm_marks = Table(  # how far a run over many records has come
    "crm_marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

call_slots = Table(  # when a service with a rate may be called next, by whichever process
    "call_slots",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("free_at", Float, nullable=False),  # seconds since 1970, the database's clock
)
