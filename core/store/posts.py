"""Our messages in Slack: the intent is written before a message is posted, so that none is posted twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Database
from core.store.tables import posts


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message of ours. Without a ts it was about to be posted: it may or may not be there.

    Attributes:
        digest: of the content last shown, to skip an edit that changes nothing.
        fresh: this very call wrote the intent, so nothing can be there yet.
    """

    key: str
    channel: str
    ts: str | None
    digest: str | None
    intended_at: datetime
    fresh: bool = False


class Posts:
    """The table of our messages, by key: ``card:<lead id>`` or ``event:<event id>``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Post | None:
        """The message of that key, if one was ever intended."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(posts).where(posts.c.key == key))).mappings().first()
        return None if row is None else Post(**row)

    async def intend(self, key: str, channel: str, at: datetime) -> Post:
        """Write down that this message is about to be posted; give back an earlier intent if any."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        async with self._database.write() as connection:
            result = await connection.execute(
                upsert(posts)
                .values(key=key, channel=channel, intended_at=at)
                .on_conflict_do_nothing(index_elements=["key"])
                .returning(posts.c.key)
            )
            fresh = result.first() is not None
            row = (await connection.execute(select(posts).where(posts.c.key == key))).mappings().one()
        return Post(**row, fresh=fresh)

    async def posted(self, key: str, ts: str, digest: str) -> None:
        """Remember where the message is and what it shows."""
        async with self._database.write() as connection:
            await connection.execute(update(posts).where(posts.c.key == key).values(ts=ts, digest=digest))

    async def forget(self, key: str) -> None:
        """The message is gone from Slack: it will be posted anew."""
        async with self._database.write() as connection:
            await connection.execute(delete(posts).where(posts.c.key == key))
