"""Our messages in Slack: the intent is written before a message is posted, so that none is posted twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import Event, Lead
from core.sla.clock import Clock
from core.store.clocks import read_clock
from core.store.database import Database
from core.store.events import untold
from core.store.lead_rows import read_lead
from core.store.tables import lead_events, places, posts

CARD = "card:"
"""How the keys of cards begin."""


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


class Spot(NamedTuple):
    """Where a message is; ``thread_ts`` is that of the message in whose thread it is, if in one."""

    channel: str
    ts: str
    thread_ts: str | None = None


@dataclass(frozen=True)
class Placed:
    """Where the lead's card goes.

    Attributes:
        burst: the key of the summary under which it stands, if it does.
        summary: channel and ts of that, once it is posted.
        waits: for its turn.
    """

    burst: str | None
    summary: tuple[str, str] | None
    waits: bool

    def under(self, channel: str) -> str | None:
        """The ts of the summary in this channel; a lead that moved on leaves it behind."""
        return self.summary[1] if self.summary is not None and self.summary[0] == channel else None


@dataclass(frozen=True)
class Showing:
    """What a board needs to bring a lead's card and thread up to date: one snapshot."""

    lead: Lead
    card: Post | None
    clock: Clock | None
    untold: list[Event]
    place: Placed | None


class Posts:
    """The table of our messages, by key: ``card:<lead id>``, ``event:<event id>``, ``burst:…``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def showing(self, lead_id: str) -> Showing:
        """The lead, its card if one was ever intended, and what its thread does not say yet."""

        def read(connection: Connection) -> Showing:
            row = connection.execute(_POST, {"key": card_key(lead_id)}).mappings().first()
            return Showing(
                read_lead(connection, lead_id),
                None if row is None else Post(**row),
                read_clock(connection, lead_id),
                untold(connection, lead_id),
                _placed(connection, lead_id),
            )

        return await self._database.read(read)

    async def get(self, key: str) -> Post | None:
        """The message of that key, if it was ever intended."""
        row = await self._database.read(
            lambda connection: connection.execute(_POST, {"key": key}).mappings().first()
        )
        return None if row is None else Post(**row)

    async def thread(self, lead_id: str) -> tuple[str, str] | None:
        """Channel and ts of the message under which the lead is talked of; None: its card is not there yet.

        It is the card, or the summary that the card stands under.
        """

        def read(connection: Connection) -> tuple[str, str] | None:
            card = connection.execute(_POST, {"key": card_key(lead_id)}).first()
            if card is None or card.ts is None:
                return None
            place = _placed(connection, lead_id)
            under = None if place is None else place.under(card.channel)
            return card.channel, under or card.ts

        return await self._database.read(read)

    async def cards(self, lead_ids: Collection[str]) -> dict[str, Spot]:
        """Where the cards are that are posted, by lead id."""
        keys = {card_key(lead_id): lead_id for lead_id in lead_ids}
        values = {"keys": list(keys)}
        rows = await self._database.read(lambda connection: connection.execute(_PLACES, values).all())
        return {
            keys[row.key]: Spot(row.channel, row.ts, row.under if row.there == row.channel else None)
            for row in rows
        }

    async def of_leads(self, lead_ids: Collection[str]) -> list[tuple[str, str]]:
        """Channel and ts of all that is posted of these leads, lines of threads before cards."""
        cards = [card_key(lead_id) for lead_id in lead_ids]
        values = {"lead_ids": list(lead_ids), "keys": cards}
        rows = await self._database.read(
            lambda connection: [*connection.execute(_LINES, values), *connection.execute(_PLACES, values)]
        )
        return [(row.channel, row.ts) for row in rows]

    async def named_after(self, lead_id: str) -> dict[str, tuple[str, str]]:
        """All that is posted under keys with this lead's id in them: key -> channel and ts."""
        query = select(posts).where(posts.c.key.contains(lead_id), posts.c.ts.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row.key: (row.channel, row.ts) for row in rows}

    async def lead_at(self, channel: str, ts: str) -> str | None:
        """Whose card that message is: the lead's id; None for any other message."""
        values = {"channel": channel, "ts": ts}
        key = await self._database.read(lambda connection: connection.execute(_AT, values).scalar())
        return None if key is None else str(key).removeprefix(CARD)

    async def intend(self, key: str, channel: str, at: datetime) -> Post:
        """Write down that this message is about to be posted; give back an earlier intent if any."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        intent = (
            upsert(posts)
            .values(key=key, channel=channel, intended_at=at)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(posts.c.key)
        )

        def write(connection: Connection) -> Post:
            fresh = connection.execute(intent).first() is not None
            row = connection.execute(_POST, {"key": key}).mappings().one()
            return Post(**row, fresh=fresh)

        return await self._database.write(write)

    async def intend_again(self, key: str, at: datetime) -> None:
        """The message was not there, and is about to be posted now: from now on it has to be looked for."""
        query = update(posts).where(posts.c.key == key).values(intended_at=at)
        await self._database.write(lambda connection: connection.execute(query))

    async def posted(self, key: str, ts: str, digest: str) -> None:
        """Remember where the message is and what it shows."""
        values = {"this": key, "ts": ts, "digest": digest}
        await self._database.write(lambda connection: connection.execute(_POSTED, values))

    async def forget(self, key: str) -> None:
        """The message is gone from Slack: it will be posted anew."""
        query = delete(posts).where(posts.c.key == key)
        await self._database.write(lambda connection: connection.execute(query))


def card_key(lead_id: str) -> str:
    """The key of the lead's card."""
    return f"{CARD}{lead_id}"


def _placed(connection: Connection, lead_id: str) -> Placed | None:
    row = connection.execute(_PLACED, {"lead_id": lead_id}).first()
    if row is None:
        return None
    return Placed(row.burst, None if row.ts is None else (row.channel, row.ts), row.waits)


_PLACED = (
    select(places.c.burst, posts.c.channel, posts.c.ts, places.c.waits)
    .join(posts, posts.c.key == places.c.burst, isouter=True)
    .where(places.c.lead_id == bindparam("lead_id"))
)
_POSTED = update(posts).where(posts.c.key == bindparam("this"))
_SUMMARY = posts.alias()
_PLACES = (
    select(
        posts.c.key,
        posts.c.channel,
        posts.c.ts,
        _SUMMARY.c.channel.label("there"),
        _SUMMARY.c.ts.label("under"),
    )
    .join(places, "card:" + places.c.lead_id == posts.c.key, isouter=True)
    .join(_SUMMARY, _SUMMARY.c.key == places.c.burst, isouter=True)
    .where(posts.c.key.in_(bindparam("keys", expanding=True)), posts.c.ts.is_not(None))
)
_LINES = (
    select(posts.c.channel, posts.c.ts)
    .join(lead_events, posts.c.key == "event:" + lead_events.c.event_id)
    .where(lead_events.c.lead_id.in_(bindparam("lead_ids", expanding=True)), posts.c.ts.is_not(None))
)
_AT = select(posts.c.key).where(
    posts.c.channel == bindparam("channel"), posts.c.ts == bindparam("ts"), posts.c.key.startswith(CARD)
)
_POST = select(posts).where(posts.c.key == bindparam("key"))
