"""`basecamp init`: prepare the embedding model."""

from rich.console import Console

from bot.settings import Settings
from core.adapters.embedder_export import export


def init(settings: Settings) -> None:
    """Export the embedding model to ONNX and check it, unless that is done."""
    console = Console(stderr=True)
    with console.status("Preparing the embedding model (once, half a minute)…"):
        report = export(settings.model_dir)
    console.print(str(report))
