"""Merging from Slack: its modals, /lead merge and unmerge; all ask before they do."""

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.actions import Action, ActionName
from core.desk import Desk
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.lead import Lead
from core.merge import Merge
from handlers import answers, merging
from handlers.answers import Answer
from handlers.slack.api import Slack
from handlers.slack.menu import AWAY, PATIENCE

NO_NUMBER = "Type the number of the other lead."


def register(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    """Listen to the two modals and to the buttons of private answers."""
    _modals(app, desk)
    _swap(app, desk, slack)
    _buttons(app, desk)


def _modals(app: AsyncApp, desk: Desk) -> None:
    @app.view(merging.CHOOSE)
    async def chosen(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                user, other = body["user"]["id"], merging.read_choice(view)
                await desk.reader(user).desks()
                if not other:
                    raise NotAllowed(NO_NUMBER)  # noqa: TRY301 - told like the refusals below
                lead_id = view["private_metadata"]
                merge = await _preview(desk, lead_id, other, user=user, as_told=False)
        except (NotAllowed, NotFound) as error:
            await ack(response_action="errors", errors=merging.errors_of(str(error)))
        except (Unavailable, Refused, TimeoutError):
            await ack(response_action="errors", errors=merging.errors_of(AWAY))
        else:
            await ack(response_action="update", view=merging.confirm(merge, _hidden(desk, merge)))

    @app.view(merging.CONFIRM)
    async def confirmed(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        kept, gone = merging.pair_of(view["private_metadata"])
        asked = Action(
            key=f"action:{gone}:merge:{view['id']}",
            name=ActionName.MERGE,
            lead_id=gone,
            actor=body["user"]["id"],
            target=kept,
        )
        await desk.act(asked)
        await ack()


def _swap(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    @app.action(merging.SWAP)
    async def swapped(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        await ack()
        kept, gone = merging.pair_of(action["value"])
        user = body["user"]["id"]
        try:
            await desk.reader(user).desks()
            merge = await _preview(desk, kept, gone, user=user)
        except (NotAllowed, NotFound, Unavailable, Refused) as error:
            view, answer = merging.told(_why(error)), answers.not_allowed(NotAllowed(_why(error)))
        else:
            hidden = _hidden(desk, merge)
            view, answer = merging.confirm(merge, hidden), merging.ask(merge, hidden)
        if "view" in body:
            await slack.call("views.update", view_id=body["view"]["id"], view=view)
        else:
            await respond(text=answer.text, blocks=answer.blocks, replace_original=True)


def _buttons(app: AsyncApp, desk: Desk) -> None:
    async def done(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        kept, gone = merging.pair_of(action["value"])
        name = ActionName.MERGE if action["action_id"] == merging.DO else ActionName.UNMERGE
        user = body["user"]["id"]
        asked = Action(
            key=f"action:{gone}:{name}:{user}:{action['action_ts']}",
            name=name,
            lead_id=gone,
            actor=user,
            target=kept,
            reply_to=body.get("response_url"),
        )
        await desk.act(asked)
        await ack()
        await respond(text="On its way: the cards show it in a moment.", replace_original=True)

    app.action(merging.DO)(done)
    app.action(merging.UNDO)(done)

    @app.action(merging.CANCEL)
    async def cancelled(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(delete_original=True)


async def ask(desk: Desk, first: str, second: str, *, user: str, as_told: bool) -> Answer:
    """What ``/lead merge L-1042 L-1050`` answers; as_told: the first was said to go into the second."""
    merge = await _preview(desk, second, first, user=user, as_told=as_told)
    return merging.ask(merge, _hidden(desk, merge))


async def ask_undo(desk: Desk, lead: Lead, *, user: str) -> Answer:
    """What ``/lead unmerge L-1050`` answers."""
    return merging.ask_undo(*await desk.reader(user).preview_unmerge(lead))


async def _preview(desk: Desk, kept: str, gone: str, *, user: str, as_told: bool = True) -> Merge:
    """Each by number or id; NotFound, NotAllowed."""
    leads = await desk.lead(kept), await desk.lead(gone)
    return await desk.reader(user).preview_merge(*leads, as_told=as_told)


def _why(error: NotAllowed | NotFound | Unavailable | Refused) -> str:
    return AWAY if isinstance(error, Unavailable | Refused) else str(error)


def _hidden(desk: Desk, merge: Merge) -> frozenset[str]:
    return desk.hidden(merge.kept.business_type) | desk.hidden(merge.gone.business_type)
