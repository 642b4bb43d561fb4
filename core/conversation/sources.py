"""What becomes of the message that a lead came from: its writer may edit or delete it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core import intake
from core.conversation import Phase, State
from core.conversation.places import Conversation, Outcome
from core.hooks.calls import HookEvent
from core.lead import Event, Lead, Value, utcnow
from core.pipeline import Parts, Step


class Fate(StrEnum):
    """What was done to a message."""

    EDITED = "message_edited"
    DELETED = "message_deleted"


class Change(Value):
    """Something that was done to the message of a lead.

    Attributes:
        key: unique to what was done.
        actor: Slack user id; a program's name where that changed what the lead says.
        text: what it says now; None when it is gone.
    """

    key: str
    lead_id: str
    actor: str
    fate: Fate
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The steps of an edit or a deletion."""

    parts: Parts

    async def change(self, change: Change) -> None:
        """Let the lead say what its message says now, or that it is gone; what people corrected stays."""
        line = Event(
            event_id=change.key,
            lead_id=change.lead_id,
            at=utcnow(),
            actor=change.actor,
            what=change.fate,
            told=True,
        )
        text = change.text
        if text is None:
            await self.parts.store.leads.act(line, lambda lead: _gone(lead, line))
            for found in await self.parts.store.conversations.of(change.lead_id):
                await self.parts.store.conversations.decide(found.place.key, change.key, _ended)
            return
        region = self.parts.recogniser.region
        await self.parts.store.leads.act(line, lambda lead: reworded(lead, text, region=region))
        await self.parts.store.leads.unread(change.lead_id)
        await self.parts.recogniser.renew(await self.parts.store.leads.get(change.lead_id))
        await self.parts.read_again(change.lead_id)


def reworded(lead: Lead, text: str, *, region: str) -> dict[str, Any]:
    """The columns that another wording changes: an address that came from the old one follows the new one."""
    if lead.message == text:
        return {}
    before, now = (intake.find_contact(said, region=region) for said in (lead.message, text))
    contact = {
        name: getattr(now, name)
        for name in ("email", "phone")
        if getattr(lead.contact, name) in {None, getattr(before, name)}
        and getattr(now, name) != getattr(lead.contact, name)
    }
    return {"message": text, **contact}


def _gone(lead: Lead, line: Event) -> dict[str, Any]:
    return {} if lead.withdrawn_at else {"withdrawn_at": line.at}


def _ended(kept: Conversation, _lead: Lead, _later: bool) -> Outcome:  # noqa: FBT001 - as Decide has it
    """Who took their message back is not asked any more."""
    state = kept.state or State()
    return Outcome(state=state.model_copy(update={"phase": Phase.CANCELLED, "pending": ()}))


async def source_pipeline(step: Step, parts: Parts, change: Mapping[str, Any]) -> None:
    """From an edit or a deletion to the changed lead, its card and its CRM record."""
    asked = Change.model_validate(change)
    await step("change", Sources(parts=parts).change, asked)
    await step("publish", parts.publish, asked.lead_id)
    await step("announce", parts.telling.announce, HookEvent.UPDATED, asked.lead_id, f"updated:{asked.key}")
