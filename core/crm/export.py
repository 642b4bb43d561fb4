"""The leads as a spreadsheet, CSV or XLSX, in which no cell is taken for a formula."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.crm.cells import plain
from core.crm.facts import as_words, fact
from core.crm.mapping import FieldMapping
from core.lead import Lead

FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the start of a formula; the last four are the full-width signs."""

CELL_MAX = 32_767
"""Longest text in a cell of a XLSX file, by the format."""


def export_rows(leads: Iterable[Lead], mapping: FieldMapping) -> Iterator[list[str]]:
    """The leads as CSV rows, header first; every cell is safe to open in a spreadsheet."""
    yield [csv_safe(column.field) for column in mapping.columns]
    for lead in leads:
        yield [csv_safe(value) for value in _row(lead, mapping)]


def write_xlsx(leads: Iterable[Lead], mapping: FieldMapping, path: Path) -> None:
    """The leads as a workbook; text is kept as text, numbers as numbers. Raises OSError."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to import, and seldom wanted
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as above
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415 - as above

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return WriteOnlyCell(sheet, value)
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_MAX])
        made.data_type = "s"  # else what begins with = would be a formula
        made.quotePrefix = True  # and it stays none when somebody edits the cell
        return made

    sheet.append([cell(column.field) for column in mapping.columns])
    for lead in leads:
        sheet.append([cell(value) for value in _row(lead, mapping)])
    book.save(path)


def csv_safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe.

    The beginnings are OWASP's for CSV injection: = + - @ tab CR (LF and the full-width signs too), also
    behind spaces. Numbers stay numbers.
    """
    if value is None:
        return ""
    text = str(value)
    risky = isinstance(value, str) and (
        text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA_SIGNS)
    )
    return f"'{text}" if risky else text


def _row(lead: Lead, mapping: FieldMapping) -> Iterator[Any]:
    """The lead's cells; values for which the mapping has words are said in the best of them."""
    for column in mapping.columns:
        found = fact(lead, column.path)
        words = mapping.words.say.get(column.path)
        if found is None:
            yield None
        elif words is not None:
            yield words.get(str(found), (as_words(str(found)),))[0]
        else:
            yield plain(found)
