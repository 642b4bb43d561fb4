"""An Ollama on 127.0.0.1 for OLLAMA_HOST: the API we use, answers by script or by rules, and faults."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

import prompts
from bot.sandbox import loopback
from core.conversation import Matter, propose
from core.lead import Contact, utcnow
from core.model.question import unfenced
from core.rules import analyze_by_rules

MODEL = "sandbox:latest"
VERSION = "0.12.0"

PROSE = "Sure! The customer would like an appointment and it sounds quite urgent. Anything else?"
PIECE = 24
"""Characters a line of a streamed answer brings."""

Answerer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""From the fenced message and the schema asked for to an answer."""

_NUMBERS = {
    "total_duration": 1,
    "load_duration": 1,
    "prompt_eval_count": 1,
    "prompt_eval_duration": 1,
    "eval_count": 1,
    "eval_duration": 1,
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question as it came to /api/chat."""

    model: str
    messages: Sequence[Mapping[str, str]]
    body: Mapping[str, Any]

    @property
    def message(self) -> str:
        """The lead's message: what stands in the last fence of the conversation, else the last turn."""
        turns = [turn.get("content", "") for turn in reversed(self.messages) if turn.get("role") == "user"]
        fenced = (text for turn in turns if (text := unfenced(turn)) is not None)
        return next(fenced, turns[0] if turns else "")

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema that the answer was asked in; empty without one."""
        asked = self.body.get("format")
        return asked if isinstance(asked, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one answer."""

    delay: float = 0.0
    status: int = 200
    error: str = ""
    cut: bool = False
    spoil: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(kw_only=True)
class OllamaStandIn:
    """The running stand-in.

    Attributes:
        url: what OLLAMA_HOST is set to.
        model: the model that it has; ``models`` may be changed at any time.
        answer: makes the answers that were not enqueued.
        thinks: whether it knows the word ``think``; models that do not refuse it.
        history: every question put to /api/chat, oldest first.
    """

    model: str
    answer: Answerer
    url: str = ""
    thinks: bool = True
    models: set[str] = field(default_factory=set)
    history: list[Asked] = field(default_factory=list)
    _answers: deque[str] = field(default_factory=deque)
    _faults: deque[Fault] = field(default_factory=deque)
    _served: AsyncExitStack = field(default_factory=AsyncExitStack)
    _is_up: bool = False
    _hangs_up: bool = False
    _port: int = 0

    def enqueue(self, *answers: str | Mapping[str, Any]) -> None:
        """The next answers, in this order; a mapping is sent as JSON, a text as it is."""
        self._answers += (text if isinstance(text, str) else json.dumps(text) for text in answers)

    def slow(self, seconds: float, *, times: int = 1) -> None:
        """Answer so much later."""
        self._faults += [Fault(delay=seconds)] * times

    def fail(
        self, status: int = 500, error: str = "llama runner process has terminated", *, times: int = 1
    ) -> None:
        """Answer with an error."""
        self._faults += [Fault(status=status, error=error)] * times

    def cut(self, *, times: int = 1) -> None:
        """Break the line in the middle of the answer."""
        self._faults += [Fault(cut=True)] * times

    def prose(self, *, times: int = 1) -> None:
        """Chat instead of filling in the form."""
        self._faults += [Fault(spoil=lambda _: PROSE)] * times

    def wrong_words(self, *, times: int = 1) -> None:
        """Answer in JSON whose words are not among those allowed."""
        self._faults += [Fault(spoil=_with_wrong_words)] * times

    def invent_quotes(self, *, times: int = 1) -> None:
        """Answer with facts whose quotes are nowhere in the message."""
        self._faults += [Fault(spoil=_with_invented_quotes)] * times

    async def go_down(self) -> None:
        """Refuse connections, as if it was not running."""
        await self._served.aclose()
        self._is_up = False

    async def come_back(self) -> None:
        """Listen again, where it listened before."""
        if self._is_up:
            return
        app = web.Application(middlewares=[loopback.local_only, self._edge])
        app.add_routes(
            [
                loopback.faults(self._actions),
                web.get("/api/version", self._version),
                web.get("/api/tags", self._tags),
                web.post("/api/show", self._show),
                web.post("/api/chat", self._chat),
            ]
        )
        serving = loopback.serving(app, self._port, shutdown_timeout=0.1, handler_cancellation=True)
        self.url = await self._served.enter_async_context(serving)
        self._port = int(self.url.rpartition(":")[2])
        self._is_up = True

    def described(self) -> dict[str, Any]:
        """What another process needs to know of it, as ``basecamp sandbox`` prints it."""
        return {"host": self.url, "model": self.model}

    @property
    def _actions(self) -> Mapping[str, Callable[..., None]]:
        """What other processes can make it do."""
        acts = (self.slow, self.fail, self.cut, self.prose, self.wrong_words, self.invent_quotes)
        down, up = partial(self._hang_up, yes=True), partial(self._hang_up, yes=False)
        return {**{act.__name__: act for act in acts}, "down": down, "up": up, "clear": self.clear}

    def clear(self) -> None:
        """Work as ever."""
        self._faults.clear()
        self._hang_up(yes=False)

    def _hang_up(self, *, yes: bool) -> None:
        self._hangs_up = yes

    @web.middleware
    async def _edge(self, request: web.Request, handler: loopback.Handler) -> web.StreamResponse:
        if self._hangs_up and request.path.startswith("/api/"):
            return loopback.cut(request)
        return await handler(request)

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": VERSION})

    async def _tags(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [self._card(name) for name in sorted(self.models)]})

    async def _show(self, request: web.Request) -> web.Response:
        body = await _json(request)
        name = str(body.get("model", ""))
        if name not in self.models:
            return _error(HTTPStatus.NOT_FOUND, f"model '{name}' not found")
        return web.json_response(
            {
                "modelfile": "",
                "parameters": "",
                "template": "",
                "details": self._card(name)["details"],
                "model_info": {},
                "capabilities": ["completion", *(["thinking"] if self.thinks else [])],
            }
        )

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await _json(request)
        name = str(body.get("model", ""))
        if name not in self.models:
            return _error(HTTPStatus.NOT_FOUND, f"model '{name}' not found")
        if "think" in body and not self.thinks:
            return _error(HTTPStatus.BAD_REQUEST, f'"{name}" does not support thinking')
        asked = Asked(model=name, messages=body.get("messages", ()), body=body)
        self.history.append(asked)
        fault = self._faults.popleft() if self._faults else Fault()
        await asyncio.sleep(fault.delay)
        if fault.status != HTTPStatus.OK:
            return _error(fault.status, fault.error)
        content = self._content(asked, fault)
        if body.get("stream", True):
            return await self._stream(request, name, content, fault)
        return await self._whole(request, name, content, fault)

    def _content(self, asked: Asked, fault: Fault) -> str:
        if self._answers:
            return self._answers.popleft()
        answer = self.answer(asked.message, asked.schema)
        return fault.spoil(answer) if fault.spoil else json.dumps(answer)

    async def _whole(self, request: web.Request, name: str, content: str, fault: Fault) -> web.StreamResponse:
        text = json.dumps(self._line(name, content, done=True)).encode()
        response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
        response.content_length = len(text)
        await response.prepare(request)
        await response.write(text[: len(text) // 2] if fault.cut else text)
        if fault.cut:
            loopback.cut(request)
        return response

    async def _stream(
        self, request: web.Request, name: str, content: str, fault: Fault
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
        for number, piece in enumerate(pieces):
            if fault.cut and number >= len(pieces) / 2:
                loopback.cut(request)
                return response
            await response.write(json.dumps(self._line(name, piece, done=False)).encode() + b"\n")
        await response.write(json.dumps(self._line(name, "", done=True)).encode() + b"\n")
        return response

    def _line(self, name: str, content: str, *, done: bool) -> dict[str, Any]:
        line = {
            "model": name,
            "created_at": utcnow().isoformat(),
            "message": {"role": "assistant", "content": content},
            "done": done,
        }
        return line | ({"done_reason": "stop", **_NUMBERS} if done else {})

    def _card(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "model": name,
            "modified_at": utcnow().isoformat(),
            "size": 1,
            "digest": "0" * 64,
            "details": {
                "format": "gguf",
                "family": "sandbox",
                "parameter_size": "0B",
                "quantization_level": "none",
            },
        }


@asynccontextmanager
async def running(
    port: int = 0, *, model: str = MODEL, answer: Answerer | None = None
) -> AsyncIterator[OllamaStandIn]:
    """An Ollama with one model on 127.0.0.1; without an ``answer`` of yours it uses the product's rules."""
    ollama = OllamaStandIn(model=model, models={model}, answer=answer or plausible, _port=port)
    await ollama.come_back()
    try:
        yield ollama
    finally:
        await ollama.go_down()


def plausible(message: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a good model might say: the rules' analysis, in the form of the business whose schema it is."""
    if "same_request" in schema.get("properties", {}):
        return {"same_request": None}  # two messages: the rules have no opinion beyond their own figures
    if "answers" in schema.get("properties", {}):
        return {"answers": _slots(message, set(_properties(schema, "Said")["slot"]["enum"]))}
    asked_for = set(_properties(schema, "Entities"))
    known = [prompts.load(name) for name in prompts.names()]
    business = next((kind for kind in known if set(kind.entities) == asked_for), prompts.load("general"))
    read = analyze_by_rules(message, Contact(), business, now=utcnow())
    insights = {name: read.business_insights.get(name) for name in _properties(schema, "Insights")}
    return {
        "wants": read.wants,
        "intent": read.intent,
        "urgency": read.urgency,
        "urgency_quote": "",
        "summary": read.summary,
        "entities": {
            name: [entity.model_dump() for entity in read.entities.get(name, ())] for name in asked_for
        },
        "business_insights": insights,
    }


def _slots(message: str, asked_for: set[str]) -> list[Mapping[str, str]]:
    """What a turn of a conversation answers, as the rules read it."""
    known = [prompts.load(name) for name in prompts.names()]
    wanted = {kind: {name for slot in kind.slots.values() for name in slot.fills} for kind in known}
    business = next((kind for kind, names in wanted.items() if names == asked_for), prompts.load("general"))
    matter = Matter(business=business, known={}, intent=None, now=utcnow(), region="US")
    found = propose(message, tuple(business.slots), matter)
    return [{"slot": each.fills, "value": each.value, "quote": each.quote} for each in found]


def _properties(schema: Mapping[str, Any], definition: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = schema.get("$defs", {}).get(definition, {}).get("properties", {})
    return properties


def _with_wrong_words(answer: Mapping[str, Any]) -> str:
    if "answers" in answer:
        return json.dumps({"answers": [{"slot": "colour", "value": "purple", "quote": "purple"}]})
    insights = dict.fromkeys(answer["business_insights"], "purple")
    return json.dumps({**answer, "intent": "buy_now", "urgency": "very much", "business_insights": insights})


def _with_invented_quotes(answer: Mapping[str, Any]) -> str:
    fact = {"value": "a golden carriage", "quote": "my golden carriage has lost a wheel"}
    if "answers" in answer:
        named = ("vehicle_info", "services", "treatments", "name", "phone", "email", "company")
        return json.dumps({"answers": [{"slot": slot, **fact} for slot in named]})
    invented = [fact]
    return json.dumps({**answer, "entities": dict.fromkeys(answer["entities"], invented)})


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"error":"invalid JSON"}', content_type="application/json")
    return body


def _error(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)
