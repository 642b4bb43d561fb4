"""What somebody writes to the bot alone, answered durably: a turn that was taken is finished."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from core.lead import Value
from core.parts import Step

ASKED: Final = "asked:"
"""How the engine's keys of turns begin."""


class Turn(Value):
    """One message to the bot.

    Attributes:
        user: Slack user id of who wrote it.
        channel: id of the direct message's channel.
        ts: of the message.
        thread_ts: of the session's first message, which may be this one.
        text: as typed, people and channels by their ids.
    """

    user: str
    channel: str
    ts: str
    thread_ts: str
    text: str

    @property
    def key(self) -> str:
        """Names the turn, so that a repeated delivery is one."""
        return f"{ASKED}{self.channel}:{self.ts}"


class Agent(Protocol):
    """Who answers."""

    async def answer(self, turn: Turn) -> None:
        """Say what there is to say to it, once; Unavailable while nothing can be said."""


async def asked_pipeline(step: Step, agent: Agent, turn: Mapping[str, Any]) -> None:
    """From a message to its answer."""
    await step("answer", agent.answer, Turn.model_validate(turn))
