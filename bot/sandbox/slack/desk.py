"""What Web API methods, people and the server share: the workspace, the app, its delivery and its events."""

import time
from dataclasses import dataclass, field

from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.manifest import App
from bot.sandbox.slack.values import Call, Channel, Json, Refused, SlackError, Timing
from bot.sandbox.slack.workspace import Answerable, Workspace


@dataclass(kw_only=True)
class Desk:
    """One running workspace with one app installed; ``base`` is its address, ``http://127.0.0.1:PORT/``.

    ``distributed`` is whether the app is distributed outside the Marketplace (SLACK.md, "Rates").
    """

    space: Workspace
    app: App
    delivery: Delivery
    faults: Faults
    timing: Timing
    distributed: bool = False
    base: str = ""
    calls: list[Call] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def need(self, *scopes: str) -> None:
        """Raise SlackError("missing_scope") unless the app was granted one of these."""
        if scopes and not self.app.scopes.intersection(scopes):
            raise SlackError(
                "missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.app.scopes))
            )

    def emit(self, event: Json, channel: Channel | None = None) -> None:
        """Tell the app of something, if it subscribed to it and is in the channel."""
        if payloads.subscription(event, channel) not in self.app.events:
            return
        if channel is not None and self.space.bot_user not in channel.members:
            return
        self.delivery.event(payloads.callback(self.space, event))

    def bot_message(self, text: str, blocks: list[Json], **more: object) -> Json:
        """A message as the app posts it."""
        message = {
            "user": self.space.bot_user,
            "bot_id": self.space.bot_id,
            "app_id": self.space.app_id,
            "text": text,
            "bot_profile": {
                "id": self.space.bot_id,
                "app_id": self.space.app_id,
                "user_id": self.space.bot_user,
                "name": self.space.app_name,
                "team_id": self.space.team_id,
                "deleted": False,
            },
            **({"blocks": blocks} if blocks else {}),
        }
        return {**message, **{key: value for key, value in more.items() if value is not None}}

    def post(self, channel: Channel, message: Json) -> Json:
        """Put a message into a channel and tell the app; return it as kept."""
        kept = self.space.post(channel.id, message)
        self.emit(payloads.message_event(kept, channel), channel)
        return kept

    def edit(self, channel: Channel, ts: str, **changed: object) -> Json:
        """Change a message and tell the app; return it as kept."""
        previous = self.space.message(channel.id, ts) or {}
        kept = self.space.edit(channel.id, ts, **changed)
        self.emit(payloads.changed_event(self.space, kept, previous, channel), channel)
        return kept

    def delete(self, channel: Channel, ts: str) -> None:
        """Remove a message and tell the app."""
        previous = self.space.delete(channel.id, ts)
        tomb = self.space.message(channel.id, ts)  # where a thread hangs below it
        event = (
            payloads.deleted_event(self.space, previous, channel)
            if tomb is None
            else payloads.changed_event(self.space, tomb, previous, channel)
        )
        self.emit(event, channel)

    def response_url(self, user: str, channel: str, message: Json | None = None) -> str:
        """A new response_url: five answers, for half an hour."""
        key = self.space.mint("")
        self.space.answerables[key] = Answerable(
            user=user,
            channel=channel,
            until=time.monotonic() + self.timing.response_url,
            message_ts=message["ts"] if message else None,
            thread_ts=message.get("thread_ts") if message else None,
        )
        return f"{self.base}actions/{self.space.team_id}/{key}"

    def note_refusal(self, method: str, error: SlackError, payload: Json) -> None:
        """Keep what was refused, for the page and for tests."""
        self.refused.append(Refused(method, error.error, error.messages, payload))
        self.space.changes.tell()
