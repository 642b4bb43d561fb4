"""What is only looked at: help, one lead, lists, searches, figures; and the buttons that turn pages."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.desk import Desk
from core.errors import InvalidSearch
from core.lead import utcnow
from core.listing import Filter
from handlers import answers, lists, paging, stats
from handlers.answers import Answer
from handlers.slack.answering import Place, answered
from handlers.slack.directory import Directory
from handlers.slack.similar import similar
from handlers.verbs import Asked, Verb, listed

LOOKS = frozenset({Verb.HELP, Verb.LIST, Verb.FIND, Verb.SIMILAR, Verb.STATS})
"""Verbs that change nothing, beside SHOW, which is of one lead."""


class Looks:
    """The verbs of LOOKS, each a method."""

    def __init__(self, desk: Desk, directory: Directory) -> None:
        self._desk = desk
        self._directory = directory

    async def answer(self, asked: Asked, place: Place) -> Answer:
        """The answer to a member of a desk; raises NotFound, NotAllowed, Unavailable and Refused."""
        match asked.verb:
            case Verb.LIST:
                return await self._list(asked, place)
            case Verb.FIND:
                return await self._find(asked, place)
            case Verb.SIMILAR:
                return await self._similar(asked, place)
            case Verb.STATS:
                return await self._stats(asked, place)
        return answers.usage()

    async def show(self, number: str, user: str) -> Answer:
        """All about a lead."""
        reader = self._desk.reader(user)
        lead, history = await reader.show(number)
        return answers.shown(
            lead,
            now=self._desk.now(lead.desk),
            history=history,
            merged=await reader.merged_into(lead),
            transcript=await reader.transcript(lead),
            hidden_entities=self._desk.hidden(lead.business_type),
        )

    async def page(self, filter_: Filter, words: str, user: str, **bounds: int) -> Answer:
        """A page of a list."""
        page = await self._desk.reader(user).page(filter_, words=words, **bounds)
        links = await self._directory.links(await self._desk.cards(page.leads))
        return paging.paged(page, filter_, words=words, links=links, hidden=self._desk.hidden)

    async def _list(self, asked: Asked, place: Place) -> Answer:
        filter_ = listed(asked.words)
        return answers.how("list") if filter_ is None else await self.page(filter_, "", place.user)

    async def _find(self, asked: Asked, place: Place) -> Answer:
        words = asked.words[: paging.WORDS_MAX]
        return await self.page(Filter.FOUND, words, place.user) if words else answers.how("find")

    async def _similar(self, asked: Asked, place: Place) -> Answer:
        subject = asked.words
        if not subject and place.here is not None:
            subject = (await self._desk.lead(place.here)).number
        if not subject:
            return answers.how("similar")
        return await similar(self._desk, self._directory, subject, place.user)

    async def _stats(self, asked: Asked, place: Place) -> Answer:
        try:
            since = stats.since(asked.words, utcnow())
        except InvalidSearch as error:
            return lists.invalid_search(error)
        return stats.told(await self._desk.reader(place.user).responses(since), since)


def register(app: AsyncApp, desk: Desk, directory: Directory) -> None:
    """Listen to the buttons of lists."""
    looks = Looks(desk, directory)

    async def turned(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        filter_, words, bounds = paging.place_of(action["value"])
        user = body["user"]["id"]

        async def page() -> Answer:
            return await looks.page(filter_, words, user, **bounds)

        answer = await answered(desk, user, "The list", page)
        if answer is not None:
            await respond(text=answer.text, blocks=answer.blocks, replace_original=True)

    app.action(paging.NEXT)(turned)
    app.action(paging.BACK)(turned)
