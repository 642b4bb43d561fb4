"""The API's document: whole, what the product does, and for people a page that needs nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.api.keys import Scope
from core.lead import OWN
from core.ports import Embedder
from tests.fuzzing import fuzz
from tests.product import Product
from tests.standing import desk, there

EXAMPLES = 12


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("document")) as bot:
        yield bot


async def document(bot: Product) -> dict[str, Any]:
    async with bot.session.get(f"{bot.app.url}/api/v1/openapi.json") as response:
        assert response.status == 200
        return dict(await response.json())


@pytest.mark.slow
@there
async def test_the_product_does_what_its_document_says(bot: Product, tmp_path: Path) -> None:
    failed, made, report = await fuzz(bot.app.url, tmp_path, examples=EXAMPLES, phases="fuzzing", seed=8)
    assert not failed, report
    assert made > 100


@there
async def test_every_reference_in_the_document_leads_somewhere(bot: Product) -> None:
    described = await document(bot)
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described)))
    assert names <= set(described["components"]["schemas"])


@there
async def test_every_operation_says_which_scope_it_needs(bot: Product) -> None:
    described = await document(bot)
    said = [each["description"] for methods in described["paths"].values() for each in methods.values()]
    assert {text.split("`")[1] for text in said} == set(Scope)


@there
async def test_the_document_has_every_route_of_the_api_and_no_other(bot: Product) -> None:
    described = await document(bot)
    there_are = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    for method, path in sorted(there_are):
        async with bot.session.request(method, bot.app.url + path.replace("{lead_id}", "L-1")) as response:
            assert response.status == 401, (method, path)
    assert len(there_are) == 13


@there
async def test_a_parameter_s_bounds_are_in_the_document_in_its_own_words(bot: Product) -> None:
    described = await document(bot)
    schemas = [
        each["schema"]
        for methods in described["paths"].values()
        for operation in methods.values()
        for each in operation["parameters"]
    ]
    words = {"type", "enum", "const", "default", "minimum", "maximum", "minLength", "maxLength"}
    assert {name for schema in schemas for name in schema} <= words


@there
async def test_what_is_the_desk_s_own_affair_is_in_no_shape(bot: Product) -> None:
    described = await document(bot)
    for name in ("Lead", "SimilarOut", "FoundOut"):
        assert not OWN & set(described["components"]["schemas"][name]["properties"])


@there
async def test_the_page_names_every_operation_and_needs_nobody_s_server(bot: Product) -> None:
    described = await document(bot)
    async with bot.session.get(f"{bot.app.url}/api/v1/docs") as response:
        text, policy = await response.text(), response.headers["Content-Security-Policy"]
    names = [each["operationId"] for methods in described["paths"].values() for each in methods.values()]
    assert [name for name in names if f'id="{name}"' not in text] == []
    assert re.findall(r'(?:src|href)="(?!#|openapi\.json")', text) == []
    assert "<script" not in text
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
