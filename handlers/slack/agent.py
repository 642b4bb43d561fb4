"""The app's Messages tab: prompts when it is opened, turns when somebody writes, stop, confirmations."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.desk import Desk
from core.errors import NotAllowed, Refused, Unavailable
from core.questions.asking import Turn
from handlers import confirming, replies
from handlers.answers import Answer
from handlers.slack import heard, message_lead
from handlers.slack.answering import Place
from handlers.slack.api import Slack
from handlers.slack.turns import Turns
from handlers.slack.typed import as_typed
from handlers.verbs import parse

log = structlog.get_logger()

GONE = "That message is not there any more."


def register(app: AsyncApp, desk: Desk, slack: Slack, turns: Turns) -> None:
    """Listen to what people write to the bot alone, and to what they click there."""
    _prompts(app, desk, slack)
    _buttons(app, slack, turns)

    async def take(
        event: dict[str, Any],
        context: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's name
    ) -> None:
        # Before the acknowledgement, as in handlers.slack.messages: the answer is enqueued by then.
        turn = turn_of(event, event["channel"])
        if turn is not None and not await _is_heard(desk, event, turn, context["bot_user_id"]):
            await desk.answer(turn)
        await next()

    @app.event("message", matchers=[is_direct], middleware=[take])
    async def taken() -> None:
        """Nothing is left to do."""

    @app.event("agent_session_stopped")
    async def stopped(event: dict[str, Any]) -> None:
        turns.stop(event["channel"], event["thread_ts"])


async def is_direct(event: dict[str, Any]) -> bool:
    """Whether a message is to the bot alone."""
    return heard.is_to_bot(event)


async def _is_heard(desk: Desk, event: dict[str, Any], turn: Turn, bot_user: str) -> bool:
    """Whether it belongs to a conversation about a lead, which goes on: all but orders in its thread does."""
    order = parse(turn.text)
    if turn.ts == turn.thread_ts or not turn.text or (order is not None and order.numbers):
        return False
    place = message_lead.event_key(turn.channel, turn.thread_ts)
    return await desk.hear(place, heard.turn(event, turn.channel, bot_user))


async def is_in_messages(event: dict[str, Any]) -> bool:
    """Whether it is the Messages tab that was opened."""
    return event.get("tab") == "messages"


def turn_of(message: dict[str, Any], channel: str) -> Turn | None:
    """A person's message as a turn; None for the bot's own, for edits and for what Slack says itself."""
    is_written = message.get("subtype") in {None, "file_share"}
    if not is_written or "bot_id" in message or "user" not in message:
        return None
    return Turn(
        user=message["user"],
        channel=channel,
        ts=message["ts"],
        thread_ts=message.get("thread_ts") or message["ts"],
        text=as_typed(message.get("text") or "", targets=True).strip(),
    )


def _prompts(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    async def suggest(user: str, channel: str, **thread: str) -> None:
        """Suggest what to ask, to those who may."""
        prompts = [{"title": title, "message": message} for title, message in replies.PROMPTS]
        try:
            await desk.reader(user).desks()
            await slack.call(
                "assistant.threads.setSuggestedPrompts", channel_id=channel, prompts=prompts, **thread
            )
        except NotAllowed:
            return
        except (Unavailable, Refused) as error:
            log.warning("no_prompts", user=user, why=error.why)

    @app.event("app_home_opened", matchers=[is_in_messages])
    async def opened(event: dict[str, Any]) -> None:
        await suggest(event["user"], event["channel"])

    @app.event("assistant_thread_started")
    async def started(event: dict[str, Any]) -> None:
        thread = event["assistant_thread"]
        await suggest(thread["user_id"], thread["channel_id"], thread_ts=thread["thread_ts"])

    @app.event("assistant_thread_context_changed")
    async def moved() -> None:
        """What somebody looks at beside it changes no answer."""


def _buttons(app: AsyncApp, slack: Slack, turns: Turns) -> None:
    @app.action(confirming.DO)
    async def confirmed(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        # One message asks one thing: a second click on it is the first one again.
        place = Place(
            user=body["user"]["id"],
            channel=channel,
            key=f"confirmed:{channel}:{ts}",
            reply_to=body.get("response_url"),
        )
        asked = parse(action["value"])
        answer = None if asked is None else await turns.do(asked, place)
        await ack()
        await _replace(respond, answer)

    @app.action(confirming.KEEP)
    async def kept(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        channel, user = body["channel"]["id"], body["user"]["id"]
        try:
            turn = await _written(slack, channel, body["message"]["thread_ts"], action["value"])
        except (Unavailable, Refused) as error:
            log.warning("message_not_read", why=error.why)
            await respond(text="Slack does not answer right now. Please click again in a minute.")
            return
        if turn is None or turn.user != user:
            await respond(text=GONE, replace_original=True)
        else:
            await _replace(respond, await turns.keep(turn))


async def _replace(respond: AsyncRespond, answer: Answer | None) -> None:
    if answer is not None:
        await respond(text=answer.text, blocks=answer.blocks, replace_original=True)


async def _written(slack: Slack, channel: str, thread_ts: str, ts: str) -> Turn | None:
    """The message as it is now, from its thread: what is long is not carried by a button."""
    answer = await slack.call(
        "conversations.replies", channel=channel, ts=thread_ts, oldest=ts, latest=ts, inclusive=True
    )
    found = (message for message in answer.get("messages", []) if message["ts"] == ts)
    return next((turn for each in found if (turn := turn_of(each, channel)) is not None), None)
