"""By when somebody must have acted on a lead, and what happens until then and after it."""

from core.sla.clock import Clock, State, clock_of, is_act
from core.sla.ladder import ESCALATED, REMINDED, RETURNED, Climb, climb, returned

__all__ = [
    "ESCALATED",
    "REMINDED",
    "RETURNED",
    "Climb",
    "Clock",
    "State",
    "climb",
    "clock_of",
    "is_act",
    "returned",
]
