"""The card's buttons: what was clicked is enqueued, then acknowledged; core decides."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from core.actions import ABOUT_CRM, ANSWERS, Action, ActionName
from core.desk import Desk
from handlers import cards

BUTTONS = (
    ActionName.CLAIM,
    ActionName.APPROVE,
    ActionName.REASSIGN,
    ActionName.REJECT,
    ActionName.UNMERGE,
    ActionName.SYNC,
    *ABOUT_CRM,
    ActionName.ASK_ON,
)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to every action of a card that needs nothing but the click."""

    async def clicked(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await desk.act(asked(body, action))
        await ack()

    for name in (*BUTTONS, *ANSWERS):
        app.action(name.value)(clicked)


def asked(body: dict[str, Any], action: dict[str, Any]) -> Action:
    """The action in a block_actions payload; its key is the same when the payload comes twice."""
    lead_id, _ = cards.lead_of(action["block_id"]) or ("", 0)
    user = body["user"]["id"]
    return Action(
        key=f"action:{lead_id}:{action['action_id']}:{user}:{action['action_ts']}",
        name=ActionName(action["action_id"]),
        lead_id=lead_id,
        actor=user,
        target=action["value"]
        if action["action_id"] in {*ANSWERS, *ABOUT_CRM}
        else action.get("selected_user"),
        reply_to=body.get("response_url"),
    )
