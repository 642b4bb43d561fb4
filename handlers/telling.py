"""Tells people in Slack about their leads: alone, or in the card's thread."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from core.noise.telling import Place, Told
from core.store.posts import Posts
from handlers import notices
from handlers.posting import Posting
from handlers.slack.api import Slack, SlackRefused
from handlers.slack.directory import Directory

log = structlog.get_logger()

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>", re.ASCII)


class SlackTeller:
    """core.noise.telling.Teller on Slack."""

    def __init__(
        self,
        posts: Posts,
        posting: Posting,
        slack: Slack,
        directory: Directory,
        *,
        hidden: Callable[[str], frozenset[str]],
    ) -> None:
        """hidden: business type -> names of entities its desk does not show."""
        self._posts = posts
        self._posting = posting
        self._slack = slack
        self._directory = directory
        self._hidden = hidden

    async def direct(self, key: str, user: str, told: Sequence[Told]) -> Place | None:
        """One direct message; None when Slack says that this person gets none: gone, or a bot."""
        places = await self._posts.cards([each.lead.lead_id for each in told])
        named = [await self._with_names(each) for each in told]
        message = notices.direct(named, await self._directory.links(places), hidden=self._hidden)
        try:
            opened = await self._slack.call("conversations.open", users=user)
            channel = str(opened["channel"]["id"])
            ts = await self._posting.once(key, channel, {"text": message.text, "blocks": message.blocks})
        except SlackRefused as error:
            log.warning("not_reachable", user=user, code=error.code)
            return None
        return channel, ts

    async def in_thread(self, key: str, told: Sequence[Told], *, unreachable: bool) -> Place | None:
        """A line in a card's thread; what is for whoever is there is in the channel too."""
        threads = [await self._posts.thread(each.lead.lead_id) for each in told]
        thread = next(filter(None, threads), None)
        if thread is None:
            return None
        to, (channel, thread_ts) = told[0].notice.to, thread
        named = [await self._with_names(each) for each in told]
        others = [each.lead.lead_id for each in told if len(told) > 1]
        links = await self._directory.links(await self._posts.cards(others))
        name = await self._directory.name_of(to) if to else None
        text = notices.in_thread(named, links, name, unreachable=unreachable)
        up = {"reply_broadcast": True} if to is None else {}
        return channel, await self._posting.once(key, channel, {"text": text, "thread_ts": thread_ts, **up})

    async def _with_names(self, told: Told) -> Told:
        """With people called by their names, so that nobody is pinged whom it does not concern."""
        why = told.notice.why or ""
        for user in set(_MENTION.findall(why)):
            why = why.replace(f"<@{user}>", await self._directory.name_of(user) or "somebody")
        return replace(told, notice=told.notice.model_copy(update={"why": why or None}))
