"""`basecamp prompts …`: the business types' files."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import settings

app = typer.Typer(help="The business types.", no_args_is_help=True)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="One file; default: every business type.")] = None,
) -> None:
    """Check business types' files, and say what each mistake is and where."""
    from bot.commands import prompts_check as command  # noqa: PLC0415 - heavy

    command.check(settings(), file)
