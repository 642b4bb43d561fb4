"""What becomes of the message that a lead came from: who wrote it may edit or delete it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from core import intake
from core.conversation import Phase, State
from core.conversation.places import Conversation, Outcome
from core.hooks.calls import HookEvent
from core.lead import Contact, Event, Lead, Value, utcnow
from core.parts import Parts, Step
from core.understanding import Understanding


class Fate(StrEnum):
    """What was done to a message."""

    EDITED = "message_edited"
    DELETED = "message_deleted"


class Wording(Value):
    """What a message says: of a form's post, its fields."""

    message: str
    contact: Contact
    custom_fields: Mapping[str, Any] = Field(default_factory=dict)


class Change(Value):
    """Something that was done to the message of a lead.

    Attributes:
        key: unique to what was done.
        actor: Slack id of the user, or of the bot that posts a form's answers; a program's name where that
            changed what the lead says.
        text: what a person's message, or the lead, says now.
        form: what a form's post said, and says now.
    """

    key: str
    lead_id: str
    actor: str
    fate: Fate
    text: str | None = None
    form: tuple[Wording, Wording] | None = None


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
        if change.fate == Fate.DELETED:
            await self.parts.store.leads.act(line, lambda lead: _gone(lead, line))
            for found in await self.parts.store.conversations.of(change.lead_id):
                await self.parts.store.conversations.decide(found.place.key, change.key, _ended)
            return
        region = self.parts.recogniser.region

        def edited(lead: Lead) -> dict[str, Any]:
            return reworded(lead, *(change.form or wordings(lead, change.text or "", region=region)))

        await self.parts.store.leads.act(line, edited)
        await self.parts.store.leads.unread(change.lead_id)
        await self.parts.recogniser.renew(await self.parts.store.leads.get(change.lead_id))
        await Understanding(parts=self.parts).read_again(change.lead_id)


def wordings(lead: Lead, text: str, *, region: str) -> tuple[Wording, Wording]:
    """What the lead's message says, and what this one says in its place."""
    before, now = (
        Wording(message=said, contact=intake.find_contact(said, region=region))
        for said in (lead.message, text)
    )
    return before, now


def reworded(lead: Lead, before: Wording, now: Wording) -> dict[str, Any]:
    """The columns that another wording changes: what came from the old one follows the new one."""
    changes: dict[str, Any] = {} if lead.message == now.message else {"message": now.message}
    for name in Contact.model_fields:
        old, new = getattr(before.contact, name), getattr(now.contact, name)
        if old != new and getattr(lead.contact, name) in {None, old}:
            changes[name] = new
    fields = dict(lead.custom_fields)
    for name in {*before.custom_fields, *now.custom_fields}:
        old, new = before.custom_fields.get(name), now.custom_fields.get(name)
        if old != new and fields.get(name) == old:
            fields[name] = new
    fields = {name: value for name, value in fields.items() if value is not None}
    return changes if fields == dict(lead.custom_fields) else {**changes, "custom_fields": fields}


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
