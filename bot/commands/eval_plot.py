"""The picture of `basecamp eval report`: who was taken for what, and how far confidence can be believed."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Refused
from core.learning import measure

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from bot.commands.eval_report import Report

CELL, LEFT, TOP, GAP, SQUARE = 68, 190, 150, 110, 420
"""Pixels: a cell of the confusion table, its margins, between the charts, the calibration chart's side."""

INK, SOFT, PALE, BLUE, ORANGE = "#1f2430", "#6b7280", "#e5e7eb", (37, 99, 235), (234, 88, 12)


def draw(report: "Report", path: Path) -> None:
    """Write a PNG; Refused when the file cannot be written."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - heavy

    table = CELL * len(report.labels)
    height = TOP + max(table, SQUARE) + 110
    image = Image.new("RGB", (LEFT + table + GAP + SQUARE + 60, height), "white")
    pen = ImageDraw.Draw(image)
    figures = f"macro-F1 {report.macro_f1:.2f}, calibration error {report.calibration_error:.2f}"
    _text(pen, (30, 24), f"{report.messages} messages: {figures}", 24)
    _confusion(pen, report)
    _calibration(pen, report, LEFT + table + GAP)
    try:
        image.save(path, "PNG")
    except OSError as error:
        raise Refused("eval", f"{path}: {error.strerror or 'cannot be written'}") from None


def _confusion(pen: "ImageDraw", report: "Report") -> None:
    """Rows are what it is, columns what was said; the deeper the blue, the larger the row's share."""
    labels = report.labels
    for row, truth in enumerate(labels):
        total = sum(count for (there, _), count in report.confusion.items() if there == truth)
        middle = TOP + row * CELL + CELL // 2
        _text(pen, (LEFT - 12, middle), truth.replace("_", " "), 15, anchor="rm")
        _text(pen, (LEFT + row * CELL + CELL // 2, TOP - 12), _stacked(truth), 13, anchor="md")
        for column, said in enumerate(labels):
            count = report.confusion.get((truth, said), 0)
            share = count / total
            place = (LEFT + column * CELL, TOP + row * CELL)
            corner = (place[0] + CELL - 3, place[1] + CELL - 3)
            pen.rectangle((*place, *corner), fill=_tint(BLUE if row == column else ORANGE, share))
            if count:
                ink = "white" if share > 0.5 else INK  # noqa: PLR2004  # readable on the deeper half of the tints
                _text(pen, (place[0] + CELL // 2, middle), str(count), 18, anchor="mm", ink=ink)
    below = TOP + len(labels) * CELL + 16
    _text(pen, (LEFT, below), "rows: what it is; columns: what was said", 14, ink=SOFT)


def _calibration(pen: "ImageDraw", report: "Report", left: int) -> None:
    """Confidence against the share that was right; the larger the dot, the more messages."""
    pen.rectangle((left, TOP, left + SQUARE, TOP + SQUARE), outline=PALE, width=2)
    pen.line((left, TOP + SQUARE, left + SQUARE, TOP), fill=PALE, width=2)
    steps = measure.reliability(report.sure)
    most = max((count for _, _, count in steps), default=1)
    places = [(left + said * SQUARE, TOP + (1 - was) * SQUARE) for said, was, _ in steps]
    if len(places) > 1:
        pen.line(places, fill=BLUE, width=3, joint="curve")
    for (x, y), (_, _, count) in zip(places, steps, strict=True):
        radius = 5 + 13 * (count / most) ** 0.5
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=BLUE, outline="white", width=2)
    for part in (0.0, 0.5, 1.0):
        _text(pen, (left + part * SQUARE, TOP + SQUARE + 8), f"{part:.0%}", 13, anchor="ma", ink=SOFT)
        _text(pen, (left - 8, TOP + (1 - part) * SQUARE), f"{part:.0%}", 13, anchor="rm", ink=SOFT)
    _text(pen, (left, TOP - 40), "how sure (across), how often right (up)", 15)
    _text(pen, (left, TOP + SQUARE + 34), "on the line: as sure as it is right", 14, ink=SOFT)


def _text(
    pen: "ImageDraw",
    place: tuple[float, float],
    text: str,
    size: int,
    *,
    anchor: str = "la",
    ink: str = INK,
) -> None:
    from PIL import ImageFont  # noqa: PLC0415 - heavy

    font = ImageFont.load_default(size)
    if "\n" in text:
        pen.multiline_text(place, text, fill=ink, font=font, anchor=anchor, align="center")
    else:
        pen.text(place, text, fill=ink, font=font, anchor=anchor)


def _stacked(label: str) -> str:
    return label.replace("_", "\n")


def _tint(colour: tuple[int, int, int], share: float) -> tuple[int, ...]:
    """White at 0, the colour at 1."""
    return tuple(round(255 - (255 - part) * share) for part in colour)
