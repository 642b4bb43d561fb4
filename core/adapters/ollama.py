"""A local language model served by Ollama; its errors and httpx's are mapped to ours here."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx
import ollama

from core.errors import Refused, Unavailable
from core.ports import ChatMessage

SERVICE = "Ollama"

CONTEXT = 8_192
"""Tokens of context asked for: Ollama's default cuts a long prompt silently."""

ANSWER_MAX = 1_024
"""Most tokens of an answer: a model that rambles is stopped."""

KEEP_ALIVE = "10m"
"""How long the server keeps the model in memory after a call; loading takes seconds."""

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0

VENDOR_ERRORS = (
    ollama.ResponseError,
    ollama.RequestError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpx.CookieConflict,
    OSError,  # with ConnectionError, which the client raises, and TimeoutError, ours
    ValueError,  # no JSON, or pydantic found no answer of Ollama's in it
    TypeError,  # JSON, but no object
)
"""All that a call of the client may raise; a test walks the vendors' own classes."""

_NO_ADDRESS = "OLLAMA_HOST is no address: use http://127.0.0.1:11434"
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], type[Unavailable | Refused], str], ...] = (
    # The first that fits counts: a time-out is an OSError and most of httpx is an HTTPError.
    ((httpx.TimeoutException, TimeoutError), Unavailable, "no answer in time"),
    ((httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError), Refused, _NO_ADDRESS),
    ((httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError), Unavailable, "broke off its answer"),
    ((httpx.HTTPError, httpx.StreamError, OSError), Unavailable, "does not answer: run `ollama serve`"),
    ((ollama.RequestError,), Refused, "no model is named: set OLLAMA_MODEL"),
    ((Exception,), Unavailable, "its answer is not Ollama's: check OLLAMA_HOST"),
)
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)


class Ollama:
    """A model on an Ollama server.

    Args:
        host: e.g. ``http://127.0.0.1:11434``; proxies of the environment are not used, so a lead's text goes
            nowhere else.
        model: as in ``ollama list``, e.g. ``qwen3:4b``.
        timeout: seconds for one whole answer, however it trickles in.
    """

    def __init__(self, host: str, model: str, timeout: float) -> None:
        try:
            self._client = ollama.AsyncClient(
                host=host,
                timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
                follow_redirects=False,
                trust_env=False,
            )
        except (ValueError, httpx.InvalidURL):
            raise Refused(SERVICE, _NO_ADDRESS) from None
        self._model = model
        self._timeout = timeout
        self._may_say_think = True

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

    async def chat(self, messages: Sequence[ChatMessage], *, schema: Mapping[str, Any]) -> str:
        """The answer's text; thinking is off, and left out if a model does it nevertheless."""
        conversation = [{"role": message.role, "content": message.content} for message in messages]
        async with self._mapped(self._timeout):
            text = await self._answer(conversation, schema)
        return _THOUGHTS.sub("", text)

    async def check(self) -> None:
        """Return if the server answers and has the model; else raise, the mend in the message."""
        async with self._mapped(min(CHECK_SECONDS, self._timeout)):
            await self._client.show(self._model)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]  # ollama leaves it unannotated

    async def _answer(self, conversation: list[dict[str, str]], schema: Mapping[str, Any]) -> str:
        try:
            return await self._ask(conversation, schema)
        except ollama.ResponseError as error:
            # Some models and older servers refuse the very word: "… does not support thinking",
            # 'think value "false" is not supported for this model'. They are asked without it from then on.
            if not (
                self._may_say_think and error.status_code == HTTPStatus.BAD_REQUEST and "think" in error.error
            ):
                raise
            self._may_say_think = False
            return await self._ask(conversation, schema)

    async def _ask(self, conversation: list[dict[str, str]], schema: Mapping[str, Any]) -> str:
        response = await self._client.chat(
            self._model,
            conversation,
            format=dict(schema),
            think=False if self._may_say_think else None,
            options={"temperature": 0, "num_predict": ANSWER_MAX, "num_ctx": CONTEXT},
            keep_alive=KEEP_ALIVE,
        )
        return response.message.content or ""

    @asynccontextmanager
    async def _mapped(self, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except VENDOR_ERRORS as error:
            raise mapped(error, self._model) from None


def mapped(error: Exception, model: str) -> Unavailable | Refused:
    """What one of VENDOR_ERRORS means to us; the vendor's own text is not passed on."""
    if isinstance(error, ollama.ResponseError):
        return _by_status(error, model)
    return next(kind(SERVICE, why) for classes, kind, why in _MEANINGS if isinstance(error, classes))


def _by_status(error: ollama.ResponseError, model: str) -> Unavailable | Refused:
    said, status = str(error.error).lower(), error.status_code
    if status == HTTPStatus.NOT_FOUND and "model" in said:
        return Refused(SERVICE, f"model {model} is not there: run `ollama pull {model}`")
    if "memory" in said:
        return Refused(
            SERVICE, f"model {model} needs more memory than there is: choose a smaller OLLAMA_MODEL"
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Refused(SERVICE, "wants a key: check what stands before OLLAMA_HOST")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.NOT_FOUND:
        return Refused(SERVICE, "there is no Ollama at OLLAMA_HOST: check the address")
    if status in _PASSING or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(SERVICE, "the server failed" if status < 0 else f"the server failed ({status})")
    return Refused(SERVICE, f"refused the question ({status}): update Ollama or choose another OLLAMA_MODEL")
