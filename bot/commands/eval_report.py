"""`basecamp eval report`: figures and a picture of how well labelled messages were read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from core.errors import Refused
from core.learning import measure

UNANSWERED = "(none)"
"""What stands for an answer that there is not."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The figures.

    Attributes:
        confusion: (truth, said) -> how often.
        sure: confidence and whether it was right, one a message.
        urgency_auc: None unless messages are labelled ``urgent``.
        latency_ms: p50 and p95 of the analyses, without embedding; None when none was measured.
    """

    messages: int
    unanswered: int
    pairs: Sequence[tuple[str, str]]
    confusion: Mapping[tuple[str, str], int]
    sure: Sequence[tuple[float, bool]]
    urgency_auc: float | None
    latency_ms: tuple[float, float] | None

    @property
    def labels(self) -> list[str]:
        """The intents that messages have."""
        return measure.labels(self.pairs)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the intents."""
        return measure.macro_f1(self.pairs)

    @property
    def calibration_error(self) -> float:
        """ECE."""
        return measure.calibration_error(self.sure)


def report(truth: Path, answers: Path, *, plot: Path | None) -> None:
    """Print the figures; draw the confusion and the calibration into a PNG file if one is named."""
    found = figures(truth, answers)
    console = Console(width=140, highlight=False)
    console.print(_table(found))
    facts = [
        f"{found.messages} messages",
        f"macro-F1 {found.macro_f1:.3f}",
        f"accuracy {measure.accuracy(found.pairs):.3f}",
        f"calibration error (ECE) {found.calibration_error:.3f}",
    ]
    if found.unanswered:
        facts.append(f"{found.unanswered} without an answer")
    if found.urgency_auc is not None:
        facts.append(f"urgency AUC {found.urgency_auc:.3f}")
    if found.latency_ms is not None:
        facts.append("p50 {:.1f} ms, p95 {:.1f} ms".format(*found.latency_ms))
    console.print(", ".join(facts))
    if plot is not None:
        from bot.commands.eval_plot import draw  # noqa: PLC0415 - heavy

        draw(found, plot)
        console.print(f"drawn to {plot}")


def figures(truth: Path, answers: Path) -> Report:
    """The figures of those messages in ``truth`` that have an id and an intent.

    Raises:
        Refused: no message is labelled.
    """
    said = {str(row.get("id")): row.get("analysis") for row in _rows(answers)}
    labelled = [row for row in _rows(truth) if isinstance(row.get("intent"), str) and "id" in row]
    if not labelled:
        raise Refused("eval", f"no labelled message in {truth}: lines need an id and an intent")
    pairs, sure, seconds = [], [], []
    scores: dict[bool, list[float]] = {True: [], False: []}
    unanswered = 0
    for row in labelled:
        analysis = said.get(str(row["id"]))
        if not isinstance(analysis, dict):
            unanswered += 1
            pairs.append((row["intent"], UNANSWERED))
            continue
        intent = str(analysis.get("intent"))
        pairs.append((row["intent"], intent))
        sure.append((float(analysis.get("intent_confidence", 0)), intent == row["intent"]))
        seconds.append(float(analysis.get("processing_time", 0)))
        if "urgent" in row:
            scores[bool(row["urgent"])].append(float(analysis.get("urgency_score", 0)))
    return Report(
        messages=len(labelled),
        unanswered=unanswered,
        pairs=pairs,
        confusion=measure.confusion(pairs),
        sure=sure,
        urgency_auc=measure.auc(scores[True], scores[False]) if all(scores.values()) else None,
        latency_ms=_percentiles(seconds),
    )


def _percentiles(seconds: Sequence[float]) -> tuple[float, float] | None:
    if len(seconds) < 2:  # noqa: PLR2004  # one has no percentiles
        return None
    cuts = quantiles(seconds, n=20, method="inclusive")
    return round(cuts[9] * 1000, 3), round(cuts[18] * 1000, 3)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _table(found: Report) -> Table:
    columns = [*found.labels, *sorted({said for _, said in found.pairs} - set(found.labels))]
    table = Table(title="what it is (rows), what was said (columns)", title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name.replace("_", "\n"), justify="right")
    table.add_column("F1", justify="right")
    for truth in found.labels:
        counts = (found.confusion.get((truth, said), 0) for said in columns)
        cells = (str(count) if count else "·" for count in counts)
        table.add_row(truth, *cells, f"{measure.f1(found.pairs, truth):.2f}")
    return table
