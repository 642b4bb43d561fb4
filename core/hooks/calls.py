"""Who is told of what happens to leads, and how that is signed (Standard Webhooks 1.0) and tried again."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from core.lead import Lead, Value, public

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - begins every secret, is none
SECRET_BYTES = 24

GONE = 410
"""Says that nobody is there any more and nothing should be sent again."""

PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 7 * 3600, 9 * 3600 + 24 * 60)
)
"""Before each further attempt: those of the specification, up to a day after the first."""


class HookEvent(StrEnum):
    """What can be told."""

    CREATED = "lead.created"  # it is kept
    PROCESSED = "lead.processed"  # it is understood, compared and shown
    UPDATED = "lead.updated"  # somebody changed it
    SYNCED = "lead.synced"  # it is in the CRM
    FAILED = "lead.failed"  # our processing of it broke, or the CRM does not take it: somebody has to look


class CallState(StrEnum):
    """Where telling stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # given up


class Hook(Value):
    """Somebody who is told.

    Attributes:
        events: of what; none: of everything.
    """

    hook_id: str
    url: str
    secret: str
    events: frozenset[HookEvent] = frozenset()
    created_at: AwareDatetime
    disabled_at: AwareDatetime | None = None
    disabled_why: str | None = None

    def wants(self, event: HookEvent) -> bool:
        """Whether it is told of this."""
        return self.disabled_at is None and (not self.events or event in self.events)


class Call(Value):
    """One thing that is told to one hook.

    Attributes:
        call_id: the message's id, the same at every attempt.
        at: when it happened.
        attempts: made so far.
    """

    call_id: str
    hook_id: str
    lead_id: str
    event: HookEvent
    at: AwareDatetime
    attempts: int = 0
    state: CallState = CallState.WAITING
    said: str | None = None
    next_at: AwareDatetime | None = None


class Outcome(Value):
    """What came of an attempt.

    Attributes:
        status: of the answer; None: there was none.
        said: in words, without anything that was answered.
        final: no attempt can change it.
    """

    status: int | None
    said: str
    final: bool = False

    @property
    def fine(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls success


def new_secret() -> str:
    """A secret as the specification has it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def call_id(key: str, hook_id: str) -> str:
    """The id of what is told to this hook of this happening: the same at each try to tell it."""
    return "msg_" + hashlib.sha256(f"{key} {hook_id}".encode()).hexdigest()[:40]


def message(call: Call, lead: Lead) -> bytes:
    """What is sent: type, time of the event, and the lead as it is now (DESIGN 10)."""
    body = {"type": call.event.value, "timestamp": call.at.isoformat(), "data": public(lead)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signed(secret: str, call: Call, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that say who sends this and that nobody changed it."""
    at = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    mac = hmac.new(key, f"{call.call_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": call.call_id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def after(call: Call, outcome: Outcome, now: datetime) -> Call:
    """The call once an attempt has come to this: done, given up, or with the time of the next."""
    tried = call.attempts + 1
    if outcome.fine:
        state, next_at = CallState.DONE, None
    elif outcome.final or outcome.status == GONE or tried > len(PAUSES):
        state, next_at = CallState.FAILED, None
    else:
        state, next_at = CallState.WAITING, now + PAUSES[tried - 1]
    return call.model_copy(
        update={"attempts": tried, "state": state, "said": outcome.said, "next_at": next_at}
    )
