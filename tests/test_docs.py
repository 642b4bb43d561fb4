"""What the documents say is there: settings, files, tests."""

import ast
import re
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
DEFAULTS = {
    name: field.default
    for name, field in Settings.model_fields.items()
    if isinstance(field.default, str | int | float)
}
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_setting_is_listed_and_no_other() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \|", SETTINGS, re.MULTILINE)
    assert sorted(table) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items())
def test_the_default_of_a_setting_is_stated(name: str, default: str | float) -> None:
    said = f"{default:g}" if isinstance(default, float) else str(default)
    assert f"\n| `{name.upper()}` | `{said}` |" in SETTINGS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_file_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    paths = re.findall(r"`((?:bot|handlers|core|prompts|tests|docs)/[\w./]*)`", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [path for path in paths if not (ROOT / path).exists()]
    assert missing == []


def test_a_test_that_the_sandbox_s_table_names_is_there() -> None:
    missing = []
    for line in SANDBOX.splitlines():
        file = ""
        for named, test in re.findall(r"`(test_\w+\.py)?::(test_\w+)`", line):
            file = named or file
            if test not in _functions(ROOT / "tests" / file):
                missing.append(f"{file}::{test}")
    assert missing == []


def test_a_case_that_the_sandbox_s_table_names_is_there() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_sandbox_*.py")]
    cases = re.findall(r"`\[([^\]`]+)\]`", SANDBOX)
    assert [case for case in cases if not any(f'"{case}": ' in source for source in sources)] == []


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
