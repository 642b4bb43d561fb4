"""Learning from corrections: a head is kept when held-back labels say it is better, and only then."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import prompts
from bot.commands import learn as command
from bot.settings import Settings
from core import corrections
from core.corrections import Correction
from core.lead import Contact, Draft, Event, Intent
from core.learning import head, learn
from core.learning.head import Head, keep_head, load_heads
from core.learning.learn import FEWEST, Lesson, Taught
from core.ports import Embedder, Vector
from core.rules import analyze_by_rules
from core.store import open_store
from core.store.submissions import Submission

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GENERAL = prompts.load("general")
EMBEDDING = "all-MiniLM-L6-v2@53aa5117"


def vector(seed: int, towards: int) -> Vector:
    """A vector that mostly points one way."""
    noise = np.random.default_rng(seed).normal(size=384) * 0.02
    noise[towards] += 1
    return np.asarray(noise / np.linalg.norm(noise), dtype=np.float32)


def taught(count: int, *, rules_right: bool) -> list[Taught]:
    """Labels of two intents whose messages point two ways; the rules read all as inquiries or all right."""
    listed = []
    for number in range(count):
        intent = Intent.QUOTE_REQUEST if number % 2 else Intent.INQUIRY
        odds = dict.fromkeys(Intent, 0.0)
        odds[intent if rules_right else Intent.INQUIRY] = 3.0
        listed.append(
            Taught(
                lead_id=f"lead-{number}",
                intent=intent,
                vector=vector(number, towards=number % 2),
                log_odds=odds,
                model=Intent.QUOTE_REQUEST if number % 4 == 1 else None,
            )
        )
    return listed


def lesson(count: int = 60, *, rules_right: bool = False) -> Lesson:
    return learn.learn(taught(count, rules_right=rules_right), GENERAL, embedding=EMBEDDING, now=NOW)


def test_a_head_learns_what_people_say_and_is_better_on_held_back_labels() -> None:
    learnt = lesson()
    assert learnt.why_not is None
    assert learnt.head is not None
    assert learnt.head.after.macro_f1 > learnt.head.before.macro_f1 + 0.3


def test_a_head_that_is_no_better_does_not_take_effect() -> None:
    assert lesson(rules_right=True).why_not == "no better than the rules on held-back labels"


def test_a_few_labels_teach_nothing() -> None:
    assert (lesson(FEWEST - 1).why_not or "").startswith(f"too few: {FEWEST - 1} labels")


def test_model_and_rules_are_compared_on_the_same_labels() -> None:
    model = lesson().model
    assert model is not None
    labels, by_model, by_rules = model
    assert labels > 0
    assert by_model == 1.0
    assert by_rules == 0.0


def test_what_is_held_back_does_not_change_with_the_order_of_labels() -> None:
    forwards, backwards = taught(60, rules_right=False), taught(60, rules_right=False)[::-1]
    one = learn.learn(forwards, GENERAL, embedding=EMBEDDING, now=NOW).head
    other = learn.learn(backwards, GENERAL, embedding=EMBEDDING, now=NOW).head
    assert one is not None
    assert other is not None
    assert one.after.labels == other.after.labels
    assert one.trained_on == other.trained_on


def a_head() -> Head:
    learnt = lesson().head
    assert learnt is not None
    return learnt


def test_a_kept_head_is_plain_json_and_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = a_head()
    assert json.loads(keep_head(tmp_path, kept).read_text())["business_type"] == "general"
    heads, left_out = load_heads(tmp_path, {"general": GENERAL.digest})
    assert heads == {"general": kept}
    assert left_out == []


def test_a_head_for_another_file_is_left_out_with_its_mend(tmp_path: Path) -> None:
    keep_head(tmp_path, a_head())
    heads, left_out = load_heads(tmp_path, {"general": "another"})
    assert heads == {}
    assert "run `basecamp learn analysis`" in left_out[0]


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"coefficients": [[1]]}'])
def test_a_damaged_head_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / head.FOLDER).mkdir()
    (tmp_path / head.FOLDER / "general.json").write_text(text)
    heads, left_out = load_heads(tmp_path, {"general": GENERAL.digest})
    assert heads == {}
    assert left_out == ["general.json: cannot be read (ValidationError)"]


def test_a_head_has_the_last_word_on_the_intent() -> None:
    message = "anything at all"
    taught_quote = vector(7, towards=1)
    alone = analyze_by_rules(message, Contact(), GENERAL, now=NOW, vector=taught_quote)
    beside = analyze_by_rules(message, Contact(), GENERAL, now=NOW, vector=taught_quote, head=a_head())
    assert alone.intent is not Intent.QUOTE_REQUEST
    assert beside.intent is Intent.QUOTE_REQUEST


async def corrected(folder: Path, said: Mapping[str, Intent]) -> None:
    """A store whose leads are these messages, each corrected to its intent by a person."""
    store = await open_store(f"sqlite:///{folder / 'basecamp.db'}")

    async def one(message: str, intent: Intent) -> None:
        accepted = await store.submissions.accept(
            Submission(
                source="api",
                event_key=message,
                fingerprint=message,
                content_type="application/json",
                body=b"{}",
                received_at=NOW,
            ),
            Draft(message=message, source="api", received_at=NOW),
            desk="C1",
            business_type="general",
            actor="api",
            enlist=lambda _connection, _lead_id: None,
        )
        lead_id = accepted.lead_id
        analysis = analyze_by_rules(message, Contact(), GENERAL, now=NOW)
        await store.leads.understood(lead_id, analysis=analysis, final=True)
        judged = Correction(intent=intent)
        after = corrections.corrected(analysis, judged, message, GENERAL, by="U1").model_dump(mode="json")
        line = Event(event_id=message, lead_id=lead_id, at=NOW, actor="U1", what="corrected", told=True)
        await store.labels.correct(line, judged, lambda _: {"analysis": after})

    await asyncio.gather(*(one(message, intent) for message, intent in said.items()))
    await store.close()


async def test_the_command_says_what_it_learnt_and_keeps_it_when_told_to(
    tmp_path: Path, embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    """People say that questions about gift vouchers are quotes here."""
    shops = ["salon", "bakery", "cinema", "florist", "gym", "spa", "museum", "zoo", "inn", "bar"]
    pleas = ["", "Hi! ", "Quick question: ", "Hello there. "]
    vouchers = {f"{plea}Do you have gift vouchers for the {shop}?" for plea in pleas for shop in shops}
    hours = {f"{plea}When does the {shop} open on a holiday?" for plea in pleas for shop in shops}
    await corrected(
        tmp_path, dict.fromkeys(vouchers, Intent.QUOTE_REQUEST) | dict.fromkeys(hours, Intent.INQUIRY)
    )
    settings = Settings(_env_file=None, data_dir=tmp_path)
    await command.analysis(settings, apply=False, embedder=embedder)
    assert "better: --apply" in capsys.readouterr().out
    assert not (tmp_path / head.FOLDER).exists()
    await command.analysis(settings, apply=True, embedder=embedder)
    assert "takes effect" in capsys.readouterr().out
    heads, _ = load_heads(tmp_path, {"general": GENERAL.digest})
    assert heads["general"].after.macro_f1 > 0.9


async def test_without_corrections_the_command_says_so(
    tmp_path: Path, embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    await command.analysis(settings, apply=False, embedder=embedder)
    assert "Nobody has corrected" in capsys.readouterr().out
