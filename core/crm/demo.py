"""The options of the original's demo tables, assumed where a table's own cannot be read (SEED.md)."""

from collections.abc import Mapping
from types import MappingProxyType

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
"""The options of Intent, by business type."""

DEMO_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "source": ("Demo Form", "Website Form", "Email", "Phone"),
        "desk_status": ("New", "Contacted", "Qualified", "Closed"),
        "status": ("New", "Contacted", "Qualified", "Closed"),
    }
)
"""The other selects' options, by the fact they hold."""
