"""`basecamp eval`: files in, files out, whatever stands in them; and what the report makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.commands import eval_analyze as command
from bot.commands import eval_report
from bot.sandbox import ollama as sandbox
from bot.settings import Settings
from core.errors import Refused
from core.ports import Embedder
from tests.test_cli import basecamp


async def analyzed(
    folder: Path, text: str | bytes, embedder: Embedder, **options: Any
) -> list[dict[str, Any]]:
    """What the command writes for a file of this text."""
    source, out = folder / "in.jsonl", folder / "out.jsonl"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    settings = Settings(_env_file=None, data_dir=folder, **options.pop("settings", {}))
    plain = {"business_type": None, "model": "rules", "embedder": embedder}
    await command.analyze(settings, source, out, **plain | options)
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_the_command_reads_a_file_and_writes_a_line_for_each(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": "a", "text": "How much is an oil change for my 2015 Honda Civic?"}\n')
    ended = basecamp(
        "eval", "analyze", "--in", str(source), "--out", str(out), "--business-type", "automotive",
        "--model", "rules", DATA_DIR=str(tmp_path),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    (line,) = [json.loads(line) for line in out.read_text().splitlines()]
    assert line["id"] == "a"
    assert line["analysis"]["intent"] == "quote_request"
    assert line["analysis"]["entities"]["vehicle_info"] == [
        {"value": "2015 Honda Civic", "quote": "2015 Honda Civic"}
    ]


async def test_lines_stay_in_order_over_batches(tmp_path: Path, embedder: Embedder) -> None:
    text = "".join(json.dumps({"id": number, "message": f"Hi {number % 3}"}) + "\n" for number in range(150))
    assert [line["id"] for line in await analyzed(tmp_path, text, embedder)] == list(range(150))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"id": "b", "message": ', "b"),
        ('{"lead_id": 7, "message": "unended', "7"),
        ("no json at all", "line-2"),
        ("[1, 2]", "line-2"),
        ("[" * 5_000, "line-2"),
    ],
)
async def test_an_unreadable_line_is_told_and_the_others_are_read(
    tmp_path: Path, embedder: Embedder, capsys: pytest.CaptureFixture[str], line: str, key: str
) -> None:
    first, second, third = await analyzed(
        tmp_path, f'{{"id": "a", "message": "Hi"}}\n{line}\n{{"id": "c", "message": "Hi"}}', embedder
    )
    assert "analysis" in first
    assert "analysis" in third
    assert second["id"] == key
    assert "line 2" in second["error"]
    assert "line 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "lead",
    [
        {"message": "Do you work on hybrids?"},
        {"id": "x", "text": "Do you work on hybrids?", "business_type": "bakery"},
        {"id": "x", "message": "Do you work on hybrids?", "contact": None, "received_at": "yesterday"},
        {"id": "x", "message": "Do you work on hybrids?", "contact": {"email": "not an address"}},
        {"id": "x", "message": "Do you work on hybrids?", "business_type": 7, "analysis": {"a": [1]}},
        {"id": "x", "message": ["Do you work", "on hybrids?"]},
        {"id": "x", "message": "Do you work on hybrids? " * 1_000},
        {"id": "x", "message": None},
        {"id": "x"},
        {"id": "x", "message": "\ud800"},
        {"id": "x", "message": "Do you work on hybrids?", **{f"field{n}": n for n in range(200)}},
    ],
)
async def test_a_lead_is_read_however_odd_it_is(
    tmp_path: Path, embedder: Embedder, lead: dict[str, Any]
) -> None:
    (line,) = await analyzed(tmp_path, json.dumps(lead), embedder)
    assert line["id"] == lead.get("id", "line-1")
    assert line["analysis"]["model_used"] == "rules"


async def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path, embedder: Embedder) -> None:
    lines = await analyzed(tmp_path, b'\xff\xfe\n\n{"id": "a", "message": "Hi \xff"}\n', embedder)
    assert [line["id"] for line in lines] == ["line-1", "a"]


async def test_a_leads_own_business_type_counts_first(tmp_path: Path, embedder: Embedder) -> None:
    text = '{"id": 1, "message": "Hi", "business_type": "medspa"}\n{"id": 2, "message": "Hi"}'
    own, told = await analyzed(tmp_path, text, embedder, business_type="consulting")
    assert "treatments" in own["analysis"]["entities"]
    assert "budget_range" in told["analysis"]["entities"]


async def test_a_business_type_that_is_none_is_refused(tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(Refused, match="no business type bakery; known: automotive"):
        await analyzed(tmp_path, "{}", embedder, business_type="bakery")


async def test_a_model_reads_them_when_it_is_named(tmp_path: Path, embedder: Embedder) -> None:
    async with sandbox.running() as server:
        text = '{"id": 1, "message": "Can I book a table for two tomorrow?"}'
        (line,) = await analyzed(
            tmp_path, text, embedder, model=server.model, settings={"ollama_host": server.url}
        )
    assert line["analysis"]["model_used"] == server.model


async def test_without_the_model_they_are_read_by_rules_and_that_is_told(
    tmp_path: Path, embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"ollama_host": "http://127.0.0.1:9"}
    (line,) = await analyzed(tmp_path, '{"id": 1, "message": "Hi"}', embedder, model="m", settings=settings)
    assert line["analysis"]["model_used"] == "rules"
    assert "1: by rules, Ollama: " in capsys.readouterr().err


# --- The report -------------------------------------------------------------------------------------------

TRUTH = [
    {"id": "1", "intent": "inquiry", "urgent": 0},
    {"id": "2", "intent": "inquiry", "urgent": 0},
    {"id": "3", "intent": "complaint", "urgent": 1},
    {"id": "4", "intent": "spam"},
    {"id": "5", "intent": "spam"},
]


def answer(key: str, intent: str, confidence: float, urgency: float = 0.2, seconds: float = 0.004) -> str:
    said = {
        "intent": intent,
        "intent_confidence": confidence,
        "urgency_score": urgency,
        "processing_time": seconds,
        "model_used": "rules",
    }
    return json.dumps({"id": key, "analysis": said})


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Labelled messages and what was said of them: one wrong, one never answered."""
    truth, answers = tmp_path / "truth.jsonl", tmp_path / "answers.jsonl"
    truth.write_text("\n".join(json.dumps(row) for row in TRUTH))
    said = [
        answer("1", "inquiry", 0.9),
        answer("2", "complaint", 0.6),
        answer("3", "complaint", 0.8, urgency=0.9),
        answer("4", "spam", 1.0),
        json.dumps({"id": "5", "error": "line 5: is no JSON object"}),
    ]
    answers.write_text("\n".join(said))
    return truth, answers


def test_the_report_gives_figures_for_what_is_labelled(files: tuple[Path, Path]) -> None:
    report = eval_report.figures(*files)
    assert report.messages == 5
    assert report.unanswered == 1
    assert report.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 2 / 3) / 3)
    assert report.confusion["inquiry", "complaint"] == 1
    assert report.confusion["spam", "(none)"] == 1
    assert report.urgency_auc == 1.0
    assert report.latency_ms == (4.0, 4.0)


def test_the_report_is_printed_as_a_table(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    eval_report.report(*files, plot=None)
    printed = capsys.readouterr().out
    assert "macro-F1 0.667" in printed
    assert "complaint" in printed


def test_the_plot_is_a_picture(files: tuple[Path, Path], tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    eval_report.report(*files, plot=plot)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_files_that_share_no_message_are_refused(tmp_path: Path) -> None:
    truth, answers = tmp_path / "truth.jsonl", tmp_path / "answers.jsonl"
    truth.write_text('{"id": "1"}\nno json\n')
    answers.write_text(answer("1", "spam", 1.0))
    with pytest.raises(Refused, match="no labelled message"):
        eval_report.figures(truth, answers)
