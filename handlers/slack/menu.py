"""The card's menu and the forms behind it: opened at once, filled when the lead is known, kept when sent."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from core import edits
from core.actions import Action, ActionName
from core.desk import Desk
from core.errors import NotAllowed, NotFound, Refused, Unavailable
from core.lead import DeskStatus
from handlers import cards, editing, merging, modals, steps
from handlers.mrkdwn import Block
from handlers.slack.api import Slack

log = structlog.get_logger()

PATIENCE = 2.5
"""Seconds for an answer to a submission; Slack shows an error after three."""

AWAY = "Slack or the store does not answer right now. Please try again in a minute."


def register(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    """Listen to the menu and to its forms."""
    _menu(app, desk, slack)
    _steps(app, desk)
    _edits(app, desk)


def _menu(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    @app.action(cards.MORE)
    async def chosen(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        name = ActionName(action["selected_option"]["value"])
        lead_id, _ = cards.lead_of(action["block_id"]) or ("", 0)
        user = body["user"]["id"]
        if name not in steps.TITLES:
            key = f"action:{lead_id}:{name}:{user}:{action['action_ts']}"
            await desk.act(_action(key, lead_id, user, name=name, reply_to=body.get("response_url")))
            await ack()
            return
        await ack()
        await open_form(desk, slack, name, lead_id, body)


async def open_form(desk: Desk, slack: Slack, name: ActionName, lead_id: str, body: dict[str, Any]) -> None:
    """Show whoever clicked, or typed, the form of this action, or in its place why there is none."""
    try:
        loading = modals.loading(steps.TITLES[name])
        opened = await slack.call("views.open", trigger_id=body["trigger_id"], view=loading)
        user = body["user_id"] if "user_id" in body else body["user"]["id"]
        view = await _form(desk, name, lead_id, user)
        await slack.call("views.update", view_id=opened["view"]["id"], view=view)
    except (Unavailable, Refused) as error:  # too late, or closed meanwhile: the menu is still there
        log.warning("modal_failed", lead_id=lead_id, why=error.why)


async def _form(desk: Desk, name: ActionName, lead_id: str, user: str) -> Block:
    try:
        reader = desk.reader(user)
        await reader.desks()
        lead, shown = await desk.form(lead_id)
        await reader.check(lead)
        if name == ActionName.EDIT:
            await reader.saw([lead])
        matched = await reader.matched(lead) if name == ActionName.MERGE else []
    except (NotAllowed, NotFound) as error:
        return modals.told(steps.TITLES[name], str(error))
    except (Unavailable, Refused):
        return modals.told(steps.TITLES[name], AWAY)
    if lead.desk_status == DeskStatus.MERGED:
        return modals.told(steps.TITLES[name], f"{lead.number} is merged into {lead.merged_number} already.")
    hidden = desk.hidden(lead.business_type)
    forms: dict[ActionName, Callable[[], Block]] = {
        ActionName.EDIT: lambda: editing.form(lead, shown),
        ActionName.MERGE: lambda: merging.choose(lead, matched, hidden),
        ActionName.NOTE: lambda: steps.note(lead, hidden),
        ActionName.SNOOZE: lambda: steps.snoozing(lead, desk.now(lead.desk), hidden),
        ActionName.WON: lambda: steps.closing(lead, hidden),
        ActionName.SPAM: lambda: steps.spam(lead, hidden),
    }
    return forms[name]()


def _steps(app: AsyncApp, desk: Desk) -> None:
    async def submitted(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        asked, wrong = steps.read(view, desk.now())
        lead_id, user = view["private_metadata"], body["user"]["id"]
        action = _action(f"action:{lead_id}:form:{view['id']}", lead_id, user, **asked)
        if wrong:
            await ack(response_action="errors", errors=wrong)
        elif why := await _refusal(desk, action):
            await ack(response_action="errors", errors=modals.errors(steps.WORDS, why))
        else:
            await desk.act(action)
            await ack()

    for callback_id in (steps.NOTE, steps.SNOOZE, steps.CLOSE, steps.SPAM):
        app.view(callback_id)(submitted)


def _edits(app: AsyncApp, desk: Desk) -> None:
    @app.view(editing.EDIT)
    async def edited(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        lead_id, edit = editing.read(view)
        user = body["user"]["id"]
        # The form may be sent again with both sides in it: the view's hash tells the two apart.
        key = f"action:{lead_id}:edit:{view['id']}:{view.get('hash', '')}"
        action = _action(key, lead_id, user, name=ActionName.EDIT, edit=edit)
        first = next(iter(edit.typed), edits.CONTACT[0])
        if edit.empty:
            await ack()
            return
        if why := await _refusal(desk, action):
            await ack(response_action="errors", errors=modals.errors(first, why))
            return
        lead, shown = await desk.form(lead_id)
        if theirs := edits.conflicts(edit, shown):
            await ack(response_action="update", view=editing.side_by_side(lead, shown, edit, theirs))
            return
        business = desk.parts.analyst.business(lead.business_type)
        if wrong := edits.check(lead, edit, business, by=user):
            await ack(response_action="errors", errors=editing.errors_of(wrong))
            return
        await desk.act(action)
        await ack()


async def _refusal(desk: Desk, action: Action) -> str | None:
    """Why the action cannot be done, as far as it can be told now."""
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.precheck(action)
    except (NotAllowed, NotFound) as error:
        return str(error)
    except (Unavailable, Refused, TimeoutError):
        return AWAY
    return None


def _action(key: str, lead_id: str, user: str, **more: Any) -> Action:
    return Action(key=key, lead_id=lead_id, actor=user, **more)
