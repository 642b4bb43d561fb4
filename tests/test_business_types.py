"""Several business types in one deployment: a new one is a new file, and a source's leads get its type."""

from pathlib import Path
from typing import Any

import pytest

import prompts
from bot.sandbox.slack.server import SlackSandbox
from bot.settings import BadSettings, Settings, load
from core.ports import Embedder
from tests.product import SECRET, product
from tests.test_cli import basecamp

GENERAL = Path(prompts.__file__).parent / "general.toml"


def dentist(folder: Path) -> Path:
    """A folder with one further business type, made from the general one."""
    text = GENERAL.read_text(encoding="utf-8").replace(
        'delivery = ["delivery"', 'crown = ["crown*"]\ndelivery = ["delivery"', 1
    )
    (folder / "dentist.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("said", "business_type"),
    [({}, "dentist"), ({"business_type": "medspa"}, "medspa")],
    ids=["source", "sender"],
)
async def test_a_lead_gets_its_sources_business_type_unless_the_sender_says_another(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, said: dict[str, str], business_type: str
) -> None:
    further: dict[str, Any] = {
        "prompts_dir": dentist(tmp_path),
        "business_types": '{"web_form": "dentist"}',
    }
    async with product(slack, tmp_path, embedder, **further) as bot:
        status, body = await bot.post(
            "/webhooks/web_form",
            json={"message": "My crown fell out, can I come tomorrow?", **said},
            headers={"X-Webhook-Secret": SECRET},
        )
        assert status == 202
        lead = await bot.synced(body["data"]["lead_id"])
    assert lead.business_type == business_type
    assert lead.analysis is not None
    if business_type == "dentist":
        assert [found.value for found in lead.analysis.entities["services"]] == ["crown"]


def settings(**environment: str) -> Settings:
    return Settings(_env_file=None, **environment)  # type: ignore[arg-type]  # as the environment gives them


def test_a_further_business_type_may_be_the_desks_own(tmp_path: Path) -> None:
    assert settings(prompts_dir=str(dentist(tmp_path)), business_type="dentist").business_type == "dentist"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BUSINESS_TYPES", '{"web_form": "bakery"}', "BUSINESS_TYPES: there is no business type bakery"),
        ("BUSINESS_TYPES", "{no", "BUSINESS_TYPES: is not JSON"),
        ("PROMPTS_DIR", "/nowhere", "PROMPTS_DIR: /nowhere is no folder"),
        ("TIME_ZONE", "Mars/Olympus", "TIME_ZONE: there is no time zone Mars/Olympus"),
    ],
)
def test_a_wrong_setting_is_told_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as told:
        load()
    (mistake,) = told.value.mistakes
    assert mistake.startswith(says)


def test_the_check_is_content_with_every_file_of_ours() -> None:
    ended = basecamp("prompts", "check")
    assert ended.returncode == 0
    assert [line.split(":")[0] for line in ended.stdout.splitlines()] == list(prompts.names())


def test_the_check_names_every_mistake_with_its_place(tmp_path: Path) -> None:
    path = dentist(tmp_path) / "dentist.toml"
    path.write_text(
        path.read_text(encoding="utf-8")
        .replace('concrete = ["services"]', 'concrete = ["sevices"]')
        .replace('otherwise = "low"', 'otherwise = "maybe"'),
        encoding="utf-8",
    )
    ended = basecamp("prompts", "check", PROMPTS_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert "dentist: must be mended" in ended.stdout
    assert "maybe not among allowed" in ended.stdout
    assert "general: right" in ended.stdout


def test_one_file_can_be_checked_before_it_is_used(tmp_path: Path) -> None:
    ended = basecamp("prompts", "check", str(dentist(tmp_path) / "dentist.toml"))
    assert (ended.returncode, ended.stdout.split(" (")[0]) == (0, "dentist: right")


def test_a_wrong_file_keeps_the_evaluation_from_starting_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("title = ", encoding="utf-8")
    (tmp_path / "in.jsonl").write_text("{}", encoding="utf-8")
    ended = basecamp(
        "eval", "analyze", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"),
        PROMPTS_DIR=str(tmp_path),
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("basecamp: Business types: bad.toml: ")
