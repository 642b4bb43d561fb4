"""`basecamp init`: prepare the embedding model."""

from rich.console import Console

import prompts
from bot.settings import Settings
from core.adapters import known_texts
from core.adapters.embedder import open_embedder
from core.adapters.embedder_export import export
from core.conversation.sorting import CHATTER
from core.rules.intents import sentences


async def init(settings: Settings) -> None:
    """Export the embedding model to ONNX and check it, unless that is done; embed what every start needs."""
    console = Console(stderr=True)
    with console.status("Preparing the embedding model (once, half a minute)…"):
        report = export(settings.model_dir)
        embedder = open_embedder(settings.model_dir)
        texts = [*sentences(prompts.load(name) for name in prompts.names()), *CHATTER]
        known_texts.keep(settings.model_dir, embedder.model, texts, await embedder.embed(texts))
        embedder.close()
    agrees = f"agrees with the reference to a cosine of {report.min_cosine:.6f}"
    console.print(f"{report.model} is ready in {settings.model_dir}; it {agrees}.", highlight=False)
