"""Old leads from a file: columns guessed, rows read, stored many at once and recognised like live ones."""

from core.backfill.load import Backfill, Progress
from core.backfill.rows import Past, read_row
from core.backfill.table import Row, Table
from core.intake.columns import OUTCOMES, Column, guess

__all__ = ["OUTCOMES", "Backfill", "Column", "Past", "Progress", "Row", "Table", "guess", "read_row"]
