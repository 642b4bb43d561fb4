"""`basecamp reindex`: bring the similarity index to what the store says."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.settings import Settings
from core.adapters.chroma import Chroma, open_chroma, wipe
from core.adapters.chroma_calls import BULK_ROWS
from core.adapters.embedder import open_embedder
from core.errors import LeadDeskError
from core.similar.search import Search
from core.store import open_store


async def reindex(settings: Settings, *, anew: bool) -> None:
    """Index what is missing, forget what is surplus; an index that is damaged is emptied first."""
    embedder = open_embedder(settings.model_dir, settings.embedding_model)
    store = await open_store(settings.database)
    # Only now: without what fills it again it is better left as it is.
    index = await _opened(settings.data_dir / "chroma", settings.chroma_url, anew=anew)
    search = Search(store, embedder, index, threshold=0, limit=1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("Indexing", total=await store.leads.count())
            async for done in search.reindex():
                progress.update(task, completed=done)
    finally:
        embedder.close()
        await index.close()
        await store.close()


async def _opened(path: Path, url: str | None, *, anew: bool) -> Chroma:
    if anew:
        await wipe(path, url)
    try:
        return await open_chroma(path, url, rows=BULK_ROWS)
    except LeadDeskError:  # damaged, or made for another distance
        await wipe(path, url)
        return await open_chroma(path, url, rows=BULK_ROWS)
