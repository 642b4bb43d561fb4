"""Messages of ours in Slack: each posted once, whatever answer is lost on the way, then edited."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.lead import utcnow
from core.store.posts import Post, Posts
from handlers.slack.api import Slack, SlackRefused

EVENT_TYPE = "basecamp_post"
"""The metadata type by which we find a message of ours whose answer was lost."""

CALM = 1.5
"""Seconds after an edit in which further ones of the same message become one."""

GONE = frozenset({"message_not_found", "cant_update_message"})

CLOCK_SKEW, LATEST_ARRIVAL = 60, 120
"""Seconds before and after the intent in which a message whose answer was lost is looked for."""


class Posting:
    """Writes down what it is about to post, under a key, before it posts."""

    def __init__(self, posts: Posts, slack: Slack, *, calm: float = CALM) -> None:
        self._posts = posts
        self._slack = slack
        self._calm = calm
        self._edited: dict[str, float] = {}

    async def calm(self, key: str) -> None:
        """Wait until the message was not edited for a while: what changed meanwhile is then one edit.

        Only this process' edits count. Nothing is lost in here: the caller's step is not done yet, and the
        engine takes it again after a crash.
        """
        since = asyncio.get_running_loop().time() - self._edited.get(key, -self._calm)
        await asyncio.sleep(self._calm - since)

    async def edit(self, post: Post, content: dict[str, Any]) -> bool:
        """Bring the message to this content; False if it is gone from Slack."""
        digest = _digest(content)
        if post.digest == digest:
            return True
        try:
            await self._slack.call("chat.update", channel=post.channel, ts=post.ts, **content)
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            await self._posts.forget(post.key)
            return False
        now = asyncio.get_running_loop().time()
        recent = {key: at for key, at in self._edited.items() if now - at < self._calm}
        self._edited = recent | {post.key: now}
        await self._posts.posted(post.key, post.ts or "", digest)
        return True

    async def once(self, key: str, channel: str, content: dict[str, Any]) -> str:
        """Post under this key unless that was done before; an answer may have been lost on the way."""
        post = await self._posts.intend(key, channel, utcnow())
        if post.ts is not None:
            return post.ts
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        ts = None if post.fresh else await self.find(post, content.get("thread_ts"))
        if ts is None:
            if not post.fresh:
                await self._posts.intend_again(key, utcnow())
            answer = await self._slack.call(
                "chat.postMessage", channel=channel, metadata=metadata, unfurl_links=False, **content
            )
            ts = str(answer["ts"])
            await self._posts.posted(key, ts, _digest(content))
            return ts
        found = replace(post, ts=ts)  # what it shows is not known: bring it to this content
        if "thread_ts" in content:
            await self._posts.posted(key, ts, "")  # a card is edited when it is shown next, a line never
        else:
            await self.edit(found, content)
        return ts

    async def upload_once(
        self, key: str, channel: str, name: str, content: bytes, *, title: str, text: str
    ) -> None:
        """Share a file under this key unless that was done before: its message is known by the file's name.

        text: mrkdwn beside it.
        """
        post = await self._posts.intend(key, channel, utcnow())
        if post.ts is not None:
            return

        def has_it(message: dict[str, Any]) -> bool:
            return any(file.get("name") == name for file in message.get("files", []))

        ts = None if post.fresh else await self._search(post, has_it, None)
        if ts is None:
            if not post.fresh:
                await self._posts.intend_again(key, utcnow())
            file_id = await self._slack.upload(name, content)
            await self._slack.call(
                "files.completeUploadExternal",
                files=[{"id": file_id, "title": title}],
                channel_id=channel,
                initial_comment=text,
            )
            ts = file_id  # Slack does not say where its message is
        await self._posts.posted(key, ts, "")

    async def find(self, post: Post, thread_ts: str | None) -> str | None:
        """The ts of the message posted under this intent, if it got through."""

        def has_key(message: dict[str, Any]) -> bool:
            return bool(message.get("metadata", {}).get("event_payload", {}).get("key") == post.key)

        return await self._search(post, has_key, thread_ts)

    async def _search(
        self, post: Post, fits: Callable[[dict[str, Any]], bool], thread_ts: str | None
    ) -> str | None:
        """The ts of the message that fits, among those of the time of the intent."""
        at = post.intended_at.timestamp()
        place = {
            "channel": post.channel,
            "include_all_metadata": True,
            "limit": 200,
            "oldest": f"{at - CLOCK_SKEW:.6f}",
            "latest": f"{at + LATEST_ARRIVAL:.6f}",
        }
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        if thread_ts is not None:
            place["ts"] = thread_ts
        cursor = ""
        while True:
            answer = await self._slack.call(method, cursor=cursor, **place)
            for message in answer.get("messages", []):
                if fits(message):
                    return str(message["ts"])
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return None

    async def take_back(self, post: Post) -> None:
        """Remove the message; one that is gone already is no error."""
        if post.ts is not None:
            await self.remove(post.channel, post.ts)
        await self._posts.forget(post.key)

    async def remove(self, channel: str, ts: str) -> None:
        """Remove a message of ours; one that is gone already is no error."""
        try:
            await self._slack.call("chat.delete", channel=channel, ts=ts)
        except SlackRefused as error:
            if error.code not in GONE:
                raise


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
