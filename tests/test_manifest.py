"""manifest.yml asks for what the code uses: nothing missing, nothing idle."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.response import BoltResponse

import handlers.slack
from core.crm.reconcile import question_about
from core.crm.sync import ASKED
from core.home import Place
from core.intake.shapes import new_shape
from core.lead import Crm, DeskStatus, MatchKind, SyncStatus
from core.listing import Filter, Page
from core.merge import preview
from core.noise.bursts import Summary
from core.reps import UNSET, person
from core.store.places import Gathered
from handlers import (
    bursts,
    cards,
    confirming,
    crm_question,
    editing,
    forgetting,
    home,
    me,
    merging,
    paging,
    rules_form,
    shape_cards,
    steps,
    thread,
    views,
)
from tests import home_examples
from tests.lead_examples import NOW, event, lead, match
from tests.test_rules_form import a_rulebook

ROOT = Path(__file__).parents[1]

SCOPES = {
    "agents.sessions.setStatus": "chat:write",
    "assistant.threads.setStatus": "assistant:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "auth.test": None,
    "chat.appendStream": "chat:write",
    "chat.getPermalink": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.startStream": "chat:write",
    "chat.stopStream": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "chat.delete": "chat:write",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "conversations.open": "im:write",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "conversations.replies": "channels:history",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.push": None,
    "views.update": None,
}
"""Web API method -> the bot scope it needs (Slack's method pages)."""

PRIVATE_TOO = {"channels:read": "groups:read", "channels:history": "groups:history"}
"""The same for private channels: a desk's channel often is one."""

BY_SURFACE = {"commands", "app_mentions:read", "reactions:read", "im:history"}
"""Asked for by features and events, not by methods; im:history for what people write to us alone."""


def manifest() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "manifest.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def sources() -> str:
    files = [*ROOT.glob("handlers/**/*.py"), *ROOT.glob("bot/*.py"), *ROOT.glob("bot/commands/*.py")]
    return "\n".join(file.read_text() for file in files)


def called_methods() -> set[str]:
    return set(
        re.findall(
            r'"((?:agents|assistant|auth|chat|conversations|files|usergroups|users|views)\.[\w.]+)"',
            sources(),
        )
    )


def test_every_method_that_is_called_has_its_scope_and_no_scope_is_idle() -> None:
    methods = called_methods()
    assert methods == set(SCOPES)
    needed = {scope for method in methods if (scope := SCOPES[method])} | BY_SURFACE
    needed |= {PRIVATE_TOO[scope] for scope in needed if scope in PRIVATE_TOO}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def listeners() -> list[AsyncListener]:
    """What every module of handlers/slack registers with Bolt; it is matched here, and never run."""
    app = AsyncApp(token="xoxb-none", signing_secret="none")
    for found in pkgutil.iter_modules(handlers.slack.__path__):
        module = importlib.import_module(f"handlers.slack.{found.name}")
        if hasattr(module, "register"):
            parts = list(inspect.signature(module.register).parameters)[1:]
            module.register(app, *[None for _ in parts])
    return app._async_listeners  # noqa: SLF001 - Bolt has no public way to ask


SHAPE = new_shape("zapier", None, {"q1": "Ana"}, desk="#leads", region="US")


def shortcuts() -> dict[str, dict[str, Any]]:
    """What Slack sends when somebody uses one of the manifest's shortcuts."""
    kinds = {"global": "shortcut", "message": "message_action"}
    return {
        f"{each['callback_id']}:shortcut": {"type": kinds[each["type"]], "callback_id": each["callback_id"]}
        for each in manifest()["features"]["shortcuts"]
    }


def tabs() -> dict[str, dict[str, Any]]:
    """The tabs of the app that somebody opens."""
    opened = {"type": "app_home_opened", "channel": "D1", "user": "U1"}
    return {
        f"app_home_opened:{tab}": {"type": "event_callback", "event": {**opened, "tab": tab}}
        for tab in ("home", "messages")
    }


def let_through() -> dict[str, dict[str, Any]]:
    """What Slack sends an app with this manifest, and with our cards and modals: name -> payload."""
    features, of_app = manifest()["features"], manifest()["settings"]
    payloads = {each["command"]: {"command": each["command"]} for each in features["slash_commands"]}
    for subscribed in of_app["event_subscriptions"]["bot_events"]:
        kind, _, place = subscribed.partition(".")
        told = {"type": kind, "channel_type": place.removesuffix("s"), "channel": "C1", "user": "U1"}
        payloads[subscribed] = {"type": "event_callback", "event": told}
        said = {"type": kind, "channel_type": place.removesuffix("s"), "channel": "C1", "user": "U1"}
        payloads[subscribed] = {"type": "event_callback", "event": said}
    payloads |= shortcuts() | tabs()
    if of_app["interactivity"]["is_enabled"]:
        merge = preview(lead(), lead(lead_id="019a7c3e-0000-7000-8000-000000001050", number="L-1050"))
        gone = lead(desk_status=DeskStatus.MERGED, merged_number="L-1001")
        unsure = match(MatchKind.REPEAT, "L-9", 0.5).model_copy(update={"sure": False})
        asking = lead(matches=(unsure,))
        failed = lead(crm=Crm(status=SyncStatus.FAILED, why="Airtable: away"))
        shown = [cards.card(of, now=NOW).blocks for of in (lead(), gone, asking, failed)]
        question = question_about({"Phone": ("1", "2")})
        line = event(ASKED, why=f"{question.id} Phone")
        shown.append(crm_question.asked(line, lead(), question).blocks)
        shown += [merging.ask(merge).blocks, merging.ask_undo(merge.kept, merge.gone).blocks]
        at_once = Gathered(Summary(key="burst", began_at=NOW, last_at=NOW), "C1", [lead()], 1, 0, 0)
        shown.append(bursts.summary(at_once, hidden=lambda _: frozenset()).blocks)
        shown.append(home.view(home_examples.full(), now=NOW)["blocks"])
        shown.append(paging.paged(Page(leads=(lead(),), newer=True, older=True), Filter.OPEN).blocks)
        shown.append(forgetting.ask(lead(), []).blocks)
        shown.append(shape_cards.asking(SHAPE, 1).blocks)
        shown.append(thread.took_over(event("took_over"), lead()).blocks)
        shown += [confirming.ask_apart("L-1", "L-2").blocks, confirming.offer("What?", "1.0").blocks]
        for block in (block for blocks in shown for block in blocks):
            for element in (*block.get("elements", ()), block.get("accessory", {})):
                if "action_id" in element:
                    action = {**element, "block_id": block.get("block_id", "made-by-slack")}
                    payloads[element["action_id"]] = {"type": "block_actions", "actions": [action]}
        rules = a_rulebook()
        for block in rules_form.book(rules)["blocks"]:
            for element in [*block.get("elements", []), *filter(None, [block.get("accessory")])]:
                for chosen in element.get("options", [None]):
                    action = {**element, "block_id": "b", "selected_option": chosen}
                    name = f"{element['action_id']} {chosen and chosen['value']}"
                    payloads[name] = {"type": "block_actions", "actions": [action]}
        forms = [rules_form.form(rules, None, names={}, business_types=(), desks=(), root="V1")]
        forms += [
            views.new_lead(),
            views.message_lead(message="x", contact=lead().contact, wants="x", link=None, meta="{}"),
        ]
        forms += [merging.choose(lead(), []), merging.confirm(merge)]
        forms += [editing.form(lead(), {}), steps.note(lead()), steps.snoozing(lead(), NOW)]
        forms += [steps.closing(lead()), steps.spam(lead())]
        forms.append(me.form(person(home_examples.DESK, "U0ANA"), UNSET, NOW.date(), place=Place()))
        forms.append(shape_cards.form(SHAPE))
        for view in forms:
            payloads[view["callback_id"]] = {"type": "view_submission", "view": view}
    return payloads


async def hears(listener: AsyncListener, payload: dict[str, Any]) -> bool:
    request = AsyncBoltRequest(body=payload, mode="socket_mode")
    return await listener.async_matches(req=request, resp=BoltResponse(status=200))


@pytest.mark.parametrize("name", let_through())
async def test_what_slack_sends_is_heard_by_exactly_one_listener(name: str) -> None:
    payload = let_through()[name]
    assert [await hears(listener, payload) for listener in listeners()].count(True) == 1


async def test_every_listener_hears_something_that_slack_sends() -> None:
    for listener in listeners():
        assert any([await hears(listener, payload) for payload in let_through().values()])


def test_the_manifest_has_no_feature_beside_those_that_are_listened_to() -> None:
    assert set(manifest()["features"]) == {
        "agent_view",
        "app_home",
        "bot_user",
        "slash_commands",
        "shortcuts",
    }
