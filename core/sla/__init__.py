"""By when somebody must have acted on a lead, and what happens until then and after it."""

from core.sla.clock import ESCALATED, REMINDED, RETURNED, Clock, State, clock_of
from core.sla.ladder import climb, returned

__all__ = [
    "ESCALATED",
    "REMINDED",
    "RETURNED",
    "Clock",
    "State",
    "climb",
    "clock_of",
    "returned",
]
