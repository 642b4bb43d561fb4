"""A channel takes the bot's messages again: what could not be posted is posted now, not an hour later."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from core.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to who joins the bot's channels, itself included, and to channels that come back."""

    @app.event("member_joined_channel")
    async def joined(event: dict[str, Any], context: dict[str, Any]) -> None:
        if event["user"] == context["bot_user_id"]:
            await desk.let_in()

    async def unarchived() -> None:
        await desk.let_in()

    for event in ("channel_unarchive", "group_unarchive"):
        app.event(event)(unarchived)
