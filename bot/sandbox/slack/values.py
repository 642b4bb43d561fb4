"""The words the sandbox's modules share: people, channels, answers, refusals and times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Json = dict[str, Any]
"""A JSON object, in Slack's own shape."""

Kind = Literal["channel", "group", "im"]
"""Public channel, private channel, direct message with the app."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A person of the workspace, or the app's bot user.

    Attributes:
        team: another organisation's, of which they are; None: this workspace's.
        is_guest: a guest of the workspace, in single channels only.
    """

    id: str
    name: str
    real_name: str
    email: str | None = None
    tz: str = "America/New_York"
    is_bot: bool = False
    is_admin: bool = False
    is_guest: bool = False
    team: str | None = None
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A conversation and who is in it."""

    id: str
    name: str
    kind: Kind = "channel"
    members: frozenset[str]
    topic: str = ""
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Slack's times in seconds (SLACK.md, "Time, delivery"); tests shorten them."""

    ack: float = 3.0
    trigger: float = 3.0
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    response_url: float = 30 * 60.0
    refresh: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Ack:
    """How the app answered an interaction.

    Attributes:
        ok: whether the app acknowledged in time and Slack took its answer.
        payload: what came with the acknowledgement, e.g. a command's answer or a response_action.
        error: what the person sees otherwise: ``operation_timeout``, ``dispatch_failed``, or an error code.
        errors: what the form says beside its fields, block id to sentence; the view stays open then.
    """

    ok: bool
    payload: Json = field(default_factory=dict)
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The answer's text, empty if there was none."""
        return str(self.payload.get("text") or "")


class Call(NamedTuple):
    """One Web API call: method, HTTP status, Slack's error if any, when (monotonic seconds), channel."""

    method: str
    status: int
    error: str | None
    at: float
    channel: str | None


class Refused(NamedTuple):
    """A payload that was refused: by which method, with which error, why (pointers), and what it was."""

    method: str
    error: str
    messages: tuple[str, ...]
    payload: Json


class SlackError(Exception):
    """A Web API refusal: Slack's error code, with what else the answer carries."""

    def __init__(self, error: str, messages: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.more = more


class CannotAct(Exception):
    """A person in Slack could not do this; the message says why."""
