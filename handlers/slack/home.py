"""The Home tab: shown when it is opened, and after its own buttons, to whoever opened or clicked."""

import asyncio
import re
from typing import Any

from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp

from core.actions import Action, ActionName
from core.desk import Desk
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.home import Pile, Place
from handlers import home
from handlers.slack.homes import Homes

PATIENCE = 2.0
"""Seconds for what comes before the acknowledgement; Slack shows an error after three."""

EFFECT = 5.0
"""Seconds that Home waits for a claim to take effect, before it says that it will."""

NOT_NOW = "Slack or the store does not answer right now. Please click again in a minute."


def register(app: AsyncApp, desk: Desk, homes: Homes) -> None:
    """Listen to Home being opened, and to what is clicked there."""
    _claims(app, desk, homes)
    _turns(app, homes)

    @app.event("app_home_opened", matchers=[is_home])
    async def opened(event: dict[str, Any]) -> None:
        await homes.show(event["user"], Place())

    @app.action(home.REFRESH)
    async def refreshed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await homes.show(body["user"]["id"], place_of(body))

    @app.action(home.DESK)
    async def chosen(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await homes.show(body["user"]["id"], Place(desk=action["selected_option"]["value"]))


async def is_home(event: dict[str, Any]) -> bool:
    """Whether it is the Home tab that was opened."""
    return bool(event.get("tab", "home") == "home")


def place_of(body: dict[str, Any]) -> Place:
    """Where the Home was that was clicked in; the beginning, if it was drawn by another version."""
    try:
        return Place.model_validate_json(body["view"]["private_metadata"])
    except ValidationError:
        return Place()


def _turns(app: AsyncApp, homes: Homes) -> None:
    @app.action(re.compile(f"^{home.NEXT}:"))
    async def forth(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        place = place_of(body).forth(_pile(action), int(action["value"]))
        await homes.show(body["user"]["id"], place)

    @app.action(re.compile(f"^{home.BACK}:"))
    async def back(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await homes.show(body["user"]["id"], place_of(body).turned_back(_pile(action)))


def _claims(app: AsyncApp, desk: Desk, homes: Homes) -> None:
    @app.action(re.compile(f"^{home.CLAIM}:"))
    async def claimed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asked = _claim(body, action)
        notice = await _refusal(desk, asked)
        if notice is None:
            await desk.act(asked)
        await ack()
        await homes.show(asked.actor, place_of(body), notice or await _came_of(desk, asked))


def _claim(body: dict[str, Any], action: dict[str, Any]) -> Action:
    """What the click asks for; its key is the same when the payload comes twice."""
    lead_id, user = action["value"], body["user"]["id"]
    key = f"action:{lead_id}:{ActionName.CLAIM}:{user}:{action['action_ts']}"
    return Action(key=key, name=ActionName.CLAIM, lead_id=lead_id, actor=user)


async def _refusal(desk: Desk, action: Action) -> str | None:
    """Why it cannot be done, as far as it can be told now."""
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.precheck(action)
    except (NotAllowed, NotFound) as error:
        return str(error)
    except (Unavailable, Refused, TimeoutError):
        return NOT_NOW
    return None


async def _came_of(desk: Desk, action: Action) -> str:
    """What came of the claim, once it took effect or somebody else's did."""
    try:
        async with asyncio.timeout(EFFECT):
            while (lead := await desk.lead(action.lead_id)).owner != action.actor:
                await desk.precheck(action)
                await asyncio.sleep(0.1)
    except (NotAllowed, NotFound) as error:
        return str(error)
    except (Unavailable, Refused, TimeoutError):
        return "Your claim is on its way. Refresh shows it in a moment."
    return f"{lead.number} is yours."


def _pile(action: dict[str, Any]) -> Pile:
    return Pile(action["action_id"].rpartition(":")[2])
