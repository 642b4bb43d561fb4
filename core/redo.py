"""What is done again or later for a lead: a part that was missing, a card whose turn has come."""

from core.lead import Part
from core.parts import Parts, Step
from core.understanding import Understanding


async def redo_pipeline(step: Step, parts: Parts, lead_id: str, part: str) -> None:
    """Do a part again that was missing, and show what came of it; what waits for the CRM goes another way."""
    knowing = Understanding(parts=parts)
    if part != Part.CARD:
        again = {Part.MATCHES: knowing.compare, Part.ANALYSIS: knowing.reread}
        await step(part, again[Part(part)], lead_id)
    await step("publish", parts.publish if part == Part.ANALYSIS else parts.show, lead_id)


async def card_pipeline(step: Step, parts: Parts, lead_id: str) -> None:
    """The card's turn in its channel has come."""
    await step("show", parts.show, lead_id)


async def summary_pipeline(step: Step, parts: Parts, key: str) -> None:
    """A summary of many leads has more to say."""
    await step("show", parts.board.show_summary, key)
