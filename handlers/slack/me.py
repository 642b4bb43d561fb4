"""The form of one's own hours, absences and notices: opened from Home and by /lead me, kept when sent."""

import asyncio
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from core.desk import Desk
from core.errors import NotAllowed, Refused, Unavailable
from core.home import Place
from core.lead import utcnow
from core.reps import person
from handlers import me, modals
from handlers.mrkdwn import Block
from handlers.slack.api import Slack
from handlers.slack.home import place_of
from handlers.slack.homes import Homes

log = structlog.get_logger()

PATIENCE = 2.5
"""Seconds for an answer to a submission; Slack shows an error after three."""

AWAY = "Slack or the store does not answer right now. Please try again in a minute."


def register(app: AsyncApp, desk: Desk, slack: Slack, homes: Homes) -> None:
    """Listen to the button in Home, and to the form."""

    @app.action(me.EDIT)
    async def edit(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await open_form(desk, slack, body["user"]["id"], body["trigger_id"], place_of(body))

    @app.view(me.ME)
    async def saved(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        user, place = body["user"]["id"], Place.model_validate_json(view["private_metadata"])
        try:
            async with asyncio.timeout(PATIENCE):
                wrong = await _save(desk, user, place, view)
        except NotAllowed as error:
            wrong = modals.errors(me.HOURS, str(error))
        except (Unavailable, Refused, TimeoutError):
            wrong = modals.errors(me.HOURS, AWAY)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        await homes.show(user, place)


async def open_form(desk: Desk, slack: Slack, user: str, trigger_id: str, place: Place) -> None:
    """Show somebody the form of one of their desks, or in its place why there is none."""
    try:
        opened = await slack.call("views.open", trigger_id=trigger_id, view=modals.loading(me.TITLE))
        view = await _form(desk, user, place)
        await slack.call("views.update", view_id=opened["view"]["id"], view=view)
    except (Unavailable, Refused) as error:  # too late, or closed meanwhile: the button is still there
        log.warning("modal_failed", why=error.why)


async def _form(desk: Desk, user: str, place: Place) -> Block:
    try:
        file, own = await desk.own_settings(user, place.desk)
    except NotAllowed as error:
        return modals.told(me.TITLE, str(error))
    except (Unavailable, Refused):
        return modals.told(me.TITLE, AWAY)
    today = person(file, user, own).today(utcnow())
    return me.form(person(file, user), own, today, place=place.model_copy(update={"desk": file.channel}))


async def _save(desk: Desk, user: str, place: Place, view: dict[str, Any]) -> dict[str, str]:
    """Keep what the form sets, unless something in it is wrong: what, by block id."""
    file, own = await desk.own_settings(user, place.desk)
    settings, wrong = me.read(view, person(file, user, own).today(utcnow()))
    if not wrong:
        await desk.set_own(user, file.channel, settings)
    return wrong
