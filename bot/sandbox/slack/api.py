"""Takes Web API calls: token, scope, rate, fault, method, answer; each call is counted."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.sandbox.slack import (
    arguments,
    methods_agent,
    methods_chat,
    methods_files,
    methods_read,
    methods_views,
)
from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.values import Call, Json, SlackError

_HISTORY = ("channels:history", "groups:history", "im:history")


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does, any one scope it needs, who opens it."""

    run: Callable[[Desk, Arguments], Json]
    scopes: tuple[str, ...] = ()
    opens: Literal["bot", "app", "anyone"] = "bot"


METHODS = {
    "api.test": Method(methods_read.api_test, opens="anyone"),
    "auth.test": Method(methods_read.auth_test),
    "apps.connections.open": Method(methods_read.connections_open, opens="app"),
    "chat.postMessage": Method(methods_chat.post_message, ("chat:write",)),
    "chat.update": Method(methods_chat.update, ("chat:write",)),
    "chat.delete": Method(methods_chat.delete, ("chat:write",)),
    "chat.postEphemeral": Method(methods_chat.post_ephemeral, ("chat:write",)),
    "chat.getPermalink": Method(methods_chat.get_permalink),
    "chat.startStream": Method(methods_agent.start_stream, ("chat:write",)),
    "chat.appendStream": Method(methods_agent.append_stream, ("chat:write",)),
    "chat.stopStream": Method(methods_agent.stop_stream, ("chat:write",)),
    "conversations.list": Method(methods_read.list_conversations),
    "conversations.info": Method(methods_read.conversation_info),
    "conversations.members": Method(methods_read.conversation_members),
    "conversations.history": Method(methods_read.history, _HISTORY),
    "conversations.replies": Method(methods_read.replies, _HISTORY),
    "conversations.open": Method(methods_read.open_conversation, ("im:write",)),
    "conversations.join": Method(methods_read.join, ("channels:join",)),
    "users.info": Method(methods_read.user_info, ("users:read",)),
    "users.list": Method(methods_read.list_users, ("users:read",)),
    "users.lookupByEmail": Method(methods_read.look_up_email, ("users:read.email",)),
    "usergroups.users.list": Method(methods_read.usergroup_users, ("usergroups:read",)),
    "views.open": Method(methods_views.open_view),
    "views.push": Method(methods_views.push),
    "views.update": Method(methods_views.update),
    "views.publish": Method(methods_views.publish),
    "reactions.add": Method(methods_chat.add_reaction, ("reactions:write",)),
    "files.getUploadURLExternal": Method(methods_files.get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(methods_files.complete_upload, ("files:write",)),
    "agents.sessions.setStatus": Method(methods_agent.set_session_status, ("chat:write",)),
    "assistant.threads.setStatus": Method(methods_agent.set_thread_status, ("chat:write", "assistant:write")),
    "assistant.threads.setSuggestedPrompts": Method(methods_agent.set_prompts, ("assistant:write",)),
}


class Api:
    """The Web API under /api/."""

    def __init__(self, desk: Desk, *, bot_token: str, app_token: str, rates: Rates | None) -> None:
        self._desk = desk
        self._tokens = {bot_token: "bot", app_token: "app"}
        self._rates = rates

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, after the faults that are set for it."""
        name = request.match_info["method"]
        fault = self._desk.faults.take(name)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if self._desk.faults.is_down:
            return self._count(name, web.Response(status=503, text="down"), "down", None)
        if fault is not None and (fault.error or fault.status):
            return self._count(name, faulty(fault), fault.error or str(fault.status), None)
        args = Arguments({})
        try:
            args, token = await arguments.read(request)
            answer = self._run(name, args, token)
        except SlackError as error:
            response = self._refusal(name, error, args)
            return self._count(name, response, error.error, args)
        if fault is not None and fault.lost_answer:
            self._count(name, web.Response(status=500), "lost_answer", args)
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError
        return self._count(name, web.json_response({"ok": True, **answer}), None, args)

    def _run(self, name: str, args: Arguments, token: str) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._admit(method, token)
        if self._rates is not None:
            wait = self._rates.take(name, args.text("channel"))
            if wait:
                raise SlackError("ratelimited", retry_after=wait)
        if method.opens == "bot":
            self._desk.need(*method.scopes)
        return method.run(self._desk, args)

    def _admit(self, method: Method, token: str) -> None:
        if method.opens == "anyone":
            return
        if not token:
            raise SlackError("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise SlackError("invalid_auth")
        if kind != method.opens:
            raise SlackError("not_allowed_token_type")

    def _refusal(self, name: str, error: SlackError, args: Arguments) -> web.Response:
        if error.error == "ratelimited":
            return limited(error.more["retry_after"])
        self._desk.note_refusal(name, error, args.values)
        body: Json = {"ok": False, "error": error.error, **error.more}
        if error.messages:
            body["errors"] = [message.removeprefix("[ERROR] ") for message in error.messages]
            body["response_metadata"] = {"messages": list(error.messages)}
        return web.json_response(body)

    def _count(
        self, name: str, response: web.Response, error: str | None, args: Arguments | None
    ) -> web.Response:
        channel = str(args.values.get("channel") or "") if args is not None else ""
        self._desk.calls.append(Call(name, response.status, error, time.monotonic(), channel or None))
        self._desk.space.changes.tell()
        return response


def faulty(fault: Fault) -> web.Response:
    """The answer that a fault asks for."""
    if fault.error == "ratelimited":
        return limited(1 if fault.retry_after is None else fault.retry_after)
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
    if fault.error is not None:
        answer = {"ok": False, "error": fault.error}
        return web.json_response(answer, status=fault.status or 200, headers=headers)
    return web.Response(status=fault.status or 500, text="fault", headers=headers)


def limited(seconds: int) -> web.Response:
    """Slack's 429."""
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": str(seconds)})
