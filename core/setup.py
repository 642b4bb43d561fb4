"""Is a desk set up: what it needs is looked at, and what is wrong is told with its mend."""

import asyncio
import time

from core.deskfile import DeskFile
from core.findings import Finding, look
from core.lead import Part
from core.parts import Parts

PATIENCE = 2.0
"""Seconds for a service to answer: somebody waits for it."""

BELIEVED = 60.0
"""Seconds for which what was found is not looked at anew."""

WAITS = {
    Part.CARD: "card",
    Part.MATCHES: "comparison with earlier leads",
    Part.ANALYSIS: "reading by the model",
    Part.CRM: "CRM",
}


class Setup:
    """What was found, by desk."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, tuple[Finding, ...]]] = {}

    async def findings(self, parts: Parts, desk: DeskFile) -> tuple[Finding, ...]:
        """Everything that this desk needs, in PATIENCE."""
        looked_at, found = self._found.get(desk.channel, (0.0, ()))
        if not found or time.monotonic() - looked_at > BELIEVED:
            found = await _findings(parts, desk)
            self._found[desk.channel] = (time.monotonic(), found)
        return found


async def _findings(parts: Parts, desk: DeskFile) -> tuple[Finding, ...]:
    async def channel() -> str:
        await parts.members.check(desk.channel)
        return "the bot is in it"

    async def embedding() -> str:
        await parts.search.embed_many(["hello"])
        return parts.search.model

    async def index() -> str:
        await parts.search.check()
        return "the index answers"

    async def model() -> str:
        if not parts.analyst.has_model:
            return "none is set, leads are read by rules"
        await parts.analyst.check()
        return f"{parts.analyst.model_name} is there"

    async def crm() -> str:
        await parts.crm.table.check()
        return f"{parts.crm.table.name} answers"

    found = await asyncio.gather(
        look("Channel", channel, PATIENCE),
        look("Embedding", embedding, PATIENCE),
        look("Similar leads", index, PATIENCE),
        look("Model", model, PATIENCE),
        look("CRM", crm, PATIENCE),
    )
    return (_file(desk), *found, await _waiting(parts))


def _file(desk: DeskFile) -> Finding:
    """Whether the desk says who works it."""
    if desk.reps:
        return Finding("People", fine=True, says=f"{len(desk.reps)} get leads")
    mend = "write them into the desk's file (.yaml in the folder DESKS_DIR), or leads wait to be claimed"
    return Finding("People", fine=False, says=f"nobody is given leads: {mend}")


async def _waiting(parts: Parts) -> Finding:
    """What leads wait for, at all desks."""
    counts = await parts.store.waiting.counts()
    said = ", ".join(f"{count:,} for their {WAITS[part]}" for part, count in counts.items())
    if not said:
        return Finding("Waiting", fine=True, says="no lead waits for a service")
    return Finding("Waiting", fine=False, says=f"{said}; they are tried again until it works")
