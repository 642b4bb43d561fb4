"""The Ollama adapter against the stand-in: what it asks, what it makes of faults; the stand-in itself."""

import inspect
import json
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import aiohttp
import httpx
import ollama as vendor
import pytest

from bot.sandbox.fixtures import Options
from bot.sandbox.ollama import VERSION, OllamaStandIn
from core.adapters.ollama import VENDOR_ERRORS, Ollama, mapped
from core.errors import Refused, Unavailable
from core.ports import ChatMessage

ASKED = [ChatMessage("system", "You fill in forms."), ChatMessage("user", "My brakes grind.")]
SCHEMA = {"type": "object", "properties": {"wants": {"type": "string"}}}


@pytest.fixture
def ollama_options() -> Options:
    return {"answer": lambda message, _: {"wants": message}}


@pytest.fixture
def server(ollama: OllamaStandIn) -> OllamaStandIn:
    """A local Ollama."""
    return ollama


@pytest.fixture
async def model(server: OllamaStandIn) -> AsyncIterator[Ollama]:
    """The adapter, pointed at it."""
    adapter = Ollama(server.url, server.model, 5.0)
    yield adapter
    await adapter.close()


async def test_it_gives_the_answers_text(model: Ollama) -> None:
    assert json.loads(await model.chat(ASKED, schema=SCHEMA)) == {"wants": "My brakes grind."}


async def test_it_asks_for_the_schema_without_thinking_coldly_and_briefly(
    server: OllamaStandIn, model: Ollama
) -> None:
    await model.chat(ASKED, schema=SCHEMA)
    body = server.history[0].body
    assert body["format"] == SCHEMA
    assert body["think"] is False
    assert body["stream"] is False
    assert body["options"] == {"temperature": 0, "num_predict": 1024, "num_ctx": 8192}
    assert body["keep_alive"] == "10m"


async def test_it_sends_the_conversation_as_it_is(server: OllamaStandIn, model: Ollama) -> None:
    await model.chat(ASKED, schema=SCHEMA)
    assert server.history[0].messages == [
        {"role": "system", "content": "You fill in forms."},
        {"role": "user", "content": "My brakes grind."},
    ]


async def test_a_model_that_refuses_the_word_think_is_asked_without_it(
    server: OllamaStandIn, model: Ollama
) -> None:
    server.thinks = False
    await model.chat(ASKED, schema=SCHEMA)
    await model.chat(ASKED, schema=SCHEMA)
    assert ["think" in asked.body for asked in server.history] == [False, False]


async def test_thoughts_before_the_answer_are_left_out(server: OllamaStandIn, model: Ollama) -> None:
    server.enqueue('<think>\nHm. {"wants": "?"}\n</think>\n\n{"wants": "brakes"}')
    assert await model.chat(ASKED, schema=SCHEMA) == '{"wants": "brakes"}'


async def test_check_is_content_when_the_model_is_there(model: Ollama) -> None:
    await model.check()


async def test_a_missing_model_is_refused_with_its_mend(server: OllamaStandIn, model: Ollama) -> None:
    server.models.clear()
    for call in (model.check(), model.chat(ASKED, schema=SCHEMA)):
        with pytest.raises(
            Refused, match=r"model sandbox:latest is not there: run `ollama pull sandbox:latest`"
        ):
            await call


async def test_a_server_that_is_not_running_is_weather(server: OllamaStandIn, model: Ollama) -> None:
    await server.go_down()
    for call in (model.check(), model.chat(ASKED, schema=SCHEMA)):
        with pytest.raises(Unavailable, match="does not answer"):
            await call


async def test_a_server_that_is_back_is_used_again(server: OllamaStandIn, model: Ollama) -> None:
    await server.go_down()
    await server.come_back()
    assert await model.chat(ASKED, schema=SCHEMA)


async def test_a_model_that_hangs_is_left(server: OllamaStandIn) -> None:
    server.slow(60)
    hasty = Ollama(server.url, server.model, 0.2)
    with pytest.raises(Unavailable, match="no answer in time"):
        await hasty.chat(ASKED, schema=SCHEMA)
    await hasty.close()


async def test_a_model_that_dies_in_the_middle_is_weather(server: OllamaStandIn, model: Ollama) -> None:
    server.cut()
    with pytest.raises(Unavailable, match="broke off"):
        await model.chat(ASKED, schema=SCHEMA)


@pytest.mark.parametrize(
    ("failure", "kind", "why"),
    [
        ((500, "llama runner process has terminated"), Unavailable, "server failed .500."),
        ((503, "server busy, please try again."), Unavailable, "server failed .503."),
        ((429, "slow down"), Unavailable, "server failed .429."),
        ((400, "invalid format"), Refused, "refused the question .400."),
        ((401, "unauthorized"), Refused, "wants a key"),
        ((302, ""), Refused, "no Ollama at OLLAMA_HOST"),
        ((404, "404 page not found"), Refused, "no Ollama at OLLAMA_HOST"),
        ((500, "model requires more system memory (9 GiB) than is available"), Refused, "more memory"),
    ],
)
async def test_an_answer_with_an_error_is_weather_or_a_firm_no(
    server: OllamaStandIn, model: Ollama, failure: tuple[int, str], kind: type[Exception], why: str
) -> None:
    server.fail(*failure)
    with pytest.raises(kind, match=why):
        await model.chat(ASKED, schema=SCHEMA)


@pytest.mark.parametrize("host", ["http://127.0.0.1:port", "http://[::1"])
def test_an_address_that_is_none_is_refused_with_its_mend(host: str) -> None:
    with pytest.raises(Refused, match="OLLAMA_HOST"):
        Ollama(host, "m", 1.0)


def classes_of(module: ModuleType) -> Iterator[type[Exception]]:
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, Exception) and not issubclass(found, Warning):
            yield found


def example(kind: type[Exception]) -> Exception:
    made: Any = kind.__new__(kind)
    if issubclass(kind, vendor.ResponseError):
        made.error, made.status_code = "boom", 500
    return made  # type: ignore[no-any-return]  # made of the kind


@pytest.mark.parametrize(
    "kind",
    [*classes_of(vendor), *classes_of(httpx), ConnectionError, TimeoutError, json.JSONDecodeError],
    ids=lambda kind: kind.__name__,
)
def test_every_error_of_the_vendors_is_caught_and_means_something(kind: type[Exception]) -> None:
    assert issubclass(kind, VENDOR_ERRORS)
    error = mapped(example(kind), "m")
    assert isinstance(error, Unavailable | Refused)
    assert error.service == "Ollama"


async def test_an_answer_that_is_not_ollamas_is_weather(server: OllamaStandIn) -> None:
    class Odd(OllamaStandIn):
        def _line(self, name: str, content: str, *, done: bool) -> dict[str, Any]:
            return {"hello": [name, content, done]}

    odd = Odd(model="m", answer=server.answer, models={"m"})
    await odd.come_back()
    adapter = Ollama(odd.url, "m", 5.0)
    with pytest.raises(Unavailable, match="not Ollama's"):
        await adapter.chat(ASKED, schema=SCHEMA)
    await adapter.close()
    await odd.go_down()


async def test_the_stand_in_streams_what_it_also_says_at_once(server: OllamaStandIn) -> None:
    server.enqueue("a" * 100, "a" * 100)
    client = vendor.AsyncClient(server.url, trust_env=False)
    whole = await client.chat(server.model, [{"role": "user", "content": "x"}])
    parts = [
        part
        async for part in await client.chat(server.model, [{"role": "user", "content": "x"}], stream=True)
    ]
    await client.close()  # type: ignore[no-untyped-call]  # ollama leaves it unannotated
    assert "".join(part.message.content or "" for part in parts) == whole.message.content
    assert parts[-1].done
    assert len(parts) > 2


async def test_the_stand_in_tells_its_version_and_models(server: OllamaStandIn) -> None:
    async with aiohttp.ClientSession(server.url) as session:
        assert await (await session.get("/api/version")).json() == {"version": VERSION}
        tags = await (await session.get("/api/tags")).json()
    assert [model["name"] for model in tags["models"]] == [server.model]


async def test_the_stand_in_refuses_what_is_no_json(server: OllamaStandIn) -> None:
    async with aiohttp.ClientSession(server.url) as session:
        answer = await session.post("/api/chat", data=b"{")
        assert answer.status == 400
