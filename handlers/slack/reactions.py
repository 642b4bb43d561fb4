"""A reaction makes a message a lead: the desk's own emoji, put there by somebody of the desk."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from core.desk import Desk
from core.errors import InvalidLead, NotAllowed
from core.lead import Draft, utcnow
from handlers import answers
from handlers.answers import Answer
from handlers.slack import message_lead
from handlers.slack.answering import whisper
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.typed import as_typed

SOURCE = "slack_reaction"


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to reactions; all but the desk's emoji are left alone."""

    async def keep(
        event: dict[str, Any],
        context: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's name
    ) -> None:
        # Before the acknowledgement, as in handlers.slack.messages: if this raises, Slack delivers again.
        if event["item"].get("type") == "message" and event["user"] != context["bot_user_id"]:
            at = (await directory.named(desk.desks.channels)).get(event["item"]["channel"])
            file = desk.desks.first if at is None else desk.desks.of(at)
            if event["reaction"].partition("::")[0] == file.reaction:  # else it is ::skin-tone-2
                context["answer"] = await _answer(desk, slack, event, context, at)
        await next()

    @app.event("reaction_added", middleware=[keep])
    async def reacted(event: dict[str, Any], context: dict[str, Any]) -> None:
        if (answer := context.get("answer")) is not None:
            item = event["item"]
            key = f"{item['channel']}:{item['ts']}:{event['user']}:{event['event_ts']}"
            await whisper(desk, slack, answer, key=key, channel=item["channel"], user=event["user"])


async def _answer(
    desk: Desk, slack: Slack, event: dict[str, Any], context: dict[str, Any], at: str | None
) -> Answer | None:
    """What to tell whoever reacted, and only them: which lead the message is now, or why it is none."""
    user, channel, ts = event["user"], event["item"]["channel"], event["item"]["ts"]
    try:
        await desk.reader(user).desks()
    except NotAllowed:
        return None  # anybody may put any emoji anywhere
    known = await desk.lead_of(message_lead.SOURCE, message_lead.event_key(channel, ts))
    if known is not None:
        return answers.told(f"This message is {known.number} already.")
    message = await _message(slack, channel, ts)
    if message is None or message.get("bot_id") == context["bot_id"]:
        return None
    text = as_typed(message.get("text") or "")

    def read() -> Draft:
        who = message.get("user")
        draft = message_lead.draft(text, user=who, channel=channel, ts=ts, region=desk.region, source=SOURCE)
        # It is a lead from now on, however old the message is.
        return draft.model_copy(update={"received_at": utcnow()})

    try:
        accepted = await desk.submit(message_lead.submission(channel, ts, text), read, actor=user, desk=at)
    except InvalidLead as error:
        return answers.invalid(error)
    return answers.told(f"This message is {accepted.number} now; its card comes in a moment.")


async def _message(slack: Slack, channel: str, ts: str) -> dict[str, Any] | None:
    """The message itself, wherever it stands; a reply comes with its thread's first message before it."""
    only = {"oldest": ts, "latest": ts, "inclusive": True, "limit": 2}
    found = await slack.call("conversations.replies", channel=channel, ts=ts, **only)
    return next((message for message in found["messages"] if message["ts"] == ts), None)
