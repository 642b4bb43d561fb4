"""`basecamp reindex`: rebuild the similarity index from the store."""

from core.adapters.chroma import open_chroma
from rich.console import Console
from rich.progress import Progress

from bot.settings import Settings
from core.adapters.embedder import open_embedder
from core.search import Search
from core.store import open_store


async def reindex(settings: Settings) -> None:
    """Empty the index and fill it again; the bot may be running."""
    store = await open_store(settings.database)
    index = await open_chroma(settings.data_dir / "chroma", settings.chroma_url)
    embedder = await open_embedder(settings.model_dir, settings.embedding_model)
    search = Search(store, embedder, index, threshold=0, limit=1)
    try:
        await index.wipe()
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Indexing", total=await store.leads.count())
            async for done in search.reindex():
                progress.update(task, completed=done)
    finally:
        await index.close()
        await store.close()
