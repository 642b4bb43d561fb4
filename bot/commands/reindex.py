"""`basecamp reindex`: rebuild the similarity index from the store."""

from rich.console import Console
from rich.progress import Progress

from bot.settings import Settings
from core.adapters.chroma import open_chroma, wipe
from core.adapters.embedder import open_embedder
from core.search import Search
from core.store import open_store


async def reindex(settings: Settings) -> None:
    """Empty the index and fill it again."""
    place = (settings.data_dir / "chroma", settings.chroma_url)
    embedder = open_embedder(settings.model_dir, settings.embedding_model)
    store = await open_store(settings.database)
    await wipe(*place)  # only now: without what fills it again it is better left as it is
    index = await open_chroma(*place)
    search = Search(store, embedder, index, threshold=0, limit=1)
    try:
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Indexing", total=await store.leads.count())
            async for done in search.reindex():
                progress.update(task, completed=done)
    finally:
        embedder.close()
        await index.close()
        await store.close()
