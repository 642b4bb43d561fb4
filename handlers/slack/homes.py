"""People's Homes: read anew and published, for the one person who looks."""

import asyncio
from weakref import WeakValueDictionary

import structlog

from core.desk import Desk
from core.errors import NotAllowed, Refused, Unavailable
from core.home import Place
from core.lead import utcnow
from core.rights import Role
from core.setup import Setup
from handlers import home
from handlers.mrkdwn import Block
from handlers.slack.api import Slack
from handlers.slack.directory import Directory

log = structlog.get_logger()


class Homes:
    """Everybody's Home. Shows of one take turns, and each reads anew: the last one shows what is so."""

    def __init__(self, desk: Desk, slack: Slack, directory: Directory) -> None:
        self._desk = desk
        self._slack = slack
        self._directory = directory
        self._setup = Setup()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show(self, user: str, place: Place, notice: str = "") -> None:
        """Publish it; what Slack refuses is logged, since it is opened again soon enough.

        notice: what came of the last click, a sentence of ours.
        """
        turn = self._turns.setdefault(user, asyncio.Lock())
        async with turn:
            try:
                await self._slack.call(
                    "views.publish", user_id=user, view=await self._view(user, place, notice)
                )
            except (Unavailable, Refused) as error:
                log.warning("home_failed", user=user, why=error.why)

    async def _view(self, user: str, place: Place, notice: str) -> Block:
        try:
            shown = await self._desk.reader(user).home(place)
            leads = [lead for page in shown.lists.values() for lead in page.leads]
            links = await self._directory.links(await self._desk.cards(leads))
            names = await self._directory.channel_names(shown.desks) if len(shown.desks) > 1 else {}
        except NotAllowed:
            return home.told(home.STRANGER)
        except Refused as error:
            log.warning("home_not_read", user=user, why=error.why)
            return home.told(home.TO_MEND.format(why=error))
        except Unavailable as error:
            log.warning("home_not_read", user=user, why=error.why)
            return home.told(home.AWAY)
        admin = shown.role == Role.ADMIN
        findings = await self._setup.findings(self._desk.parts, shown.desk) if admin else ()
        return home.view(
            shown,
            now=utcnow(),
            links=links,
            names=names,
            hidden=self._desk.hidden,
            findings=findings,
            notice=notice,
        )
