"""Who owns a new lead: decided purely, with everything that was considered kept."""

from core.routing.decide import reachable, route
from core.routing.values import About, Considered, Decision, Room, Seat

__all__ = ["About", "Considered", "Decision", "Room", "Seat", "reachable", "route"]
