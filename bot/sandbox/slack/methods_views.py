"""Web API methods for modals and Home: views.open, push, update, publish."""

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.values import Json, SlackError


def open_view(desk: Desk, args: Arguments) -> Json:
    """views.open: against a trigger_id that is fresh and unused."""
    view = checked(desk, args, "modal")
    trigger = desk.space.exchange(args.required("trigger_id"))
    return {"view": desk.space.open_view(trigger.user, view, push=False)}


def push(desk: Desk, args: Arguments) -> Json:
    """views.push: against a trigger_id from inside the modal."""
    view = checked(desk, args, "modal")
    trigger = desk.space.exchange(args.required("trigger_id"))
    if trigger.view_id is None or not desk.space.stacks.get(trigger.user):
        raise SlackError("not_found")
    return {"view": desk.space.open_view(trigger.user, view, push=True)}


def update(desk: Desk, args: Arguments) -> Json:
    """views.update: by view_id or external_id, guarded by hash."""
    if "view_id" in args and "external_id" in args:
        raise SlackError("invalid_arguments", ("[ERROR] Cannot provide both `view_id` and `external_id`",))
    view_id = args.text("view_id") or _by_external_id(desk, args.required("external_id"))
    old = next((v for v in desk.space.views() if v["id"] == view_id), None)
    if old is None:
        raise SlackError("not_found")
    view = checked(desk, args, old["type"], replacing=view_id)
    seen = args.text("hash") or None
    if old["type"] == "home":
        user = next(u for u, v in desk.space.homes.items() if v["id"] == view_id)
        return {"view": desk.space.publish_home(user, view, seen=seen)}
    return {"view": desk.space.update_view(view_id, view, seen=seen)}


def publish(desk: Desk, args: Arguments) -> Json:
    """views.publish: somebody's Home; the manifest must switch the Home tab on."""
    user = args.required("user_id")
    if user not in desk.space.users:
        raise SlackError("invalid_arguments", ("[ERROR] user not found [json-pointer:/user_id]",))
    if not desk.app.home_tab:
        raise SlackError("not_enabled")
    replacing = desk.space.homes.get(user, {}).get("id")
    view = checked(desk, args, "home", replacing=replacing)
    return {"view": desk.space.publish_home(user, view, seen=args.text("hash") or None)}


def checked(desk: Desk, args: Arguments, kind: str, *, replacing: str | None = None) -> Json:
    """The call's view, checked and completed; raise SlackError with pointers."""
    return checked_view(desk, args.json("view", "invalid_arguments"), kind, replacing=replacing)


def checked_view(desk: Desk, view: object, kind: str, *, replacing: str | None = None) -> Json:
    """A view, checked and with ids for its blocks; raise SlackError with pointers."""
    view = kit.check_view(view, kind)
    external_id = view.get("external_id")
    if external_id and any(
        v["external_id"] == external_id and v["id"] != replacing for v in desk.space.views()
    ):
        raise SlackError("duplicate_external_id")
    return {**view, "blocks": kit.kept(view["blocks"], desk.space.mint)}


def _by_external_id(desk: Desk, external_id: str) -> str:
    for view in desk.space.views():
        if view["external_id"] == external_id:
            return str(view["id"])
    raise SlackError("not_found")
