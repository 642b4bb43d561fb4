"""Other apps' bots, which post into channels as a form's integration does, and change what they posted."""

from collections.abc import Sequence

from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.values import CannotAct, Channel, Json
from bot.sandbox.slack.workspace import made_id


class Integrations:
    """Bots by name; every ``channel`` is an id or a name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._space = desk.space

    async def integration(
        self,
        name: str,
        channel: str,
        text: str,
        attachments: Sequence[Json] = (),
        *,
        thread_ts: str | None = None,
    ) -> str:
        """Let the bot of that name post a message, in a thread or not; its ts."""
        where = self._channel(channel)
        message: Json = {
            "subtype": "bot_message",
            "bot_id": made_id("B", name),
            "username": name,
            "text": text,
            **({"attachments": list(attachments)} if attachments else {}),
            **({"thread_ts": thread_ts} if thread_ts else {}),
        }
        return str(self._desk.post(where, message)["ts"])

    async def post_anew(
        self, name: str, channel: str, ts: str, text: str, attachments: Sequence[Json] = ()
    ) -> None:
        """Let it change a message of its own."""
        edited = {"user": made_id("B", name), "ts": self._space.next_ts()}
        changed = {"text": text, "attachments": list(attachments) or None, "edited": edited}
        self._desk.edit(self._channel(channel), ts, **changed)

    async def withdraw(self, channel: str, ts: str) -> None:
        """Let it delete a message of its own."""
        self._desk.delete(self._channel(channel), ts)

    def _channel(self, name: str) -> Channel:
        try:
            return self._space.channel(name)
        except KeyError:
            raise CannotAct(f"there is no channel {name}") from None
