"""Asks at a desk which of a sender's fields is which of ours, and shows what was answered."""

import asyncio
from dataclasses import replace
from weakref import WeakValueDictionary

from core.intake.shapes import Shape, shape_key
from core.lead import utcnow
from core.store import Store
from handlers import shape_cards
from handlers.posting import Posting
from handlers.slack.directory import Directory


class SlackShapeBoard:
    """core.ports.ShapeBoard: one message a shape, in its desk's channel."""

    def __init__(self, store: Store, posting: Posting, directory: Directory) -> None:
        self._store = store
        self._posting = posting
        self._directory = directory
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show_shape(self, shape: Shape, waiting: int) -> None:
        """Post the question, or bring it to what is known now."""
        key = shape_key(shape.shape_id)
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            asking = shape_cards.asking(shape, waiting)
            content = {"text": asking.text, "blocks": asking.blocks}
            channel = await self._directory.channel_id(shape.desk)
            ts = await self._posting.once(key, channel, content)
            post = await self._store.posts.intend(key, channel, utcnow())
            await self._posting.edit(replace(post, ts=ts), content)
