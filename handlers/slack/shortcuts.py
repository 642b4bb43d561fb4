"""Shortcuts: "New lead" from anywhere, and "Make this a lead" on a message, which makes one lead of it."""

import asyncio
import json
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from core import intake
from core.desk import Desk
from core.errors import InvalidLead, NotAllowed, Refused, Unavailable
from core.lead import Draft, Lead, utcnow
from core.store.submissions import Accepted
from handlers import cards, modals, views
from handlers.mrkdwn import Block
from handlers.slack import message_lead
from handlers.slack.answering import PATIENCE
from handlers.slack.api import Slack
from handlers.slack.commands import TRY_AGAIN
from handlers.slack.directory import Directory
from handlers.slack.menu import AWAY
from handlers.slack.typed import as_typed

log = structlog.get_logger()

MAKE, NEW = "make_lead", "new_lead"
"""callback_ids of the shortcuts, as in manifest.yml."""

SOURCE = "slack_shortcut"

OUR_OWN = "This is a message of mine, and its lead has a card already."
NO_WORDS = "This message has no words to make a lead of."


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to both shortcuts, and to the form of the second; the first has that of /lead new."""

    @app.shortcut({"type": "shortcut", "callback_id": NEW})
    async def new(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        view = await _in_place(desk, body["user"]["id"]) or views.new_lead()
        await _opened(slack, body, view)

    @app.shortcut({"type": "message_action", "callback_id": MAKE})
    async def make(ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
        await ack()
        opened = await _opened(slack, body, modals.loading(views.TITLE))
        if opened is not None:
            view = await _filled(desk, slack, body, context)
            await slack.call("views.update", view_id=opened, view=view)

    @app.view(views.MESSAGE_LEAD)
    async def made(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                accepted = await _submit(desk, directory, view, body["user"]["id"])
        except InvalidLead as error:
            await ack(response_action="errors", errors=views.errors_of(error))
        except NotAllowed as error:
            await ack(response_action="errors", errors={"message": str(error)})
        except (Unavailable, Refused, TimeoutError):  # a second try makes no second lead
            await ack(response_action="errors", errors={"message": TRY_AGAIN})
        else:
            if accepted.fresh:
                await ack()
            else:
                await ack(response_action="update", view=_known(await desk.lead(accepted.lead_id)))


async def _opened(slack: Slack, body: dict[str, Any], view: Block) -> str | None:
    """The id of the opened modal; None when it came too late: the shortcut is still there."""
    try:
        opened = await slack.call("views.open", trigger_id=body["trigger_id"], view=view)
    except (Unavailable, Refused) as error:
        log.warning("modal_failed", why=error.why)
        return None
    return str(opened["view"]["id"])


async def _in_place(desk: Desk, user: str) -> Block | None:
    """What to show instead of a form to somebody who may not make leads, or while nobody can tell."""
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.reader(user).desks()
    except NotAllowed as error:
        return modals.told(views.TITLE, str(error))
    except (Unavailable, Refused, TimeoutError):
        return modals.told(views.TITLE, AWAY)
    return None


async def _filled(desk: Desk, slack: Slack, body: dict[str, Any], context: dict[str, Any]) -> Block:
    """The form with what the rules find in the message, or what there is to say in its place."""
    if (instead := await _in_place(desk, body["user"]["id"])) is not None:
        return instead
    message, channel = body["message"], body["channel"]["id"]
    if message.get("bot_id") == context["bot_id"]:
        return modals.told(views.TITLE, OUR_OWN)
    known = await desk.lead_of(message_lead.SOURCE, message_lead.event_key(channel, message["ts"]))
    if known is not None:
        return _known(known)
    text = as_typed(message.get("text") or "").strip()
    if not text:
        return modals.told(views.TITLE, NO_WORDS)
    contact = intake.find_contact(text, region=desk.region)
    read = await desk.read(text, contact)
    try:
        place = {"channel": channel, "message_ts": message["ts"]}
        link = (await slack.call("chat.getPermalink", **place))["permalink"]
    except (Unavailable, Refused):  # a lead without a link is a lead
        link = None
    meta = {"channel": channel, "ts": message["ts"], "user": message.get("user"), "link": link}
    named = contact.model_copy(
        update={"first_name": next((each.value for each in read.mentions.get("people", ())), None)}
    )
    return views.message_lead(message=text, contact=named, wants=read.wants, link=link, meta=json.dumps(meta))


def _known(lead: Lead) -> Block:
    return modals.told(
        views.TITLE, f"This message is {lead.number} already: {cards.STATES[lead.desk_status].lower()}."
    )


async def _submit(desk: Desk, directory: Directory, view: dict[str, Any], user: str) -> Accepted:
    await desk.reader(user).desks()
    payload, meta = views.read_new_lead(view["state"]["values"]), json.loads(view["private_metadata"])
    kept = message_lead.submission(
        meta["channel"], meta["ts"], json.dumps(payload), content_type="application/json"
    )

    def read() -> Draft:
        draft = intake.read(payload, source=SOURCE, now=utcnow(), business_types=desk.business_types)
        origin = message_lead.origin(meta["user"], meta["channel"])
        return draft.model_copy(update={"source_url": meta["link"], "custom_fields": origin})

    at = (await directory.named(desk.desks.channels)).get(meta["channel"])
    return await desk.submit(kept, read, actor=user, desk=at)
