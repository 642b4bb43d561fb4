"""What is answered privately to somebody who asks: in time, and to those who may see leads only."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.conversation import places
from core.desk import Desk
from core.errors import InvalidLead, NotAllowed, NotFound, Refused, Unavailable
from core.lead import utcnow
from handlers import answers
from handlers.answers import Answer
from handlers.slack.api import Slack

PATIENCE = 2.5
"""Seconds for an answer; Slack shows an error after three."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Who asks, and where.

    Attributes:
        channel: the channel's id.
        key: unique to this command or mention, so that a repeated delivery does nothing.
        here: the lead whose card's thread this is.
        message: channel and ts of the mention.
        trigger_id: opens a form; None where none can be opened.
        reply_to: as in Action.
        talk: the thread in which who adds a lead is asked for what is missing.
        confirms: whether what changes a lead is only offered, with a button that does it.
    """

    user: str
    channel: str
    key: str
    here: str | None = None
    message: tuple[str, str] | None = None
    trigger_id: str | None = None
    reply_to: str | None = None
    talk: places.Place | None = None
    confirms: bool = False


async def answered(
    desk: Desk, user: str, what: str, ask: Callable[[], Awaitable[Answer | None]]
) -> Answer | None:
    """The answer, or in its place why there is none; None when there is nothing to say.

    what: what does not answer when something is away, as the beginning of a sentence.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.reader(user).desks()
            return await ask()
    except (Unavailable, Refused) as error:
        return answers.away(what, error)
    except TimeoutError:
        return answers.away(what, Unavailable("baseCamp", "took too long"))
    except InvalidLead as error:
        return answers.invalid(error)
    except NotFound as error:
        return answers.not_found(error)
    except NotAllowed as error:
        return answers.not_allowed(error)


async def whisper(
    desk: Desk,
    slack: Slack,
    answer: Answer,
    *,
    key: str,
    channel: str,
    user: str,
    thread_ts: str | None = None,
) -> None:
    """Say it to one person in a channel or thread, once a key: Slack delivers events again."""
    if (await desk.parts.store.posts.intend(f"answer:{key}", channel, utcnow())).fresh:
        where = {"channel": channel, "user": user} | ({"thread_ts": thread_ts} if thread_ts else {})
        await slack.call("chat.postEphemeral", text=answer.text, blocks=answer.blocks, **where)
