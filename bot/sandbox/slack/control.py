"""The sandbox's own surface under /sandbox/, for the page and for other processes: see all, act as anybody.

Every address refuses a Host other than 127.0.0.1 or localhost, and an Origin other than the page's own.
POST bodies and answers are JSON. ``user`` and ``channel`` are ids or names (``dana``, ``leads``).
A POST answers ``{"ok": true, …}``; what nobody could do is 409 ``{"ok": false, "error": "<sentence>"}``;
malformed is 400 in the same form.

====== ====================== ==========================================================================
GET    /sandbox/state         ?user=dana -> the state below, as that user sees it
WS     /sandbox/live          ?user=dana -> the same state as a text frame, at once and after each change;
                              a message that an earlier frame had, and that is the same, is its ts alone
POST   /sandbox/say           user, channel, text, thread_ts?, files? [names] -> ts
POST   /sandbox/edit          user, channel, ts, text (one's own message)
POST   /sandbox/delete        user, channel, ts (one's own message)
POST   /sandbox/react         user, channel, ts, name
POST   /sandbox/join, leave   user, channel
POST   /sandbox/click         user, action_id, and channel + ts or view_id (modal or Home);
                              value? (date, time, text, list) selected_user? selected_option? (its value)
POST   /sandbox/suggest       user, action_id, value (what is typed into an external select), and channel + ts
                              or view_id -> the app's options in ``payload``
POST   /sandbox/command       user, channel, command ("/lead"), text?
POST   /sandbox/shortcut      user, callback_id, and for a message's shortcut channel + ts
POST   /sandbox/submit        user, view_id, values {block_id: entered}
POST   /sandbox/close         user, view_id, all_of_them?
POST   /sandbox/open_home     user, tab? ("home" or "messages")
POST   /sandbox/look_at       user, channel (what is open beside the agent)
POST   /sandbox/assistant     user, beside? (a channel), of an app with the legacy assistant_view -> ts
POST   /sandbox/stop_agent    user, channel, thread_ts (of a session whose status is processing)
POST   /sandbox/faults        action: add (+ the fields of faults.Fault), clear, down, up,
                              disconnect (+ reason?), cut
====== ====================== ==========================================================================

click, suggest, command, shortcut, submit and close answer with the app's acknowledgement:
``{"ok", "error", "payload", "errors"}``; ``ok: false`` there is HTTP 200, it is what Slack would show:
``error`` is ``operation_timeout``, ``dispatch_failed``, ``invalid_input`` (Slack's client refused: see
``errors``, block id to sentence), ``errors`` (the app refused: the same) or an error code of Slack's.
A values entry is what is entered: text, an option's value, a user's id, ``2026-11-30``, ``09:30``, epoch
seconds, a list for multi-selects and checkboxes. Without ``user``, state and live are the first person's.

The state:

============= ========================================================================================
team          {id, name, domain}
me            the user's id
app           {id, name, bot_user, commands [{command, description, usage_hint}],
              shortcuts [{name, type: message|global, callback_id, description}], home_tab}
users         [{id, name, real_name, is_bot}]
channels      [{id, name, kind: channel|group|im, is_member, topic, members [ids], messages}] that the user
              can see; the direct message with the app is the one of kind im. messages are the last 500,
              oldest first, each Slack's JSON (ts, user, bot_id?, text, blocks?, edited?, reactions?,
              subtype?, streaming_state?) and ``replies`` [messages]
ephemerals    [message] shown to this user only: like messages, with channel, thread_ts?, is_ephemeral
views         the user's open modals, the topmost last: Slack's view JSON with ``values`` (block id to action
              id to what it starts with or was entered) and ``errors`` {block id: sentence; "" the whole}
home          the user's Home view with ``values``, or null
sessions      [{channel, thread_ts, status?, title?, says?, prompts?}] of the agent surface
refused       the last 50 refusals, newest last: {number (1 is the first), method, error, messages
              [pointers], payload}
connected     how many sockets the app has open (or 1 with a request URL)
down          whether the workspace refuses everything
faults        the faults that are still to happen
============= ========================================================================================
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import forms
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.people import People
from bot.sandbox.slack.values import Ack, CannotAct, Channel, Json

MESSAGES_SHOWN = 500
REFUSALS_SHOWN = 50
Sent = dict[tuple[str, str], list[Json]]
"""What a page already has, by channel and ts: a message and its replies, to be compared by identity."""
PAUSE = 0.05
"""Seconds between two frames to a page, so that a storm of changes is one frame."""


class Control:
    """The routes of the table above."""

    def __init__(self, desk: Desk, people: People) -> None:
        self._desk = desk
        self._people = people
        self._pages: set[web.WebSocketResponse] = set()
        self._posts: dict[str, Callable[..., Awaitable[Any]]] = {
            "say": people.say,
            "edit": people.edit,
            "delete": people.delete,
            "react": people.react,
            "join": people.join,
            "leave": people.leave,
            "click": self._click,
            "suggest": people.suggest,
            "command": people.command,
            "shortcut": people.shortcut,
            "submit": people.submit,
            "close": people.close_view,
            "open_home": people.open_home,
            "look_at": people.look_at,
            "assistant": people.start_assistant,
            "stop_agent": people.stop_agent,
        }

    @property
    def faults(self) -> dict[str, Callable[..., object]]:
        """What POST /sandbox/faults can do; the page is told."""
        faults, delivery = self._desk.faults, self._desk.delivery
        actions = (faults.add, faults.clear, faults.down, faults.up, delivery.disconnect, delivery.cut)
        return {act.__name__: self._told(act) for act in actions}

    async def state(self, request: web.Request) -> web.Response:
        """GET /sandbox/state."""
        return web.json_response(self._seen_by(request))

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """WS /sandbox/live."""
        self._seen_by(request)
        ws = web.WebSocketResponse(heartbeat=20)
        await ws.prepare(request)
        self._pages.add(ws)
        pushing = asyncio.create_task(self._push(request, ws))
        try:
            async for message in ws:
                if message.type is not WSMsgType.TEXT:
                    break
        finally:
            self._pages.discard(ws)
            pushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pushing
        return ws

    async def close(self, _server: web.Application) -> None:
        """End the pages' sockets, which would hold the server up."""
        for ws in list(self._pages):
            await ws.close(code=WSCloseCode.GOING_AWAY)

    async def act(self, request: web.Request) -> web.Response:
        """POST /sandbox/{what}."""
        run = self._posts.get(request.match_info["what"])
        if run is None:
            raise web.HTTPNotFound
        try:
            body = await request.json()
            result = await run(**body)
        except (json.JSONDecodeError, TypeError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        except CannotAct as error:
            return web.json_response({"ok": False, "error": str(error)}, status=409)
        if isinstance(result, Ack):
            return web.json_response(asdict(result))
        return web.json_response({"ok": True} if result is None else {"ok": True, "ts": result})

    def _told(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(**fields: Any) -> Any:
            done = act(**fields)
            self._desk.space.changes.tell()
            return done

        return acted

    async def _click(self, user: str, action_id: str, **more: Any) -> Ack:
        if "view_id" in more:
            return await self._people.click_view(user, more.pop("view_id"), action_id, **more)
        return await self._people.click(user, more.pop("channel"), more.pop("ts"), action_id, **more)

    async def _push(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        sent: Sent = {}
        with contextlib.suppress(ConnectionError):
            while not ws.closed:
                changed = asyncio.ensure_future(self._desk.space.changes.wait())
                try:
                    await ws.send_str(json.dumps(self._seen_by(request, sent)))
                    await changed
                finally:
                    changed.cancel()
                await asyncio.sleep(PAUSE)

    def _seen_by(self, request: web.Request, sent: Sent | None = None) -> Json:
        name = request.query.get("user") or next(iter(self._desk.space.users))
        try:
            return self._state(self._desk.space.user(name).id, {} if sent is None else sent)
        except KeyError:
            raise web.HTTPNotFound(text="no such user") from None

    def _state(self, user: str, sent: Sent) -> Json:
        space, app = self._desk.space, self._desk.app
        space.direct(user)
        return {
            "team": {"id": space.team_id, "name": space.team_name, "domain": space.domain},
            "me": user,
            "app": {
                "id": space.app_id,
                "name": space.app_name,
                "bot_user": space.bot_user,
                "commands": [asdict(each) for each in app.commands],
                "shortcuts": [asdict(each) for each in app.shortcuts],
                "home_tab": app.home_tab,
            },
            "users": [
                {"id": u.id, "name": u.name, "real_name": u.real_name, "is_bot": u.is_bot}
                for u in space.users.values()
            ],
            "channels": [self._channel(c, user, sent) for c in space.channels.values() if _sees(c, user)],
            "ephemerals": space.ephemerals.get(user, []),
            "views": [self._view(v) for v in space.stacks.get(user, [])],
            "home": self._view(space.homes[user]) if user in space.homes else None,
            "sessions": [
                {"channel": channel, "thread_ts": ts, **session}
                for (channel, ts), session in space.sessions.items()
            ],
            "refused": [
                {"number": number, **each._asdict()}
                for number, each in list(enumerate(self._desk.refused, 1))[-REFUSALS_SHOWN:]
            ],
            "connected": 1 if self._desk.delivery.request_url else len(self._desk.delivery.sockets),
            "down": self._desk.faults.is_down,
            "faults": [asdict(each) for each in self._desk.faults.listed],
        }

    def _channel(self, channel: Channel, user: str, sent: Sent) -> Json:
        space = self._desk.space
        messages = space.messages(channel.id)[-MESSAGES_SHOWN:]
        return {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "is_member": user in channel.members,
            "topic": channel.topic,
            "members": sorted(channel.members),
            "messages": [self._message(channel.id, m, sent) for m in messages],
        }

    def _message(self, channel: str, message: Json, sent: Sent) -> Json | str:
        """A message with its replies; its ts alone if the page has just these (they are never changed)."""
        ts = message["ts"]
        replies = self._desk.space.replies(channel, ts)
        now, before = [message, *replies], sent.get((channel, ts), [])
        if len(now) == len(before) and all(one is other for one, other in zip(now, before, strict=True)):
            return str(ts)
        sent[channel, ts] = now
        return {**message, "replies": replies}

    def _view(self, view: Json) -> Json:
        touched = self._desk.space.entered.get(view["id"], {})
        values = forms.values_of(list(kit.interactive(view["blocks"])), touched)
        errors = self._desk.space.view_errors.get(view["id"], {})
        return {**view, "values": values, "errors": errors}


def _sees(channel: Channel, user: str) -> bool:
    return channel.kind == "channel" or user in channel.members
