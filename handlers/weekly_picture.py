"""The picture of a desk's week: leads by source and hour, and how many were answered in time. Pure."""

from io import BytesIO
from typing import TYPE_CHECKING

from core.noise.weekly import HOURS, Row, Week
from handlers import wording
from handlers.mrkdwn import clean, cut

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

CELL, ROW, LEFT, TOP = 36, 44, 190, 112
"""Pixels: an hour's width, a source's height, and the margins of the table of hours."""

BAR, GAP, RIGHT, BELOW = 200, 84, 150, 56
"""Pixels: the bar of those in time, its distance from the hours, the margin for its words, the last line."""

INK, SOFT, PALE, BLUE, GREEN, ORANGE = "#1f2430", "#6b7280", "#eef0f3", (37, 99, 235), "#15803d", "#ea580c"
EVERY = 3
"""Hours with a label: each third."""

DARK = 0.62
"""From this depth of the blue on, words on it are white."""


def draw(week: Week) -> bytes:
    """A PNG, readable on a phone: a row a source, a column an hour, deeper where more came."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - heavy, and needed once a week

    bars_at = LEFT + HOURS * CELL + GAP
    size = (bars_at + BAR + RIGHT, TOP + ROW * max(1, len(week.rows)) + BELOW)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    days = f"{week.first:%d %b} to {week.last:%d %b %Y}"
    _text(pen, (24, 20), f"{week.total} leads, {days}", 26)
    _text(pen, (LEFT, 66), "by the hour they came", 16, ink=SOFT)
    _text(pen, (bars_at, 66), "answered in time", 16, ink=SOFT)
    for hour in range(0, HOURS, EVERY):
        _text(pen, (LEFT + hour * CELL + CELL // 2, TOP - 8), f"{hour:02}", 14, anchor="md", ink=SOFT)
    most = max((count for row in week.rows for count in row.hours), default=0)
    for number, row in enumerate(week.rows):
        middle = TOP + number * ROW + ROW // 2
        name = cut(clean(wording.SOURCES.get(row.source, row.source.replace("_", " "))), 16)
        _text(pen, (LEFT - 58, middle), name, 16, anchor="rm")
        _text(pen, (LEFT - 12, middle), str(row.total), 16, anchor="rm", ink=SOFT)
        _hours(pen, row, middle, most)
        _in_time(pen, row, bars_at, middle)
    if not week.rows:
        _text(pen, (LEFT, TOP + ROW // 2), "No lead came in.", 16, anchor="lm", ink=SOFT)
    elif week.met is None:
        _text(pen, (bars_at, size[1] - 28), "no time is set to answer in", 14, anchor="lm", ink=SOFT)
    else:
        _text(pen, (bars_at, size[1] - 28), f"{wording.percent(week.met)} of all", 16, anchor="lm")
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _hours(pen: "ImageDraw", row: Row, middle: int, most: int) -> None:
    for hour, count in enumerate(row.hours):
        left, share = LEFT + hour * CELL, (count / most if most else 0.0)
        place = (left, middle - ROW // 2 + 2, left + CELL - 3, middle + ROW // 2 - 3)
        pen.rectangle(place, fill=_tint(share) if count else PALE)
        if count:
            ink = "white" if share > DARK else INK
            _text(pen, (left + (CELL - 3) // 2, middle), str(count), 15, anchor="mm", ink=ink)


def _in_time(pen: "ImageDraw", row: Row, left: int, middle: int) -> None:
    """Green what was in time, orange what was not."""
    if not row.timed:
        return
    met = left + BAR * row.met / row.timed
    top, bottom = middle - 9, middle + 9
    if row.met < row.timed:
        pen.rectangle((met, top, left + BAR, bottom), fill=ORANGE)
    if row.met:
        pen.rectangle((left, top, met, bottom), fill=GREEN)
    _text(pen, (left + BAR + 12, middle), f"{row.met} of {row.timed}", 15, anchor="lm")


def _text(
    pen: "ImageDraw", place: tuple[float, float], text: str, size: int, *, anchor: str = "la", ink: str = INK
) -> None:
    from PIL import ImageFont  # noqa: PLC0415 - as above

    pen.text(place, text, fill=ink, font=ImageFont.load_default(size), anchor=anchor)


def _tint(share: float) -> tuple[int, ...]:
    """Pale blue for few, deep blue for most."""
    depth = 0.15 + 0.85 * share
    return tuple(round(255 - (255 - part) * depth) for part in BLUE)
