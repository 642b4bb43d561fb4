"""/lead rules: an admin looks at a desk's rules and changes them; every change counts at once."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import structlog
from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp

from core.desk import Desk
from core.deskfile import Routing, Rule
from core.errors import NotAllowed, Refused, Unavailable
from core.routing import rulebook
from core.routing.revisions import MEANWHILE
from core.routing.rulebook import Rulebook
from handlers import modals, rules_form
from handlers.mrkdwn import Block
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.menu import AWAY, PATIENCE

log = structlog.get_logger()


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to the modal of the rules and to the form of one."""
    _rules(app, desk, slack)
    _forms(app, desk, slack, directory)
    _saves(app, desk, slack)


async def open_rules(desk: Desk, slack: Slack, directory: Directory, command: dict[str, Any]) -> None:
    """Show the rules of the desk whose channel the command was typed in, else of the first desk."""
    try:
        loading = modals.loading(rules_form.TITLE)
        opened = await slack.call("views.open", trigger_id=command["trigger_id"], view=loading)
        channel = await _desk_of(desk, directory, command["channel_id"])
        view = await _book(desk, channel, command["user_id"])
        await slack.call("views.update", view_id=opened["view"]["id"], view=view)
    except (Unavailable, Refused) as error:  # too late, or closed meanwhile: the command is still there
        log.warning("modal_failed", why=error.why)


def _rules(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    async def changed(body: dict[str, Any], change: Callable[[Routing], Routing]) -> None:
        """Do it, and show what came of it; what was refused stands above the rules as they are now."""
        view, user = body["view"], body["user"]["id"]
        kept = rules_form.kept(view)
        try:
            now = await rulebook.change_rules(
                desk.parts, kept["desk"], user=user, seen=kept["seen"], change=change
            )
            shown = rules_form.book(now)
        except NotAllowed as error:
            shown = await _book(desk, kept["desk"], user, note=str(error))
        except (Unavailable, Refused):
            shown = await _book(desk, kept["desk"], user, note=AWAY)
        await _show(slack, view["id"], shown)

    @app.action(re.compile(rf"{rules_form.MENU}\d+"), matchers=[_moves])
    async def stepped(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        what, _, at = action["selected_option"]["value"].partition(":")
        await changed(body, lambda routing: rulebook.step(routing, int(at), rulebook.Step(what)))

    @app.action(rules_form.OTHERWISE)
    async def otherwise(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        chosen = action["selected_option"]["value"]
        await changed(body, lambda routing: routing.model_copy(update={"otherwise": chosen}))

    @app.action(rules_form.KNOWN)
    async def known(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        so = bool(action["selected_options"])
        await changed(body, lambda routing: routing.model_copy(update={"known_owner": so}))


def _forms(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    async def open_form(body: dict[str, Any], at: int | None) -> None:
        kept, user = rules_form.kept(body["view"]), body["user"]["id"]
        try:
            loading = modals.loading(rules_form.TITLE)
            pushed = await slack.call("views.push", trigger_id=body["trigger_id"], view=loading)
            view = await _form(desk, directory, kept, user, at=at, root=body["view"]["id"])
            await slack.call("views.update", view_id=pushed["view"]["id"], view=view)
        except (Unavailable, Refused) as error:
            log.warning("modal_failed", why=error.why)

    @app.action(rules_form.ADD)
    async def added(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await open_form(body, None)

    @app.action(re.compile(rf"{rules_form.MENU}\d+"), matchers=[_edits])
    async def edited(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await open_form(body, int(action["selected_option"]["value"].partition(":")[2]))


def _saves(app: AsyncApp, desk: Desk, slack: Slack) -> None:
    @app.view(rules_form.RULE)
    async def saved(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        rule, wrong = rules_form.read(view)
        if rule is None:
            await ack(response_action="errors", errors=wrong)
            return
        now = await _save(desk, rules_form.kept(view), rule, body["user"]["id"])
        if isinstance(now, str):
            await ack(response_action="errors", errors=modals.errors(rules_form.NAME, now))
            return
        await ack()
        await _show(slack, rules_form.kept(view)["root"], rules_form.book(now))


async def _save(desk: Desk, kept: dict[str, Any], rule: Rule, user: str) -> Rulebook | str:
    """The rules with this one among them, or why it could not be kept."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await rulebook.change_rules(
                desk.parts,
                kept["desk"],
                user=user,
                seen=kept["seen"],
                change=lambda routing: rulebook.put(routing, rule, at=kept["at"]),
            )
    except NotAllowed as error:
        return str(error)
    except ValidationError:
        return "Another rule has this name."
    except (Unavailable, Refused, TimeoutError):
        return AWAY


async def _edits(action: dict[str, Any]) -> bool:
    return str(action["selected_option"]["value"]).startswith(f"{rules_form.EDIT}:")


async def _moves(action: dict[str, Any]) -> bool:
    return not await _edits(action)


async def _show(slack: Slack, view_id: str, view: Block) -> None:
    try:
        await slack.call("views.update", view_id=view_id, view=view)
    except (Unavailable, Refused) as error:  # closed meanwhile
        log.warning("modal_failed", why=error.why)


async def _book(desk: Desk, channel: str, user: str, *, note: str | None = None) -> Block:
    try:
        return rules_form.book(await rulebook.rulebook(desk.parts, channel, user=user), note)
    except NotAllowed as error:
        return modals.told(rules_form.TITLE, str(error))
    except (Unavailable, Refused):
        return modals.told(rules_form.TITLE, AWAY)


async def _form(
    desk: Desk, directory: Directory, kept: dict[str, Any], user: str, *, at: int | None, root: str
) -> Block:
    try:
        rules = await rulebook.rulebook(desk.parts, kept["desk"], user=user)
        if rules.revision != kept["seen"]:
            raise NotAllowed(MEANWHILE)  # noqa: TRY301 - told like the refusal of the role
    except NotAllowed as error:
        return modals.told(rules_form.TITLE, str(error))
    return rules_form.form(
        rules,
        at,
        names=await _names(directory, rules),
        business_types=desk.business_types,
        desks=[each for each in desk.desks.channels if each != kept["desk"]],
        root=root,
    )


async def _names(directory: Directory, rules: Rulebook) -> dict[str, str]:
    users = list(rules.file.reps)
    names = await asyncio.gather(*(directory.name_of(user) for user in users))
    return {user: name for user, name in zip(users, names, strict=True) if name}


async def _desk_of(desk: Desk, directory: Directory, channel_id: str) -> str:
    for channel in desk.desks.channels:
        if await directory.channel_id(channel) == channel_id:
            return channel
    return desk.desks.first.channel
