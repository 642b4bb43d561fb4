"""`basecamp init`: prepare the embedding model."""

from rich.console import Console

from bot.settings import Settings
from core.adapters.embedder_export import export


def init(settings: Settings) -> None:
    """Export the embedding model to ONNX and check it, unless that is done."""
    console = Console(stderr=True)
    with console.status("Preparing the embedding model (once, half a minute)…"):
        report = export(settings.model_dir)
    agrees = f"agrees with the reference to a cosine of {report.min_cosine:.6f}"
    console.print(f"{report.model} is ready in {settings.model_dir}; it {agrees}.", highlight=False)
