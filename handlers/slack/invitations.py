"""The bot is invited to a channel: what could not be posted there is posted now, not an hour later."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from core.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to who joins the channels that the bot is in, itself included."""

    @app.event("member_joined_channel")
    async def joined(event: dict[str, Any], context: dict[str, Any]) -> None:
        if event["user"] == context["bot_user_id"]:
            await desk.let_in()
