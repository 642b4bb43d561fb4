"""Admins and managers say which of a sender's fields is which; what waited for it becomes leads."""

import asyncio
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.desk import Desk
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.intake.deliveries import confirm
from core.intake.shapes import Shape, corrected
from core.rights import Role
from handlers import modals, shape_cards
from handlers.mrkdwn import sentence
from handlers.slack.api import Slack
from handlers.slack.menu import AWAY, PATIENCE

log = structlog.get_logger()

NOT_YOURS = "Only an admin or a manager of this desk can say what a sender's fields are."


def register(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    """Listen to the message's buttons and to the form behind one of them."""
    _buttons(app, desk, slack)
    _form_sent(app, desk)


def _buttons(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    @app.action(shape_cards.CONFIRM)
    async def right(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        user = body["user"]["id"]
        await ack()
        try:
            shape = await _shape(desk, action["value"], user)
            await confirm(desk, shape, by=user, key=action["action_ts"])
        except (NotAllowed, NotFound) as error:
            await respond(text=sentence(str(error)), replace_original=False)
        except (Unavailable, Refused):  # it is kept; the message follows at the next delivery
            await respond(text=AWAY, replace_original=False)

    @app.action(shape_cards.CORRECT)
    async def correct(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        try:
            loading = modals.loading(shape_cards.TITLE)
            opened = await slack.call("views.open", trigger_id=body["trigger_id"], view=loading)
            view = await _form(desk, action["value"], body["user"]["id"])
            await slack.call("views.update", view_id=opened["view"]["id"], view=view)
        except (Unavailable, Refused) as error:  # too late, or closed meanwhile: the button is still there
            log.warning("modal_failed", why=error.why)


def _form_sent(app: AsyncApp, desk: Desk) -> None:
    @app.view(shape_cards.FORM)
    async def said(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        first, user = "column_0", body["user"]["id"]
        try:
            async with asyncio.timeout(PATIENCE):
                shape = await _shape(desk, view["private_metadata"], user)
                fields = shape_cards.read(view, shape)
                if wrong := shape_cards.wrong(fields, shape):
                    await ack(response_action="errors", errors=wrong)
                    return
                await confirm(desk, corrected(shape, fields), by=user, key=view["id"])
        except (NotAllowed, NotFound) as error:
            await ack(response_action="errors", errors=modals.errors(first, str(error)))
        except (Unavailable, Refused, TimeoutError):
            await ack(response_action="errors", errors=modals.errors(first, AWAY))
        else:
            await ack()


async def _form(desk: Desk, shape_id: str, user: str) -> dict[str, Any]:
    try:
        return shape_cards.form(await _shape(desk, shape_id, user))
    except (NotAllowed, NotFound) as error:
        return modals.told(shape_cards.TITLE, str(error))
    except (Unavailable, Refused):
        return modals.told(shape_cards.TITLE, AWAY)


async def _shape(desk: Desk, shape_id: str, user: str) -> Shape:
    """The shape; NotAllowed unless this user may decide about it."""
    shape = await desk.parts.store.shapes.get(shape_id)
    if await desk.parts.members.role(user, shape.desk) not in {Role.ADMIN, Role.MANAGER}:
        raise NotAllowed(NOT_YOURS)
    return shape
