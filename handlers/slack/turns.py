"""Answers to what people write to the bot alone: orders become buttons, questions are answered from leads."""

import asyncio
from datetime import datetime
from typing import Final

import structlog

from core.conversation import places
from core.desk import Desk
from core.errors import NotAllowed, Refused, Unavailable
from core.questions import QUESTION_MAX, Query, by_model, follow, read
from core.questions.asking import Turn
from core.similar.wanted import NOBODY
from handlers import confirming, replies
from handlers.answers import Answer, away, told
from handlers.home import STRANGER
from handlers.slack.answering import Place, answered
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.session import Session, Stopped
from handlers.slack.verbs import Verbs
from handlers.understood import understood
from handlers.verbs import Asked, Verb

log = structlog.get_logger()

WORKING: Final = "is looking through the leads…"

FEWEST_WORDS: Final = 4
"""Words from which what was not understood may be a request."""


class Turns:
    """core.questions.asking's Agent, in Slack."""

    def __init__(self, desk: Desk, slack: Slack, directory: Directory) -> None:
        self._desk = desk
        self._slack = slack
        self._directory = directory
        self._verbs = Verbs(desk, slack, directory)
        self._under_way: dict[tuple[str, str], set[asyncio.Event]] = {}

    async def answer(self, turn: Turn) -> None:
        """Say what there is to say, unless it was said before or the person stops it."""
        session, stop = Session(self._slack, self._desk.parts.store, turn), asyncio.Event()
        if not await session.begin():
            return
        place = (turn.channel, turn.thread_ts)
        self._under_way.setdefault(place, set()).add(stop)
        work, stopping = asyncio.create_task(self._answer(turn, session)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
                await session.stopped()
                return
            await work
        except Stopped:
            await session.stopped()
        finally:
            work.cancel()
            stopping.cancel()
            self._under_way[place].discard(stop)
            if not self._under_way[place]:
                del self._under_way[place]

    def stop(self, channel: str, thread_ts: str) -> None:
        """The person pressed stop in this session. A stream of another process ends at its next word."""
        for stop in self._under_way.get((channel, thread_ts), ()):
            stop.set()

    async def keep(self, turn: Turn) -> Answer | None:
        """Make a lead of the message."""
        asked = Asked(verb=Verb.NEW, words=turn.text)
        return await self._do(asked, _place(turn), turn.user)

    async def do(self, asked: Asked, place: Place) -> Answer | None:
        """Carry out what was confirmed."""
        return await self._do(asked, place, place.user)

    async def _answer(self, turn: Turn, session: Session) -> None:
        if (refusal := await self._refusal(turn.user)) is not None:
            await session.say(refusal)  # and no status: nothing is being looked at
            return
        await session.working(WORKING)
        wish = understood(
            turn.text,
            asker=turn.user,
            now=await self._now(turn.user),
            business_types=self._desk.business_types,
        )
        if isinstance(wish, Asked) and wish.verb == Verb.HELP:
            await session.say(replies.help_here())
        elif isinstance(wish, Asked):
            await session.say(await self._do(wish, _place(turn), turn.user) or told("It is on its way."))
        else:
            await self._tell(turn, wish, session)
        await session.rest()

    async def _refusal(self, user: str) -> Answer | None:
        """What to say to somebody who may see no lead, or of whom nobody can tell."""
        try:
            await self._desk.reader(user).desks()
        except NotAllowed:
            return told(STRANGER)
        except (Unavailable, Refused) as error:
            return away("The desk", error)
        return None

    async def _do(self, asked: Asked, place: Place, user: str) -> Answer | None:
        return await answered(self._desk, user, "That", lambda: self._verbs.carry_out(asked, place))

    async def _tell(self, turn: Turn, by_rules: Query | None, session: Session) -> None:
        query, alone = await self._read(turn, by_rules)
        if follow.goes_on(turn.text) and (before := await session.before()) is not None:
            query = before.overlaid(await self._by_rules(turn, follow.in_full(turn.text)) or query or Query())
        if query is None:
            await session.say(_not_understood(turn))
            return
        owner = await self._called(query.wanted.owner, turn.user)
        await session.stream((replies.BY_RULES if alone else "") + replies.looking(query, owner=owner))
        listed: list[Answer] = []

        async def look() -> Answer:
            found = await self._desk.reader(turn.user).ask(query)
            links = await self._directory.links(await self._desk.cards(found.shown))
            listed.append(replies.listed(found, links=links, hidden=self._desk.hidden))
            return Answer(text=replies.told(found), blocks=[])

        said = await answered(self._desk, turn.user, "The search", look)
        await session.stream("" if said is None else said.text)
        await session.finish(listed[0].blocks if listed else [], query)

    async def _now(self, user: str) -> datetime:
        """The time at this user's desk, their first one: days begin and end there."""
        return self._desk.now((await self._desk.reader(user).desks())[0])

    async def _by_rules(self, turn: Turn, text: str) -> Query | None:
        now, businesses = await self._now(turn.user), self._desk.business_types
        return read(text, asker=turn.user, now=now, business_types=businesses)

    async def _read(self, turn: Turn, by_rules: Query | None) -> tuple[Query | None, bool]:
        """The question's query, and whether the model was asked and the rules had to read it alone."""
        analyst = self._desk.parts.analyst
        short = len(turn.text) <= QUESTION_MAX
        if not analyst.model_ready() or not short or not turn.text.strip():
            return by_rules, False
        now, businesses = await self._now(turn.user), self._desk.business_types
        try:
            chosen = await analyst.fill_in(
                by_model.question(turn.text, now, businesses), by_model.SCHEMA, seconds=by_model.SECONDS
            )
        except (Unavailable, Refused) as error:
            log.warning("question_read_by_rules", why=error.why)
            return by_rules, True
        read = by_model.read(chosen, turn.text, asker=turn.user, now=now, business_types=businesses)
        return by_model.joined(by_rules, read), False

    async def _called(self, owner: str | None, asker: str) -> str | None:
        """What another owner than the asker is called."""
        if owner in {None, NOBODY, asker}:
            return None
        return await self._directory.name_of(owner) or owner


def _place(turn: Turn) -> Place:
    return Place(
        user=turn.user,
        channel=turn.channel,
        key=turn.key,
        message=(turn.channel, turn.ts),
        talk=_thread(turn),
        confirms=True,
    )


def _thread(turn: Turn) -> places.Place | None:
    """Where what is missing in a lead is asked for; not in a thread that is about something else."""
    if turn.ts != turn.thread_ts:
        return None
    return places.Place(channel=turn.channel, thread_ts=turn.ts, writer=turn.user)


def _not_understood(turn: Turn) -> Answer:
    if len(turn.text.split()) < FEWEST_WORDS:
        return told(replies.UNABLE)
    return confirming.offer(replies.OFFER, turn.ts)
