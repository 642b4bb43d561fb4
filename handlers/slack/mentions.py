"""Mentions of the bot: the verbs of /lead where slash commands do not work, in a card's thread above all."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from core.desk import Desk
from handlers import answers, verbs
from handlers.answers import Answer
from handlers.slack.answering import Place, answered, whisper
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.typed import after_mention
from handlers.slack.verbs import Verbs


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to people who speak to the bot."""
    by_verb = Verbs(desk, slack, directory)

    async def carry_out(
        event: dict[str, Any],
        context: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's name
    ) -> None:
        # Before the acknowledgement, as in handlers.slack.messages: what is asked for is enqueued by then.
        typed = after_mention(event.get("text") or "", context["bot_user_id"])
        if typed is not None and "bot_id" not in event and "user" in event:
            channel, ts, thread_ts = event["channel"], event["ts"], event.get("thread_ts")

            async def ask() -> Answer | None:
                here = await desk.parts.store.posts.lead_at(channel, thread_ts) if thread_ts else None
                asked = verbs.parse(typed or "help")
                if asked is None:
                    return answers.usage()
                return await by_verb.carry_out(
                    asked,
                    Place(
                        user=event["user"],
                        channel=channel,
                        key=f"mention:{channel}:{ts}",
                        here=here,
                        message=(channel, ts),
                    ),
                )

            context["answer"] = await answered(desk, event["user"], "That", ask)
        await next()

    @app.event("app_mention", middleware=[carry_out])
    async def mentioned(event: dict[str, Any], context: dict[str, Any]) -> None:
        if (answer := context.get("answer")) is not None:
            channel, thread_ts = event["channel"], event.get("thread_ts")
            key = f"{channel}:{event['ts']}"
            await whisper(
                desk, slack, answer, key=key, channel=channel, user=event["user"], thread_ts=thread_ts
            )
