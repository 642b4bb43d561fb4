"""What people do in modals and Home: click, fill, submit, close; and what response_action then does."""

from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import forms, payloads
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.methods_views import checked_view
from bot.sandbox.slack.values import Ack, CannotAct, Json, SlackError, User

TROUBLE = {"": "We had some trouble connecting. Try again?"}
"""What Slack shows above a modal whose submission went wrong."""


async def click(desk: Desk, who: User, view_id: str, action_id: str, given: Any) -> Ack:
    """Use an element of the topmost modal or of Home; a plain input only keeps its value."""
    view = shown(desk, who, view_id)
    pairs = list(kit.interactive(view["blocks"]))
    block, element = find(pairs, action_id)
    action = forms.action(block, element, given, desk.space.next_ts())
    touched = desk.space.entered.setdefault(view_id, {})
    if forms.initial(element) is not None:
        touched[action_id] = forms.entered(element, given)
        desk.space.changes.tell()
    if block["type"] == "input" and not block.get("dispatch_action"):
        return Ack(ok=True)
    payload = payloads.interaction(
        desk.space,
        "block_actions",
        who,
        **payloads.on_view(view, forms.values_of(pairs, touched)),
        trigger_id=desk.space.new_trigger(who.id, desk.timing.trigger, view_id),
        actions=[action],
    )
    return await desk.delivery.interact("interactive", payload)


async def submit(desk: Desk, who: User, view_id: str, values: Json) -> Ack:
    """Fill the topmost modal and submit it."""
    view = _top(desk, who, view_id)
    if view["submit"] is None:
        raise CannotAct("this view has nothing to submit")
    pairs = list(kit.interactive(view["blocks"]))
    touched = desk.space.entered.setdefault(view_id, {})
    touched.update(_filled(desk, pairs, values))
    state = forms.values_of(pairs, touched)
    errors = _objections(view, state)
    if errors:
        desk.space.show_errors(view_id, errors)
        return Ack(ok=False, error="invalid_input", errors=errors)
    desk.space.show_errors(view_id, {})
    payload = payloads.interaction(
        desk.space,
        "view_submission",
        who,
        view={**view, "state": {"values": state}},
        trigger_id=desk.space.new_trigger(who.id, desk.timing.trigger, view_id),
        response_urls=[],
    )
    ack = await desk.delivery.interact("interactive", payload)
    if not ack.ok:
        desk.space.show_errors(view_id, TROUBLE)
        return ack
    try:
        return _after(desk, who, view, ack)
    except SlackError as error:
        desk.note_refusal("view_submission", error, ack.payload)
        desk.space.show_errors(view_id, TROUBLE)
        return Ack(ok=False, payload=ack.payload, error=error.error)


async def close(desk: Desk, who: User, view_id: str, *, all_of_them: bool) -> Ack:
    """Close the topmost modal, or the stack; tell the app if the view asked for that."""
    view = _top(desk, who, view_id)
    stack = desk.space.stacks[who.id]
    cleared = all_of_them or view["clear_on_close"]
    desk.space.set_stack(who.id, [] if cleared else stack[:-1])
    if not view["notify_on_close"]:
        return Ack(ok=True)
    payload = payloads.interaction(
        desk.space, "view_closed", who, view=view, is_cleared=cleared and len(stack) > 1
    )
    return await desk.delivery.interact("interactive", payload)


def shown(desk: Desk, who: User, view_id: str) -> Json:
    """A view that is before somebody: their topmost modal or their Home; raise CannotAct."""
    home = desk.space.homes.get(who.id)
    return home if home is not None and home["id"] == view_id else _top(desk, who, view_id)


def find(pairs: list[tuple[Json, Json]], action_id: str) -> tuple[Json, Json]:
    """The block and element with this action_id; raise CannotAct, saying what there is."""
    for block, element in pairs:
        if element["action_id"] == action_id:
            return block, element
    offered = ", ".join(sorted(element["action_id"] for _, element in pairs)) or "nothing"
    raise CannotAct(f"there is no element {action_id} here; there is: {offered}")


def _after(desk: Desk, who: User, view: Json, ack: Ack) -> Ack:
    space, view_id = desk.space, view["id"]
    wanted = ack.payload.get("response_action")
    if wanted is None:
        space.set_stack(who.id, [v for v in space.stacks.get(who.id, []) if v["id"] != view_id])
    elif wanted == "clear":
        space.set_stack(who.id, [])
    elif wanted == "errors":
        errors = _response_errors(view, ack.payload)
        space.show_errors(view_id, errors)
        return Ack(ok=False, payload=ack.payload, error="errors", errors=errors)
    elif wanted == "update":
        shown = checked_view(desk, ack.payload.get("view"), "modal", replacing=view_id)
        space.update_view(view_id, shown)
    elif wanted == "push":
        space.open_view(who.id, checked_view(desk, ack.payload.get("view"), "modal"), push=True)
    else:
        raise SlackError("invalid_arguments", (f"[ERROR] unknown response_action {wanted}",))
    return ack


def _filled(desk: Desk, pairs: list[tuple[Json, Json]], values: Json) -> dict[str, Json]:
    filled: dict[str, Json] = {}
    for key, given in values.items():
        found = [
            element
            for block, element in pairs
            if key in {block["block_id"], element["action_id"]} and forms.initial(element) is not None
        ]
        if len(found) != 1:
            raise CannotAct(f"this view has {len(found)} inputs called {key}")
        element = found[0]
        inner = given.get(element["action_id"], given) if isinstance(given, dict) else given
        filled[element["action_id"]] = forms.entered(element, _ids(desk, element, inner))
    return filled


def _ids(desk: Desk, element: Json, given: Any) -> Any:
    """People's names as ids, where people are what is chosen."""
    try:
        if element["type"] == "users_select" and isinstance(given, str):
            return desk.space.user(given).id
        if element["type"] == "multi_users_select" and isinstance(given, list):
            return [desk.space.user(each).id for each in given]
    except KeyError as error:
        raise CannotAct(f"there is no user {error.args[0]}") from None
    return given


def _objections(view: Json, state: dict[str, Json]) -> dict[str, str]:
    errors = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            said = forms.objection(block, state[block["block_id"]][block["element"]["action_id"]])
            if said:
                errors[block["block_id"]] = said
    return errors


def _response_errors(view: Json, payload: Json) -> dict[str, str]:
    errors = payload.get("errors")
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_arguments", ("[ERROR] missing required field: errors",))
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    strange = sorted(set(errors) - inputs)
    if strange:
        raise SlackError(
            "invalid_arguments", tuple(f"[ERROR] no input block has the block_id {each}" for each in strange)
        )
    return {key: str(value) for key, value in errors.items()}


def _top(desk: Desk, who: User, view_id: str) -> Json:
    stack = desk.space.stacks.get(who.id, [])
    if not stack or stack[-1]["id"] != view_id:
        raise CannotAct(f"view {view_id} is not before {who.name}")
    return stack[-1]
