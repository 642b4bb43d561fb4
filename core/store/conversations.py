"""Conversations and their transcripts: each decision is kept with the lead it changes, in one transaction."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.conversation.places import Conversation, Line, NewTurn, Outcome, Part, Place, Result
from core.conversation.state import Kept, Say, State
from core.errors import NotFound
from core.lead import Contact, Lead, utcnow
from core.store.database import Database
from core.store.events import add_event, is_known
from core.store.lead_rows import change_lead, read_lead
from core.store.tables import conversations, early_turns, leads, merges, talk_turns

Follow = Callable[[Connection, str], None]
"""Enqueue what comes of a turn inside the transaction that keeps it; given connection and lead id."""

Decide = Callable[[Conversation, Lead, bool], Outcome]
"""A pure decision: the conversation and its lead as they are now; whether its writer has gone on writing."""

Retell = Callable[[Lead, tuple[Kept, ...]], dict[str, Any]]
"""The columns of a lead that what was said in its conversations changes."""


class Conversations:
    """The tables of conversations and their turns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, place: str) -> Conversation | None:
        """The conversation in that thread."""
        return await self._database.read(lambda connection: _read(connection, place))

    async def of(self, lead_id: str) -> list[Conversation]:
        """The lead's conversations, in no order."""
        query = select(conversations).where(conversations.c.lead_id == lead_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_conversation(row) for row in rows]

    async def around(self, lead_id: str) -> list[Conversation]:
        """The conversations of the lead and of those that were merged into it, in no order."""
        query = select(conversations).where(conversations.c.lead_id.in_(_standing_for(lead_id)))
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_conversation(row) for row in rows]

    async def latest(self, channel: str, writer: str, since: datetime) -> Conversation | None:
        """The last conversation with this writer in that channel, if it was after that."""
        query = (
            select(conversations)
            .where(conversations.c.channel == channel, conversations.c.writer == writer)
            .where(conversations.c.updated_at >= since)
            .order_by(conversations.c.updated_at.desc())
            .limit(1)
        )
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _conversation(row)

    async def take(self, place: str, turn: NewTurn, follow: Follow) -> bool:
        """Keep a turn and enqueue what comes of it; False where there is no conversation, or it is kept."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = {"turn_id": turn.turn_id, "place": place, "who": turn.who, "text": turn.text, "at": turn.at}
        query = (
            upsert(talk_turns)
            .values(**row)
            .on_conflict_do_nothing(index_elements=["turn_id"])
            .returning(talk_turns.c.seq)
        )

        def write(connection: Connection) -> bool:
            found = _read(connection, place)
            if found is None or connection.execute(query).first() is None:
                return False
            follow(connection, found.lead_id)
            return True

        return await self._database.write(write)

    async def take_early(self, place: str, turn: NewTurn) -> None:
        """Keep a turn for a while whose thread is no conversation yet: Slack may deliver out of order."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = {"turn_id": turn.turn_id, "place": place, "who": turn.who, "text": turn.text, "at": turn.at}
        query = (
            upsert(early_turns)
            .values(**row, kept_at=utcnow())
            .on_conflict_do_nothing(index_elements=["turn_id"])
        )
        await self._database.write(lambda connection: connection.execute(query))

    async def sweep_early(self, before: datetime) -> None:
        """Forget early turns kept before then: their threads are no conversations."""
        query = delete(early_turns).where(early_turns.c.kept_at < before)
        await self._database.write(lambda connection: connection.execute(query))

    async def turn(self, turn_id: str) -> tuple[str, Line]:
        """Where a turn was written, and the turn; NotFound when its lead was erased meanwhile."""
        query = select(talk_turns).where(talk_turns.c.turn_id == turn_id)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise NotFound("This message is not kept any more.")
        return row["place"], _line(row)

    async def decide(self, place: str, key: str, decide: Decide) -> Result:
        """Let the decision see conversation and lead as they are now, and keep what it makes of them.

        Args:
            place: whose key.
            key: of a turn, its id; else unique to what happened. A second time gives what it gave before.
            decide: pure.
        """

        def write(connection: Connection) -> Result:
            found = _read(connection, place, for_update=True)
            if found is None:
                raise NotFound("This conversation is not kept any more.")
            lead = read_lead(connection, found.lead_id, for_update=True)
            while lead.merged_into is not None:
                lead = read_lead(connection, lead.merged_into, for_update=True)
            turn = connection.execute(_TURN, {"id": key}).mappings().first()
            said = connection.execute(_TURN, {"id": said_key(key)}).mappings().first()
            if said is not None or (turn is not None and turn["part"] is not None):
                say = None if said is None else Say.model_validate(said["said"])
                return Result(lead_id=lead.lead_id, say=say, changed=True, contact=True)
            later = turn is not None and connection.execute(_LATER, dict(turn)).first() is not None
            return self._keep(connection, found, lead, key, decide(found, lead, later))

        return await self._database.write(write)

    def _keep(
        self, connection: Connection, found: Conversation, lead: Lead, key: str, outcome: Outcome
    ) -> Result:
        events = [event for event in outcome.events if not is_known(connection, event)]
        if outcome.columns:
            change_lead(connection, lead.lead_id, dict(outcome.columns))
        for event in events:
            add_event(connection, event)
        now = utcnow()
        changing = {"state": outcome.state.model_dump(mode="json"), "nudge_at": outcome.nudge_at}
        this = conversations.c.place == found.place.key
        connection.execute(update(conversations).where(this).values(**changing, updated_at=now))
        if outcome.part is not None:
            connection.execute(
                update(talk_turns).where(talk_turns.c.turn_id == key).values(part=outcome.part)
            )
        if outcome.say is not None:
            line = {"turn_id": said_key(key), "place": found.place.key, "who": "bot", "part": Part.BOT}
            said = outcome.say.model_dump(mode="json")
            connection.execute(insert(talk_turns).values(**line, text="", said=said, at=now))
        return Result(
            lead_id=lead.lead_id,
            say=outcome.say,
            changed=bool(outcome.columns or events),
            contact=bool(set(outcome.columns) & set(Contact.model_fields)),
        )

    async def to_say(self, key: str) -> Say | None:
        """What was decided to be said under this key."""
        query = select(talk_turns.c.said).where(talk_turns.c.turn_id == said_key(key))
        said = await self._database.read(lambda connection: connection.execute(query).scalar())
        return None if said is None else Say.model_validate(said)

    async def spoken(self, key: str, text: str) -> None:
        """What was said under this key, in words."""
        query = update(talk_turns).where(talk_turns.c.turn_id == said_key(key)).values(text=text)
        await self._database.write(lambda connection: connection.execute(query))

    async def retell(self, lead_id: str, retell: Retell) -> None:
        """Let what was said in the conversations around the lead change it as it is now, which was read anew.

        Of a lead that was merged into it that is what was said since.
        """
        merged = select(merges.c.changes, merges.c.at).where(
            merges.c.kept_id == lead_id, merges.c.undone_at.is_(None)
        )

        def write(connection: Connection) -> None:
            since: dict[str, datetime] = {}
            for changes, at in connection.execute(merged.order_by(merges.c.seq)):
                since |= dict.fromkeys(changes, at)
            since[lead_id] = datetime.min.replace(tzinfo=UTC)
            query = select(conversations.c.lead_id, conversations.c.state)
            said = (
                each
                for row in connection.execute(query.where(conversations.c.lead_id.in_(since)))
                if row.state
                for each in State.model_validate(row.state).kept
                if each.at > since[row.lead_id]
            )
            kept = tuple(sorted(said, key=lambda each: each.at))
            if kept:
                lead = read_lead(connection, lead_id, for_update=True)
                if changes := retell(lead, kept):
                    change_lead(connection, lead_id, changes)

        await self._database.write(write)

    async def due(self, now: datetime, *, limit: int) -> list[Conversation]:
        """Those whose writer has been silent long enough, longest first."""
        query = (
            select(conversations)
            .where(conversations.c.nudge_at <= now)
            .order_by(conversations.c.nudge_at)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_conversation(row) for row in rows]

    async def transcript(self, lead_id: str) -> list[Line]:
        """All that was written in the conversations around the lead, in the order in which it came."""
        query = (
            select(talk_turns)
            .join(conversations, conversations.c.place == talk_turns.c.place)
            .where(conversations.c.lead_id.in_(_standing_for(lead_id)), talk_turns.c.text != "")
            .order_by(talk_turns.c.seq)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_line(row) for row in rows]


def add_conversation(connection: Connection, place: Place, lead_id: str) -> list[str]:
    """A thread in which the writer of a new lead will be talked with, inside the caller's transaction.

    The ids of the turns that came before it, oldest first: they are its turns now.
    """
    connection.execute(
        insert(conversations).values(
            place=place.key,
            lead_id=lead_id,
            state=None,
            nudge_at=None,
            updated_at=utcnow(),
            **place.model_dump(),
        )
    )
    this = early_turns.c.place == place.key
    early = connection.execute(select(early_turns).where(this).order_by(early_turns.c.at)).mappings().all()
    for row in early:
        values = {name: row[name] for name in ("turn_id", "place", "who", "text", "at")}
        connection.execute(insert(talk_turns).values(**values))
    connection.execute(delete(early_turns).where(this))
    return [row["turn_id"] for row in early]


def said_key(key: str) -> str:
    """The id of what we say to the turn of that id."""
    return f"say:{key}"


def _standing_for(lead_id: str) -> Select[tuple[str]]:
    """The ids of the lead and of those for which it stands."""
    return select(leads.c.lead_id).where(or_(leads.c.lead_id == lead_id, leads.c.merged_into == lead_id))


def _read(connection: Connection, place: str, *, for_update: bool = False) -> Conversation | None:
    query = _ONE.with_for_update() if for_update else _ONE
    row = connection.execute(query, {"place": place}).mappings().first()
    return None if row is None else _conversation(row)


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(
        place=Place(**{name: row[name] for name in Place.model_fields}),
        lead_id=row["lead_id"],
        state=None if row["state"] is None else State.model_validate(row["state"]),
        nudge_at=row["nudge_at"],
    )


def _line(row: RowMapping) -> Line:
    return Line(**{name: row[name] for name in Line.model_fields})


_ONE = select(conversations).where(conversations.c.place == bindparam("place"))
_TURN = select(talk_turns).where(talk_turns.c.turn_id == bindparam("id"))
_LATER = select(talk_turns.c.seq).where(
    talk_turns.c.place == bindparam("place"),
    talk_turns.c.who == bindparam("who"),
    talk_turns.c.seq > bindparam("seq"),
    talk_turns.c.part.is_(None),
)
