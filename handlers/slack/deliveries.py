"""Deliveries in the Home tab: an admin turns their pages and has one read again."""

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from core.desk import Desk
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.intake import again
from core.intake.again import Reading
from handlers import deliveries
from handlers.slack.home import EFFECT, NOT_NOW, PATIENCE, place_of
from handlers.slack.homes import Homes


def register(app: AsyncApp, desk: Desk, homes: Homes) -> None:
    """Listen to what is clicked there."""

    @app.action(deliveries.OLDER)
    async def older(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await homes.show(body["user"]["id"], place_of(body).older(action["value"]))

    @app.action(deliveries.NEWEST)
    async def newest(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await homes.show(body["user"]["id"], place_of(body).older(None))

    @app.action(re.compile(f"^{deliveries.READ}:"))
    async def read(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asked = _reading(body, action)
        notice = await _refusal(desk, asked)
        if notice is None:
            await again.start(desk, asked)
        await ack()
        await homes.show(asked.actor, place_of(body), notice or await _came_of(desk, asked))


def _reading(body: dict[str, Any], action: dict[str, Any]) -> Reading:
    """What the click asks for; its key is the same when the payload comes twice."""
    submission_id, user = action["value"], body["user"]["id"]
    key = f"again:{submission_id}:{user}:{action['action_ts']}"
    return Reading(key=key, submission_id=submission_id, actor=user)


async def _refusal(desk: Desk, asked: Reading) -> str | None:
    """Why it cannot be read, as far as it can be told now."""
    try:
        async with asyncio.timeout(PATIENCE):
            await again.admitted(desk, asked)
    except NotAllowed as error:
        return str(error)
    except NotFound:
        return deliveries.GONE
    except (Unavailable, Refused, TimeoutError):
        return NOT_NOW
    return None


async def _came_of(desk: Desk, asked: Reading) -> str:
    """What came of it, once it was read for this click or became a lead."""
    try:
        async with asyncio.timeout(EFFECT):
            while (delivery := await again.came_of(desk, asked)) is None:  # noqa: ASYNC110 - any process may do it
                await asyncio.sleep(0.1)
    except NotAllowed as error:
        return str(error)
    except NotFound:
        return deliveries.GONE
    except (Unavailable, Refused, TimeoutError):
        return deliveries.ON_ITS_WAY
    return deliveries.told(delivery)
