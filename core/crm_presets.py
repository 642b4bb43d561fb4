"""The CRM mappings as data: presets of columns, and the words in which tables say our values."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

MERGE_FIELD = "Lead ID"
"""The field that tells one lead's record from another's (SEED.md: upsert on "Lead ID")."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One field of the CRM's table and the fact that goes into it.

    Attributes:
        field: the field's name in the table.
        path: a dotted path into Lead (``contact.email``, ``custom_fields.budget``) or a name of crm.FACTS.
        kind: what the cell holds, which says what types of field can take it.
        once: written only until the lead has a record; from then on the cell belongs to the people there.
        at_first: values with that same rule: they say that nothing happened yet, and a person may have
            moved the cell since.
    """

    field: str
    path: str
    kind: Literal["text", "number", "time"] = "text"
    once: bool = False
    at_first: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class FieldMapping:
    """A named list of columns; one of them is the merge field."""

    name: str
    columns: tuple[Column, ...]


_SHARED = (
    Column(field="Name", path="name"),
    Column(field="Email", path="contact.email"),
    Column(field="Phone", path="contact.phone"),
)

MAPPINGS: Mapping[str, FieldMapping] = MappingProxyType(
    {
        "notes": FieldMapping(
            name="notes",
            columns=(
                Column(field=MERGE_FIELD, path="lead_id"),
                *_SHARED,
                Column(field="Intent", path="analysis.intent"),
                Column(field="Urgency Score", path="analysis.urgency_score", kind="number"),
                Column(field="Service Type", path="service_type"),
                Column(field="Original Message", path="message"),
                Column(field="Created", path="created_at", kind="time"),
                Column(field="Source", path="source"),
            ),
        ),
        "later": FieldMapping(
            name="later",
            columns=(
                Column(field=MERGE_FIELD, path="lead_id"),
                *_SHARED,
                Column(field="Message", path="message"),
                Column(field="Source", path="source"),
                Column(field="Intent", path="analysis.intent"),
                Column(field="Urgency Score", path="urgency_percent", kind="number"),
                Column(field="Quality Score", path="analysis.quality_score", kind="number"),
                Column(field="Status", path="desk_status", at_first=frozenset({"New"})),
                Column(field="Created", path="created_at", kind="time"),
                Column(field="Notes", path="notes", once=True),
            ),
        ),
    }
)
"""The two presets of SEED.md, by name."""


TRANSLATIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "source": {
            "web_form": ("Website Form", "Web Form", "Website"),
            "email": ("Email",),
            "phone": ("Phone",),
            "demo": ("Demo Form",),
            "api": ("API",),
            "slack_dm": ("Slack DM", "Slack"),
            "slack_message": ("Slack Message", "Slack"),
            "slack_shortcut": ("Slack Shortcut", "Slack"),
            "slash_command": ("Slash Command", "Slack"),
        },
        "analysis.intent": {
            "inquiry": ("General Inquiry", "Inquiry", "Information Request"),
            "appointment_request": ("Appointment", "Appointment Request"),
            "quote_request": ("Quote Request", "Quote"),
            "support": ("Support Request", "Support"),
            "complaint": ("Complaint",),
            "general": ("General Inquiry", "General"),
            # what the original's models answered, kept as sub-intents (SEED.md)
            "package_inquiry": ("Package Interest", "Package Inquiry"),
            "efficiency_project": ("Process Optimization", "Efficiency Project"),
        },
        "status": {"raw": ("New",)},
        # What the desk's people did, in a CRM's words. Nobody is said to have contacted anybody: a claim says
        # only who will. A claimed or snoozed lead is still new; an approved one was judged worth pursuing;
        # the others are over.
        "desk_status": {
            "new": ("New",),
            "claimed": ("Claimed", "New"),
            "snoozed": ("Snoozed", "New"),
            "approved": ("Approved", "Qualified"),
            "rejected": ("Rejected", "Closed"),
            "won": ("Won", "Closed"),
            "lost": ("Lost", "Closed"),
            "spam": ("Spam", "Closed"),
            "merged": ("Merged", "Duplicate", "Closed"),
        },
    }
)
"""Path -> our value -> option names that say the same, best first (SEED.md "Known translations")."""

DEMO_INTENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "automotive": (
            "Service Request",
            "Emergency Repair",
            "Quote Request",
            "Appointment",
            "General Inquiry",
        ),
        "medspa": (
            "Consultation Request",
            "Treatment Inquiry",
            "Package Interest",
            "Appointment",
            "Information Request",
        ),
        "consulting": (
            "Project Inquiry",
            "Consultation Request",
            "Strategy Session",
            "Process Optimization",
            "General Inquiry",
        ),
        "general": (
            "Service Request",
            "Support Request",
            "Information Request",
            "General Inquiry",
            "Urgent Request",
        ),
    }
)
"""The options of the demo tables' Intent, by business type (SEED.md)."""

DEMO_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "source": ("Demo Form", "Website Form", "Email", "Phone"),
        "desk_status": ("New", "Contacted", "Qualified", "Closed"),
        "status": ("New", "Contacted", "Qualified", "Closed"),
    }
)
"""The demo tables' other options, by the fact they hold (SEED.md)."""
