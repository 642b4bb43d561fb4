"""One turn in the Messages tab: what is said in its thread, streamed or at once, and the session's status."""

import re
from contextlib import suppress
from typing import Any, Final

import structlog
from pydantic import ValidationError

from core.errors import NotFound, Refused, Unavailable
from core.lead import utcnow
from core.questions import Query
from core.questions.asking import Turn
from core.store import Store
from handlers.answers import Answer
from handlers.mrkdwn import Block, clean, cut
from handlers.slack.api import Slack, SlackRefused

log = structlog.get_logger()

NO_STREAM: Final = "message_not_in_streaming_state"
"""Slack's word for a stream that the person has stopped."""

DONE: Final = "done"

ANSWER: Final = "lead_desk_answer"
"""The event type of the metadata of an answer to a question."""

_TITLE_MAX: Final = 80
_NUMBER = re.compile(r"\bL-\d{1,9}\b", re.ASCII)


class Stopped(Exception):
    """The person pressed stop: nothing more is to be said."""


class Session:
    """What is said to one turn."""

    def __init__(self, slack: Slack, store: Store, turn: Turn) -> None:
        self._slack = slack
        self._store = store
        self._turn = turn
        self._ts: str | None = None
        self._begun_before = False

    async def begin(self) -> bool:
        """Take the turn up; False when it was answered before. A stream that a crash left open goes on."""
        post = await self._store.posts.intend(self._turn.key, self._turn.channel, utcnow())
        self._ts, self._begun_before = post.ts, post.ts is not None
        return post.digest != DONE

    async def working(self, says: str) -> None:
        """Show that something is being done; ``says``: what, where the older surface shows it."""
        await self._status("processing", says)

    async def rest(self) -> None:
        """Show that it is the person's turn."""
        await self._status("active", "")

    async def stream(self, markdown: str) -> None:
        """Say some more; raises Stopped."""
        if self._ts is None:
            sent = await self._slack.call("chat.startStream", markdown_text=markdown, **self._thread)
            self._ts = str(sent["ts"])
            await self._store.posts.posted(self._turn.key, self._ts, "")
            return
        again, self._begun_before = "\n\n" if self._begun_before else "", False
        await self._streaming("chat.appendStream", markdown_text=again + markdown)

    async def finish(self, blocks: list[Block], query: Query | None = None) -> None:
        """End what was streamed, with blocks below it; raises Stopped.

        query: what it answers, kept with the message for questions that go on from it.
        """
        content: dict[str, Any] = {"blocks": blocks} if blocks else {}
        if query is not None:
            payload = {"query": query.model_dump_json(exclude_defaults=True)}
            content["metadata"] = {"event_type": ANSWER, "event_payload": payload}
        await self._streaming("chat.stopStream", **content)
        await self._said(blocks)

    async def say(self, answer: Answer) -> None:
        """Say all at once."""
        if self._ts is not None:  # a crash came in the middle of a stream
            await self.stream(answer.text)
            await self.finish(answer.blocks)
            return
        sent = await self._slack.call(
            "chat.postMessage", text=answer.text, blocks=answer.blocks, unfurl_links=False, **self._thread
        )
        self._ts = str(sent["ts"])
        await self._said(answer.blocks)

    async def before(self) -> Query | None:
        """What was asked last in this session; None when nothing was, or Slack does not say."""
        if self._turn.ts == self._turn.thread_ts:
            return None
        where = {"channel": self._turn.channel, "ts": self._turn.thread_ts}
        try:
            found = await self._slack.call("conversations.replies", include_all_metadata=True, **where)
        except (Unavailable, Refused) as error:
            log.warning("session_not_read", why=error.why)
            return None
        kept = [message.get("metadata") or {} for message in found.get("messages", []) if "bot_id" in message]
        asked = [each["event_payload"]["query"] for each in kept if each.get("event_type") == ANSWER]
        with suppress(ValidationError):  # kept by another version
            return Query.model_validate_json(asked[-1]) if asked else None
        return None

    async def stopped(self) -> None:
        """Leave it at what was said."""
        await self._said([])
        await self.rest()

    @property
    def _thread(self) -> dict[str, str]:
        return {"channel": self._turn.channel, "thread_ts": self._turn.thread_ts}

    async def _streaming(self, method: str, **content: object) -> None:
        try:
            await self._slack.call(method, channel=self._turn.channel, ts=self._ts, **content)
        except SlackRefused as error:
            if error.code == NO_STREAM:
                raise Stopped from None
            raise

    async def _said(self, blocks: list[Block]) -> None:
        """Remember that it was answered, and which leads it names: with them the message is erased."""
        await self._store.posts.posted(self._turn.key, self._ts or "", DONE)
        if self._ts is None:
            return
        for number in sorted(set(_NUMBER.findall(str(blocks)))):
            with suppress(NotFound):
                lead = await self._store.leads.by_number(number)
                key = f"{self._turn.key}:{lead.lead_id}"
                await self._store.posts.intend(key, self._turn.channel, utcnow())
                await self._store.posts.posted(key, self._ts, DONE)

    async def _status(self, status: str, says: str) -> None:
        """A decoration: no answer is kept back for it."""
        where = {"channel_id": self._turn.channel, "thread_ts": self._turn.thread_ts}
        title = cut(clean(self._turn.text), _TITLE_MAX) or "A message"
        try:
            await self._slack.call("agents.sessions.setStatus", status=status, title=title, **where)
        except Refused:  # the app is declared in the older way
            with suppress(Refused, Unavailable):
                await self._slack.call("assistant.threads.setStatus", status=says, **where)
        except Unavailable as error:
            log.warning("no_status", why=error.why)
