"""The button of a summary of many leads: the list, for whoever clicks, page by page."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.desk import Desk
from core.errors import NotAllowed
from handlers import answers, bursts
from handlers.answers import Answer
from handlers.slack.directory import Directory


def register(app: AsyncApp, desk: Desk, directory: Directory) -> None:
    """Listen to the summary's button, and to the list's own for the next page."""

    @app.action(bursts.SHOW)
    async def clicked(
        ack: AsyncAck, respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any]
    ) -> None:
        await ack()
        answer = await _page(desk, directory, action["value"], body["user"]["id"])
        is_next = bool(body.get("container", {}).get("is_ephemeral"))  # the list itself was clicked
        await respond(
            text=answer.text, blocks=answer.blocks, response_type="ephemeral", replace_original=is_next
        )


async def _page(desk: Desk, directory: Directory, value: str, user: str) -> Answer:
    key, offset = bursts.asked(value)
    gathered = await desk.parts.store.places.gathered(key, offset=offset, limit=bursts.PAGE)
    try:
        await desk.reader(user).check(*gathered.leads)
    except NotAllowed as error:
        return answers.not_allowed(error)
    links = await directory.links(await desk.cards(gathered.leads))
    return bursts.listed(gathered, links, offset=offset, hidden=desk.hidden)
