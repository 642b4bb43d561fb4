"""A desk's file: who works it, when, by which rules, within which time, and how loudly. Reviewed YAML."""

from core.deskfile.read import BadDeskFile, load_desk_files, read_desk_file
from core.deskfile.spelling import ALWAYS, WEEKDAYS, Span, Week
from core.deskfile.values import (
    Burst,
    Days,
    DeskFile,
    Form,
    Holidays,
    Intake,
    Level,
    Noise,
    Rep,
    Routing,
    Rule,
    Rung,
    Sla,
    Step,
    When,
)

__all__ = [
    "ALWAYS",
    "WEEKDAYS",
    "BadDeskFile",
    "Burst",
    "Days",
    "DeskFile",
    "Form",
    "Holidays",
    "Intake",
    "Level",
    "Noise",
    "Rep",
    "Routing",
    "Rule",
    "Rung",
    "Sla",
    "Span",
    "Step",
    "Week",
    "When",
    "load_desk_files",
    "read_desk_file",
]
