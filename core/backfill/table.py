"""A file of rows, CSV in any usual dialect or JSON lines, read as a stream: never whole in memory."""

import csv
import io
import json
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import Refused

SERVICE = "Import"

DELIMITERS = (",", ";", "\t", "|")

SAMPLE_ROWS = 200
"""Rows by which columns are guessed."""

_LOOK = 1 << 16
"""Bytes from which the dialect is told."""

_CELL_MAX = 1 << 20
"""Characters of one cell: a quote that is never closed must not swallow the whole file."""

_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
_A_VALUE = re.compile(r"\S+@\S+\.\S+|\+?[\d ()./:-]{6,}")
"""What stands in a row of values and in no header."""


@dataclass(frozen=True)
class Row:
    """One record of the file.

    Attributes:
        line: where it begins, from 1.
        values: column -> what it says; None where the line is no record.
        at: bytes of the file read so far.
    """

    line: int
    values: Mapping[str, Any] | None
    at: int


class Table:
    """The file, its dialect told from its beginning."""

    def __init__(self, path: Path) -> None:
        """Look at the file; raises Refused when it cannot be read or holds nothing."""
        self.path = path
        try:
            self.bytes = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(_LOOK)
            self.encoding = _encoding(path, start)
        except OSError as error:
            raise Refused(SERVICE, f"{path} cannot be read ({error.strerror})") from None
        text = start.decode(self.encoding, "replace")
        if not text.strip():
            raise Refused(SERVICE, f"{path} is empty")
        self.is_json = path.suffix.lower() in _JSON_SUFFIXES or text.lstrip().startswith("{")
        self.delimiter = "" if self.is_json else _delimiter(text)

    def sample(self) -> list[Row]:
        """The first rows."""
        return list(islice(self.rows(), SAMPLE_ROWS))

    def rows(self) -> Iterator[Row]:
        """All rows from the top."""
        with self.path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, errors="replace", newline="")
            yield from self._json_rows(text, raw) if self.is_json else self._csv_rows(text, raw)

    def _json_rows(self, text: io.TextIOWrapper, raw: io.BufferedReader) -> Iterator[Row]:
        # Not by universal newlines: JSON may hold U+2028 and its like as they are.
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            yield Row(number, _flat(said) if isinstance(said, dict) else None, raw.tell())

    def _csv_rows(self, text: io.TextIOWrapper, raw: io.BufferedReader) -> Iterator[Row]:
        csv.field_size_limit(_CELL_MAX)
        reader = csv.reader(text, delimiter=self.delimiter)
        header: list[str] | None = None
        line = 1
        try:
            for cells in reader:
                begins, line = line, reader.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                if header is None:
                    header = _header(cells)
                    if header is not None:
                        continue
                    header = [_nameless(at) for at in range(len(cells))]
                names = header + [_nameless(at) for at in range(len(header), len(cells))]
                yield Row(begins, dict(zip(names, cells, strict=False)), raw.tell())
        except csv.Error as error:
            raise Refused(SERVICE, f"{self.path}, line {line}: is no CSV ({error})") from None


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(BOM_UTF8):
        return "utf-8-sig"
    decoder = getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"  # what Windows writes, and latin-1 but for its control characters
    return "utf-8"


def _delimiter(text: str) -> str:
    """The one that cuts most of the first records into the same number of cells, more than one."""
    lines = text.rsplit("\n", 1)[0] if "\n" in text else text

    def worth(delimiter: str) -> tuple[float, int]:
        try:
            records = list(islice(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter), 100))
        except csv.Error:
            return 0.0, 0
        widths = Counter(len(record) for record in records if record)
        width, same = widths.most_common(1)[0] if widths else (0, 0)
        return (same / widths.total(), width) if width > 1 else (0.0, 0)

    return max(DELIMITERS, key=worth)


def _header(cells: list[str]) -> list[str] | None:
    """The columns' names, each once; None if these are values already."""
    names = [" ".join(cell.split()) for cell in cells]
    if any(_A_VALUE.fullmatch(name) for name in names):
        return None
    seen: Counter[str] = Counter()
    header = []
    for at, name in enumerate(names):
        plain = name or _nameless(at)
        seen[plain] += 1
        header.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return header


def _nameless(at: int) -> str:
    return f"column {at + 1}"


def _flat(said: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested objects as columns: ``{"contact": {"email": …}}`` is the column ``contact.email``."""
    flat: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat
