"""`basecamp import`: old leads from CSV or JSON lines, shown first, then taken in; goes on where it was."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Shown

import prompts
from bot.making import load_weights
from bot.settings import Settings
from core.adapters.chroma import Chroma, open_chroma
from core.adapters.chroma_calls import BULK_ROWS
from core.adapters.embedder import NoEmbedder, open_embedder
from core.backfill import Backfill, Column, Past, Table, guess, read_row
from core.backfill import Progress as Counts
from core.backfill.rows import row_key
from core.errors import InvalidLead, Refused
from core.intake.columns import FIELDS
from core.lead import DeskStatus, utcnow
from core.recognise import Recogniser
from core.similar.search import Search
from core.store import open_store

UNSAID = ("archived", "lost", "won", "rejected", "new")
"""What rows may become that do not say their outcome; new: they are open, and on `/lead list`."""

REFUSALS_SHOWN = 20
SAMPLE_LETTERS = 40


@dataclass(kw_only=True)
class Reading:
    """The file's rows as leads, one pass.

    Attributes:
        source: of leads whose row names none.
        otherwise: the outcome of those whose row plainly says none.
        read: bytes read so far.
        refused: what could not be taken, at most REFUSALS_SHOWN sentences.
        refusals: how many there are.
    """

    table: Table
    columns: Sequence[Column]
    source: str
    otherwise: DeskStatus
    now: datetime = field(default_factory=utcnow)
    read: int = 0
    refused: list[str] = field(default_factory=list)
    refusals: int = 0

    def rows(self) -> Iterator[Past]:
        """All that can be taken; the others are kept in ``refused``."""
        times: dict[int, int] = {}
        business_types = frozenset(prompts.names())
        for row in self.table.rows():
            self.read = row.at
            if row.values is None:
                self._refuse(row.line, "is no JSON object")
                continue
            try:
                past = read_row(
                    row.values,
                    self.columns,
                    key=row_key(row.values, times),
                    line=row.line,
                    source=self.source,
                    now=self.now,
                    business_types=business_types,
                    otherwise=self.otherwise,
                )
            except InvalidLead as error:
                self._refuse(row.line, f"{error.field} {error.why}")
            else:
                yield past

    def _refuse(self, line: int, why: str) -> None:
        self.refusals += 1
        if len(self.refused) < REFUSALS_SHOWN:
            self.refused.append(f"line {line}: {why}")


async def import_leads(
    settings: Settings,
    file: Path,
    *,
    dry_run: bool,
    business_type: str | None,
    source: str,
    outcome: str,
    said: Sequence[str],
    yes: bool,
) -> None:
    """Show what each column is taken for, then take the rows in (or only count them)."""
    console = Console(stderr=True)
    table = Table(file)
    rows = [row.values for row in table.sample() if row.values is not None]
    columns = guess(
        rows,
        region=settings.phone_region,
        business_types=frozenset(prompts.names()),
        said=_said(said, {name for row in rows for name in row}),
    )
    _show(console, table, columns)
    if not any(column.field == "message" for column in columns):
        raise Refused("Import", 'no column holds the messages; name it with --map "Column=message"')
    if outcome not in UNSAID:
        raise Refused("Import", f"--outcome is not one of {', '.join(UNSAID)}")
    console.print(f"Rows that do not plainly say their outcome become {outcome}.", highlight=False)
    reading = Reading(table=table, columns=columns, source=source, otherwise=DeskStatus(outcome))
    business_type = business_type or settings.business_type
    if business_type not in prompts.names():
        raise Refused("Import", f"--business-type is not one of {', '.join(prompts.names())}")
    if dry_run:
        await _count(settings, reading, business_type, console)
        return
    if not yes:
        if not sys.stdin.isatty():
            raise Refused("Import", "nothing was written; look at the columns and run it again with --yes")
        if not typer.confirm("Take these leads in?", err=True):
            return
    async with _backfill(settings, file, business_type) as backfill:
        await _take(backfill, reading, console, "Importing")


async def _count(settings: Settings, reading: Reading, business_type: str, console: Console) -> None:
    """The same in a store that is thrown away, without the embedding, which takes most of the time."""
    with TemporaryDirectory(prefix="basecamp-import-") as folder:
        store = await open_store(f"sqlite:///{folder}/basecamp.db")
        index = Chroma(Path(folder) / "chroma", None)
        nothing = NoEmbedder(Refused("Import", "a dry run embeds nothing"))
        try:
            backfill = Backfill(
                store=store,
                recogniser=Recogniser(
                    store=store,
                    search=Search(store, nothing, index, threshold=1, limit=1),
                    region=settings.phone_region,
                    weights=load_weights(settings),
                ),
                desk="",
                business_type=business_type,
                file=reading.table.path.name,
                embed=False,
            )
            await _take(backfill, reading, console, "Counting")
        finally:
            await index.close()
            await store.close()
    console.print("Nothing was written. Duplicates were told by contact and words alone.", highlight=False)


@asynccontextmanager
async def _backfill(settings: Settings, file: Path, business_type: str) -> AsyncIterator[Backfill]:
    embedder = await asyncio.to_thread(open_embedder, settings.model_dir, settings.embedding_model)
    store = await open_store(settings.database)
    index = None
    try:
        index = await open_chroma(settings.data_dir / "chroma", settings.chroma_url, rows=BULK_ROWS)
        search = Search(store, embedder, index, threshold=settings.lead_similarity_threshold, limit=1)
        yield Backfill(
            store=store,
            recogniser=Recogniser(
                store=store, search=search, region=settings.phone_region, weights=load_weights(settings)
            ),
            desk=settings.slack_desk_channel or "",
            business_type=business_type,
            file=file.name,
        )
        await search.close()
    finally:
        if index is not None:
            await index.close()
        await store.close()
        embedder.close()


async def _take(backfill: Backfill, reading: Reading, console: Console, what: str) -> None:
    counts = Counts()
    started = utcnow()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rate]:.0f} leads/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=reading.table.bytes, rate=0.0)
        async for batch in backfill.take(reading.rows()):
            counts += batch
            rate = counts.taken / max(1e-3, (utcnow() - started).total_seconds())
            progress.update(task, completed=reading.read, rate=rate)
        progress.update(task, completed=reading.table.bytes)
    seconds = max(1e-3, (utcnow() - started).total_seconds())
    found = f"{counts.duplicates:,} an earlier request again, {counts.repeats:,} a known person's new one"
    lines = [
        f"{counts.taken:,} leads taken, {counts.taken / seconds:.0f} a second",
        f"  of these {found}, {counts.unsure:,} unclear",
        f"{counts.known:,} rows were leads already",
        f"{reading.refusals:,} rows refused",
        *(f"  {why}" for why in reading.refused),
    ]
    if reading.refusals > len(reading.refused):
        lines.append(f"  … and {reading.refusals - len(reading.refused):,} more")
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)


def _said(options: Sequence[str], names: set[str]) -> Mapping[str, str | None]:
    """What --map says: column -> field, or None for a custom field."""
    said: dict[str, str | None] = {}
    for option in options:
        name, _, target = (part.strip() for part in option.rpartition("="))
        if name not in names:
            raise Refused("Import", f"--map: there is no column {name or option!r}")
        if target not in {*FIELDS, "custom"}:
            raise Refused("Import", f"--map: {target!r} is not one of {', '.join(FIELDS)}, custom")
        said[name] = None if target == "custom" else target
    return said


def _show(console: Console, table: Table, columns: Sequence[Column]) -> None:
    dialect = "JSON lines" if table.is_json else f"CSV, cut at {table.delimiter!r}"
    shown = Shown(title=f"{escape(table.path.name)}: {dialect}, {table.encoding}", title_justify="left")
    for heading in ("column", "becomes", "values"):
        shown.add_column(heading)
    for column in columns:
        field_name = column.field or "custom field"
        form = f" ({column.form})" if column.form else ""
        samples = ", ".join(_short(sample) for sample in column.samples)
        shown.add_row(escape(_short(column.name)), escape(field_name + form), escape(samples))
    console.print(shown)


def _short(text: str) -> str:
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= SAMPLE_LETTERS else plain[: SAMPLE_LETTERS - 1] + "…"
