"""What was looked at, whether it is right, and what mends it: for the doctor and for Home's set-up list."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.errors import LeadDeskError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``says`` is free of contact data."""

    name: str
    fine: bool
    says: str


async def look(name: str, ask: Callable[[], Awaitable[str]], patience: float) -> Finding:
    """What asking says, or why it failed; at most so many seconds."""
    try:
        return Finding(name, fine=True, says=await asyncio.wait_for(ask(), patience))
    except LeadDeskError as error:
        return Finding(name, fine=False, says=str(error))
    except TimeoutError:
        return Finding(name, fine=False, says=f"did not answer within {patience:.0f} s")
